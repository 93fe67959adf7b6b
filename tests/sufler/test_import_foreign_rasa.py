"""Another team's Rasa project is imported through the command line."""

from collections import Counter
from pathlib import Path

import pytest

from kb_index import Article
from tests.command_line import run_well
from tests.kb_index.foreign_project import FOREIGN_PROJECT, RETRIEVAL_INTENTS
from tests.sufler.test_import_rasa import articles, configure, import_project

pytestmark = pytest.mark.slow

KEPT = {
    "chitchat/joke": ("unanswered", "utter_chitchat/joke"),  # a sticker is no text
    "chitchat/compliment": ("fields", "patient"),
    "faq/tests_ready": ("story", "utter_faq/tests_ready"),  # another answer for the insured
    "loyalty/points": ("action", "action_count_loyalty_question"),
    "loyalty/card": ("action", "action_count_loyalty_question"),
    "affirm": ("slot", "newcomer"),
    "deny": ("slot", "newcomer"),
    "inform": ("slot", "certificate_kind"),
    "price_list": ("fields", "price_url"),
    "my_name": ("fields", "patient"),
    "discount_student": ("story", "utter_discount"),  # conditional
    "complain": ("story", ""),  # two stories, two answers
    "start_again": ("story", ""),  # only at the beginning of a conversation
    "book_visit": ("form", "visit_form"),
    "order_certificate": ("form", "certificate_form"),
    "my_visits": ("action", "action_list_visits"),
    "out_of_scope": ("out_of_scope", ""),
    "doctor_joke": ("no_examples", ""),  # of the domain only
}
COUNTS = {
    "forms": 2,
    "slots": 6,
    "entities": 5,
    "actions": 6,
    "lookups": 2,
    "synonyms": 2,
    "regexes": 2,
    "rules": 22,
    "stories": 7,
    "responses": 19,
}
ONLY_THE_TEXT = "of the response {} only the text is taken"
ONLY_ONE = "the response {} has several variants, only one is imported"
WARNINGS = [
    ONLY_ONE.format("utter_chitchat/ask_age"),
    ONLY_THE_TEXT.format("utter_chitchat/weather"),
    ONLY_THE_TEXT.format("utter_faq/address"),
    ONLY_ONE.format("utter_faq/address"),
    ONLY_ONE.format("utter_faq/children"),
    ONLY_THE_TEXT.format("utter_faq/home_visit"),
    ONLY_THE_TEXT.format("utter_product/ultrasound"),
    ONLY_THE_TEXT.format("utter_greet"),
    ONLY_ONE.format("utter_greet"),
    ONLY_ONE.format("utter_parking"),
    "of the response utter_telegram_only the variant for Telegram is taken",
]


def article(
    id_: str, answer: str, question: str, *phrasings: str, topic: str = "", language: str = "ru"
) -> Article:
    return Article(
        id=id_,
        topic=topic or id_.partition("/")[0],
        question=question,
        phrasings=phrasings,
        answer=answer,
        language=language,
    )


# One for each oddity of the project; the others are like them.
SOME = [
    article("chitchat/ask_age", "Я моложе самой молодой липы в нашем саду.", "сколько тебе лет"),
    article(  # entities in two notations; the answer stands beside the examples
        "faq/address",
        "Липовая аллея, 1; вход со двора.",
        "где вы находитесь?",
        "какой у вас адрес",
        "как добраться из Осиновки",
    ),
    article(  # an example that comes twice
        "faq/payment", "Картой, наличными или переводом.", "как можно заплатить", "картой можно?"
    ),
    article(  # the same answer, by an alias
        "faq/refund", "Картой, наличными или переводом.", "верните деньги за приём", "как вернуть оплату"
    ),
    article(  # a folded text
        "faq/before_blood_test",
        "Приходите натощак: воду пить можно.",
        "можно ли есть перед анализом крови",
        "сдавать кровь натощак?",
    ),
    article(  # the variant for every channel
        "faq/children",
        "С трёх лет, вместе с родителем.",
        "с какого возраста принимаете детей",
        "можно с ребёнком?",
    ),
    article(  # a question of two lines
        "faq/second_opinion",
        "Да. Возьмите с собой выписку.",
        "Мне поставили диагноз в другой клинике.\nМожно ли получить второе мнение?",
        "хочу второе мнение",
    ),
    article(
        "faq/english",
        "Yes: ask for Dr. Ash, she is in on Mondays.",
        "does anybody speak English?",
        "do you have English-speaking doctors",
        language="en",
    ),
    article(  # from a file with a byte-order mark; a list in the answer
        "product/checkup",
        "В чекап входят:\n\n- анализ крови;\n- ЭКГ;\n- приём терапевта.",
        "что входит в чекап",
        "полное обследование",
    ),
    article(  # a mapping that is merged in, and a checkpoint after the answer
        "greet",
        "Здравствуйте, это клиника «Липа»!",
        "привет",
        "здравствуйте",
        "Hello",
        "доброе утро",
        topic="small_talk",
    ),
    article(  # examples with metadata, one of them of two lines; asked in the middle of a form, too
        "opening_hours",
        "Мы открыты по будням с 8 до 20, в субботу с 9 до 15.\nВ воскресенье отдыхаем.",
        "во сколько вы открываетесь",
        "Добрый день! Подскажите часы работы.",
        "when are you open?",
        "до скольки вы работаете",
        topic="general",
    ),
    article(  # what a customer says next, in words instead of an intent, is not part of the answer
        "emergency",
        "Call 112 at once.\nDo not wait for an answer here.",
        "somebody is bleeding badly",
        "he does not breathe",
        topic="general",
        language="en",
    ),
]


def test_a_dry_run_says_what_would_go_where_and_why(tmp_path: Path) -> None:
    report = import_project(FOREIGN_PROJECT, configure(tmp_path), "--dry-run")
    assert {kept["intent"]: (kept["reason"], kept["detail"]) for kept in report["kept"]} == KEPT
    assert report["counts"] == COUNTS
    assert [warning.partition(": ")[2] for warning in report["warnings"]] == WARNINGS
    topics = Counter(candidate["topic"] for candidate in report["articles"])
    assert topics == {"faq": 14, "product": 9, "chitchat": 5, "small_talk": 3, "general": 4}
    retrieval = {candidate["intent"] for candidate in report["articles"]} | KEPT.keys()
    assert sum("/" in intent for intent in retrieval) == RETRIEVAL_INTENTS
    assert (report["added"], report["changed"], report["unchanged"]) == (0, 0, 0)
    assert not (tmp_path / "data").exists()


def test_import_export_and_import_lose_nothing(tmp_path: Path) -> None:
    config = configure(tmp_path)
    report = import_project(FOREIGN_PROJECT, config)
    assert report["added"] == len(report["articles"]) == 35
    base = articles(config, tmp_path)
    by_id = {article.id: article for article in base}
    assert [by_id[article.id] for article in SOME] == SOME

    exported = tmp_path / "exported"
    run_well("kb", "export", str(exported), "--format", "rasa", "--config", config)
    again = import_project(exported, config)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 35)
    assert (again["kept"], again["warnings"]) == ([], [])

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = configure(elsewhere)
    assert import_project(exported, other)["added"] == 35
    assert articles(other, elsewhere) == base


def test_the_report_for_people_has_one_line_for_an_intent(tmp_path: Path) -> None:
    lines = run_well(
        "import-rasa", str(FOREIGN_PROJECT), "--dry-run", "--config", configure(tmp_path)
    ).splitlines()
    assert len(lines) == len(WARNINGS) + 1 + 35 + 1 + len(KEPT) + 1
    assert "  faq: Мне поставили диагноз в другой клинике. Можно ли получить второе мнени" in lines
    assert "  faq/tests_ready: what follows depends on the conversation (utter_faq/tests_ready)" in lines

"""The knowledge base in a Rasa project is separated from its dialogues."""

from pathlib import Path

import pytest

from kb_index.errors import BadFile
from kb_index.formats.rasa_project import KeepReason, KeptIntent, RasaProject, read_project

NLU = """
nlu:
- {intent: greet, examples: "- привет\\n- hi"}
- {intent: hours, examples: "- когда вы открыты?"}
- {intent: faq/price, examples: "- сколько стоит?\\n- почём"}
- {intent: faq/nowhere, examples: "- где?"}
- {intent: pay, examples: "- оплатить"}
- {intent: balance, examples: "- сколько у меня"}
- {intent: yes, examples: "- да"}
- {intent: inform, examples: "- 100"}
- {intent: named, examples: "- зовут"}
- {intent: mood, examples: "- так себе"}
- {intent: silent, examples: ""}
- {intent: out_of_scope, examples: "- погода"}
- {lookup: city, examples: "- Омск"}
- {synonym: Питер, examples: "- СПб"}
- {regex: number, examples: "- [0-9]+"}
"""
DOMAIN = """
intents: [greet, hours, faq, {pay: {use_entities: []}}, undescribed]
entities: [city, number]
slots:
  amount: {type: text, mappings: [{type: from_text, intent: inform}, {type: from_entity, entity: number}]}
forms: {pay_form: {required_slots: [amount]}}
actions: [action_balance]
responses:
  utter_greet: [{text: Здравствуйте!, buttons: [{title: Меню, payload: /menu}]}]
  utter_menu: [{text: Вот что я умею.}]
  utter_hours: [{text: С девяти до шести.}]
  utter_faq/price: [{text: Сто рублей.}, {text: Сотня.}]
  utter_named: [{text: "Приятно, {name}! Это {shop_name}."}]
  utter_ask_amount: [{text: Сколько?}]
  utter_good: [{text: Отлично.}]
  utter_bad: [{text: Жаль.}]
  utter_silent: [{text: Тихо.}]
"""
STEPS = """
rules:
- {rule: greet, steps: [{intent: greet}, {action: utter_greet}, {action: utter_menu}]}
- {rule: pay, steps: [{intent: pay}, {action: pay_form}, {active_loop: pay_form}]}
- rule: hours in the form
  condition: [{active_loop: pay_form}]
  steps: [{intent: hours}, {action: utter_bad}]
- {rule: named, steps: [{intent: named}, {action: utter_named}]}
- {rule: silent, steps: [{intent: silent}, {action: utter_silent}]}
stories:
- story: hours
  steps:
  - intent: greet
  - action: utter_greet
  - action: utter_menu
  - intent: hours
  - action: utter_hours
- {story: hours at once, steps: [{intent: hours}, {action: utter_hours}, {action: action_listen}]}
- {story: balance, steps: [{or: [{intent: balance}, {intent: pay}]}, {action: action_balance}]}
- story: good
  steps: [{intent: greet}, {action: utter_greet}, {action: utter_menu}, {intent: yes}, {action: utter_good}]
- {story: up, steps: [{intent: mood}, {action: utter_good}]}
- {story: down, steps: [{intent: mood}, {action: utter_bad}]}
"""


def project(folder: Path, **files: str) -> RasaProject:
    for name, text in ({"nlu": NLU, "domain": DOMAIN, "steps": STEPS} | files).items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return read_project(folder, known_fields={"shop_name"})


def test_what_one_answer_follows_is_an_article(tmp_path: Path) -> None:
    found = project(tmp_path)
    greet, hours, price = found.articles
    assert (greet.question, greet.phrasings, greet.topic) == ("привет", ("hi",), "small_talk")
    assert greet.answer == "Здравствуйте!\n\nВот что я умею."
    assert (hours.id, hours.topic, hours.answer) == ("hours", "general", "С девяти до шести.")
    assert (price.id, price.topic, price.answer) == ("faq/price", "faq", "Сто рублей.")
    assert found.moved == {"greet": "greet", "hours": "hours", "faq/price": "faq/price"}


def test_the_rest_stays_rasas_and_the_report_says_why(tmp_path: Path) -> None:
    found = project(tmp_path)
    assert found.kept == (
        KeptIntent(intent="faq/nowhere", reason=KeepReason.UNANSWERED),
        KeptIntent(intent="pay", reason=KeepReason.ACTION, detail="action_balance"),
        KeptIntent(intent="balance", reason=KeepReason.ACTION, detail="action_balance"),
        KeptIntent(intent="yes", reason=KeepReason.STORY),
        KeptIntent(intent="inform", reason=KeepReason.SLOT, detail="amount"),
        KeptIntent(intent="named", reason=KeepReason.FIELDS, detail="name"),
        KeptIntent(intent="mood", reason=KeepReason.STORY),
        KeptIntent(intent="silent", reason=KeepReason.NO_EXAMPLES),
        KeptIntent(intent="out_of_scope", reason=KeepReason.OUT_OF_SCOPE),
        KeptIntent(intent="undescribed", reason=KeepReason.NO_EXAMPLES),
    )
    assert found.counts == {
        "forms": 1,
        "slots": 1,
        "entities": 2,
        "actions": 1,
        "lookups": 1,
        "synonyms": 1,
        "regexes": 1,
        "rules": 5,
        "stories": 6,
        "responses": 5,
    }
    assert [warning.partition(": ")[2] for warning in found.warnings] == [
        "of the response utter_greet only the text is taken",
        "the response utter_faq/price has several variants, only one is imported",
    ]


def test_a_form_is_named(tmp_path: Path) -> None:
    found = project(
        tmp_path, steps=STEPS.replace("{intent: pay}]}, {action: action", "{intent: x}]}, {action: action")
    )
    assert KeptIntent(intent="pay", reason=KeepReason.FORM, detail="pay_form") in found.kept


def test_an_intent_that_nobody_mentions_is_answered_by_the_response_of_its_name(tmp_path: Path) -> None:
    found = project(tmp_path, steps="stories: []")
    assert {"greet", "hours", "silent"} & found.moved.keys() == {"greet", "hours"}


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"nlu": "nlu: []"}, "contains no intent with examples"),
        ({"more": "responses: {utter_hours: [{text: x}]}"}, "utter_hours is defined twice"),
        ({"nlu": "nlu: ["}, "is not valid YAML"),
        ({"steps": "rules: 5\nstories: [5, {story: x, steps: 5}]", "nlu": "nlu: []"}, "contains no intent"),
    ],
)
def test_bad_projects(tmp_path: Path, files: dict[str, str], problem: str) -> None:
    with pytest.raises(BadFile, match=problem):
        project(tmp_path, **files)


def test_odd_steps_are_passed_over(tmp_path: Path) -> None:
    steps = (
        "rules: 5\nstories: [5, {story: x, steps: [7, {intent: 5}, {or: 3}, {active_loop: []}]}, {story: y}]"
    )
    assert "hours" in project(tmp_path, steps=steps).moved


CONDITIONAL = """
rules:
- {rule: a, condition: [{slot_was_set: [{logged_in: true}]}], steps: [{intent: greet}, {action: utter_menu}]}
- {rule: b, steps: [{intent: hours, entities: [{city: Omsk}]}, {action: utter_hours}]}
stories:
- {story: c, steps: [{intent: mood}, {slot_was_set: [{amount: "5"}]}, {action: utter_good}]}
- {story: d, steps: [{intent: yes}, {action: utter_vip}]}
- {story: e, steps: [{intent: balance}, {action: utter_picture}]}
"""
VARIANTS = """
responses:
  utter_vip: [{text: Дорогой клиент!, condition: [{type: slot, name: amount, value: "5"}]}]
  utter_picture: [{image: "https://shop.example/a.png"}]
"""


def test_what_holds_only_sometimes_stays_rasas(tmp_path: Path) -> None:
    found = project(tmp_path, steps=CONDITIONAL, variants=VARIANTS)
    reasons = {kept.intent: (kept.reason, kept.detail) for kept in found.kept}
    assert reasons["greet"] == reasons["hours"] == reasons["mood"] == (KeepReason.STORY, "")
    assert reasons["yes"] == (KeepReason.STORY, "utter_vip")
    assert reasons["balance"] == (KeepReason.UNANSWERED, "utter_picture")


def test_small_talk_is_told_by_words_not_by_letters(tmp_path: Path) -> None:
    names = ("shipping_cost", "goods_return", "ask_how_are_you", "say-thanks", "username")
    nlu = "nlu:" + "".join(f'\n- {{intent: {name}, examples: "- {name}?"}}' for name in names)
    domain = "responses:" + "".join(f"\n  utter_{name}: [{{text: {name}}}]" for name in names)
    found = project(tmp_path, nlu=nlu, domain=domain, steps="")
    assert [article.topic for article in found.articles] == [
        "general",
        "general",
        "small_talk",
        "small_talk",
        "general",
    ]


def test_what_lies_beside_the_project_is_not_read(tmp_path: Path) -> None:
    for folder in ("venv/lib", "node_modules", "tests", ".git"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "domain.yml").write_text("responses: {utter_greet: {{ x }}", encoding="utf-8")
    (tmp_path / "test_stories.yml").write_text("stories: [{{ x }}]", encoding="utf-8")
    assert len(project(tmp_path).articles) == 3


IN_THE_WILD = """
rules:
- rule: pay
  condition: [{active_loop: null}]
  steps: [{intent: pay}, {action: pay_form}, {active_loop: pay_form}]
- rule: over
  condition: [{active_loop: pay_form}]
  steps: [{action: pay_form}, {active_loop: null}, {intent: balance}, {action: action_balance}]
- {rule: b, wait_for_user_input: false, steps: [{intent: mood}, {action: utter_good}]}
- {rule: c, conversation_start: true, steps: [{intent: yes}, {action: utter_good}]}
- {rule: d, steps: [{intent: faq}, {action: action_count}, {action: utter_faq}]}
stories:
- story: words of its own
  steps: [{intent: hours}, {action: utter_hours}, {user: "и всё?"}, {bot: "Всё."}]
- {story: bot, steps: [{intent: named}, {bot: "Очень приятно."}]}
- {story: on, steps: [{intent: greet}, {action: utter_greet}, {checkpoint: greeted}]}
- {story: and on, steps: [{checkpoint: greeted}, {intent: hours}, {action: utter_hours}]}
- {story: goes, steps: [{intent: inform}, {action: utter_good}, {checkpoint: informed}]}
- {story: by itself, steps: [{checkpoint: informed}, {action: utter_menu}]}
"""


def test_steps_as_they_are_written_in_the_wild(tmp_path: Path) -> None:
    domain = DOMAIN.replace("intent: inform}", "intent: silent}")
    found = project(tmp_path, steps=IN_THE_WILD, domain=domain)
    reasons = {kept.intent: (kept.reason, kept.detail) for kept in found.kept}
    assert reasons["pay"] == (KeepReason.FORM, "pay_form")  # null is no form
    assert reasons["balance"] == (KeepReason.ACTION, "action_balance")
    assert reasons["faq/price"] == (KeepReason.ACTION, "action_count")
    assert (
        reasons["mood"] == reasons["yes"] == reasons["named"] == reasons["inform"] == (KeepReason.STORY, "")
    )
    assert found.moved.keys() == {"greet", "hours"}


def test_a_project_that_has_moved_in_already_still_holds_its_articles(tmp_path: Path) -> None:
    steps = "rules: [{rule: a, steps: [{intent: faq}, {action: action_answer_faq}]}]"
    assert "faq/price" in project(tmp_path, steps=steps).moved


def test_a_retrieval_intent_with_another_answer_for_some_stays_rasas(tmp_path: Path) -> None:
    vip = "[{text: Даром., condition: [{type: slot, name: vip, value: true}]}, {text: Сто рублей.}]"
    domain = DOMAIN.replace("[{text: Сто рублей.}, {text: Сотня.}]", vip)
    kept = KeptIntent(intent="faq/price", reason=KeepReason.STORY, detail="utter_faq/price")
    assert kept in project(tmp_path, domain=domain).kept


def test_what_is_not_written_for_rasa_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "chart.yaml").write_text("{{- if .Values.bot }}\nkind: Deployment\n", encoding="utf-8")
    assert len(project(tmp_path).articles) == 3

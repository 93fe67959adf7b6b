"""Of a folder, what Rasa itself would load is read, in the formats of Rasa 3 and of Rasa 1."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from kb_index.errors import BadFile
from kb_index.formats.rasa_project import KeepReason, RasaProject, read_project

NLU = "nlu: [{intent: hours, examples: '- когда открыты'}, {intent: faq/gift, examples: '- упакуете?'}]\n"
DOMAIN = "responses: {utter_hours: [{text: С девяти.}], utter_faq/gift: [{text: Да.}]}\n"
RULES = "rules: [{rule: faq, steps: [{intent: faq}, {action: utter_faq}]}]\n"
OTHER = "responses: {utter_hours: [{text: Позже.}]}\nnlu: [{intent: other, examples: '- другое'}]\n"
PROJECT = {"domain.yml": DOMAIN, "data/nlu.yml": NLU, "data/rules.yml": RULES}


def project(folder: Path, files: Mapping[str, str], **options: object) -> RasaProject:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return read_project(folder, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "beside",
    [
        {"old/bot/domain.yml": OTHER},
        {"models/current/domain.yml": OTHER, "backup.yml": OTHER},
        {"domain/more.yml": OTHER},  # Rasa takes domain.yml where there is one
    ],
)
def test_what_rasa_would_not_load_is_left_out_and_told(tmp_path: Path, beside: dict[str, str]) -> None:
    found = project(tmp_path, PROJECT | beside)
    assert [article.answer for article in found.articles] == ["С девяти.", "Да."]
    (warning,) = found.warnings
    assert all(name in warning for name in beside)


def test_a_folder_of_training_data_without_the_bot_in_it(tmp_path: Path) -> None:
    files = {"nlu.yml": NLU, "domain.yml": DOMAIN, "flows/rules.yml": RULES, "demo/domain.yml": OTHER}
    assert project(tmp_path, files).moved.keys() == {"hours", "faq/gift"}


def test_the_only_project_in_a_folder_is_found_and_several_are_named(tmp_path: Path) -> None:
    found = project(tmp_path, {f"bot/{name}": text for name, text in PROJECT.items()} | {"web/a.yml": "x: 1"})
    assert found.moved.keys() == {"hours", "faq/gift"}
    assert "the project is in bot" in found.warnings[0]
    with pytest.raises(BadFile, match="several Rasa projects: give one of these folders: bot, second"):
        project(tmp_path, {"second/domain.yml": OTHER})


def test_paths_as_for_rasa_train(tmp_path: Path) -> None:
    files = {
        "core/domain.yml": DOMAIN,
        "training/nlu.yml": NLU,
        "data/nlu.yml": OTHER,
        "a.yml": DOMAIN,
        "b.yml": OTHER,
    }
    with pytest.raises(BadFile, match=r"choose with --domain: a\.yml, b\.yml"):
        project(tmp_path, files)
    found = project(tmp_path, files, domain=[Path("core/domain.yml")], data=[tmp_path / "training"])
    assert found.moved.keys() == {"hours", "faq/gift"}
    with pytest.raises(BadFile, match="does not exist"):
        project(tmp_path, files, data=[Path("nowhere")])


def test_projects_that_the_config_imports(tmp_path: Path) -> None:
    files = PROJECT | {
        "config.yml": "importers: [{name: MultiProjectImporter}]\nimports: [skills/pay, ../outside]\n",
        "skills/pay/domain.yml": "responses: {utter_pay: [{text: Картой.}]}",
        "skills/pay/data/nlu.yml": "nlu: [{intent: pay, examples: '- чем платить'}]",
    }
    assert "pay" in project(tmp_path, files).moved


def test_both_places_of_a_name_are_told(tmp_path: Path) -> None:
    again = (
        "version: '3.1'\nresponses:\n  utter_other:\n  - text: Другое.\n  utter_hours:\n  - text: Позже.\n"
    )
    with pytest.raises(BadFile) as caught:
        project(tmp_path, PROJECT | {"data/again.yml": again})
    message = str(caught.value)
    assert f"{tmp_path / 'domain.yml'}, row 1" in message or f"{tmp_path / 'domain.yml'}, row 1:" in message
    assert f"{tmp_path / 'data' / 'again.yml'}, row 5" in message
    with pytest.raises(BadFile, match=r"row 4: the key 'utter_a' comes twice, first in row 2"):
        project(
            tmp_path / "b", PROJECT | {"domain.yml": "responses:\n  utter_a:\n  - text: x\n  utter_a: []\n"}
        )


NLU_MD = """<!-- made by hand -->
## intent:hours
- когда открыты
* часы [работы](what) <!-- entity -->

## intent: faq/gift
- упакуете в подарок?

## intent:order
- заказать

## intent:bye
- пока

## synonym:Питер
- СПб

## lookup:city
data/cities.txt
"""
STORIES_MD = """## a story <!-- of hours -->
*hours{"what": "работы"}
  - utter_hours
  - slot{"asked": "hours"}

## gift
* faq
  - respond_faq

## order
* order
  - order_form
  - form{"name": "order_form"}
  - form{"name": null}
> ordered

## bye or hours
* bye OR hours
  - utter_hours
"""
RESPONSES_MD = """## gift wrap
* faq/gift
  - Да, за 100 рублей.
"""
OLD_DOMAIN = """
intents: [hours, faq, order, bye: {triggers: utter_bye}]
forms: [order_form]
templates:
  utter_hours:
  - text: С девяти.
  utter_bye:
  - text: Пока!
"""


def test_the_markdown_of_rasa_1(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        {
            "domain.yml": OLD_DOMAIN,
            "data/nlu.md": NLU_MD,
            "data/stories.md": STORIES_MD,
            "data/responses.md": RESPONSES_MD,
            "data/README.md": "## How\n* run\n- train\n",
        },
    )
    hours, gift = found.articles
    assert (hours.question, hours.phrasings, hours.answer) == ("когда открыты", ("часы работы",), "С девяти.")
    assert (gift.id, gift.topic, gift.answer) == ("faq/gift", "faq", "Да, за 100 рублей.")
    assert {kept.intent: kept.reason for kept in found.kept} == {
        "order": KeepReason.FORM,
        "bye": KeepReason.STORY,  # its trigger says one thing and a story another
    }
    assert (found.counts["synonyms"], found.counts["lookups"]) == (1, 1)
    assert "is Rasa 1's Markdown (3 files in all)" in found.warnings[0]
    assert "rasa data convert nlu -f yaml" in found.warnings[0]


def test_the_json_of_rasa_1(tmp_path: Path) -> None:
    examples = [
        {"text": "когда открыты", "intent": "hours", "entities": []},
        {"text": "часы", "intent": "hours"},
        5,
    ]
    data = {"rasa_nlu_data": {"common_examples": examples, "entity_synonyms": [{"value": "Питер"}]}}
    found = project(
        tmp_path, {"domain.yml": DOMAIN, "data/nlu.json": json.dumps(data), "data/cities.json": '["Омск"]'}
    )
    assert [(article.question, article.phrasings) for article in found.articles] == [
        ("когда открыты", ("часы",))
    ]
    assert "Rasa 1's JSON" in found.warnings[0]
    with pytest.raises(BadFile, match=r"nlu\.json, row 1: is not valid JSON"):
        project(tmp_path, {"data/nlu.json": '{"rasa_nlu_data": '})


CHANNELS = """
responses:
  utter_hours: [{text: "9:00–21:00", channel: facebook}, {text: С 9 до 21., channel: telegram}]
  utter_faq/gift: [{text: Yes., channel: slack}, {text: Oui., channel: facebook}]
  utter_faq/both: [{text: Тг., channel: telegram}, {text: Всем.}]
"""


def test_answers_by_channel(tmp_path: Path) -> None:
    nlu = NLU.replace("]\n", ", {intent: faq/both, examples: '- оба'}]\n")
    found = project(tmp_path, PROJECT | {"domain.yml": CHANNELS, "data/nlu.yml": nlu})
    assert {article.id: article.answer for article in found.articles} == {
        "hours": "С 9 до 21.",
        "faq/both": "Всем.",
    }
    (kept,) = found.kept
    assert (kept.reason, kept.detail) == (KeepReason.CHANNEL, "utter_faq/gift: slack, facebook")
    assert any("utter_hours the variant for Telegram is taken" in warning for warning in found.warnings)


BOOKKEEPING = """
rules:
- {rule: faq, steps: [{intent: faq}, {action: utter_faq}, {action: action_log}, {action: action_listen}]}
- {rule: hours, steps: [{intent: hours}, {action: utter_hours}, {slot_was_set: [{asked: hours}]}]}
"""


def test_an_answer_beside_bookkeeping_can_be_taken_over(tmp_path: Path) -> None:
    files = PROJECT | {"data/rules.yml": BOOKKEEPING}
    found = project(tmp_path, files)
    assert found.moved.keys() == {"hours"}  # a slot after the answer changes nothing
    (kept,) = found.kept
    assert (kept.intent, kept.reason, kept.detail) == ("faq/gift", KeepReason.ACTION, "action_log")
    assert (kept.answer, kept.ignore) == ("utter_faq/gift", ("action_log",))
    assert project(tmp_path, files, ignored=["action_log"]).moved.keys() == {"hours", "faq/gift"}


def test_a_slot_that_an_answered_intent_fills_can_be_ignored(tmp_path: Path) -> None:
    domain = (
        DOMAIN + "slots: {last: {type: text, mappings: [{type: from_intent, intent: hours, value: x}]}}\n"
    )
    rule = "rules: [{rule: hours, steps: [{intent: hours}, {action: utter_hours}]}]\n"
    files = PROJECT | {"domain.yml": domain, "data/rules.yml": rule}
    kept = next(kept for kept in project(tmp_path, files).kept if kept.intent == "hours")
    assert (kept.reason, kept.answer, kept.ignore) == (KeepReason.SLOT, "utter_hours", ("last",))
    assert "hours" in project(tmp_path, files, ignored=["last"]).moved


def test_flows_are_named(tmp_path: Path) -> None:
    flows = (
        "flows: {pay: {description: pays, nlu_trigger: [{intent: hours}], steps: [{action: utter_hours}]}}\n"
    )
    found = project(tmp_path / "both", PROJECT | {"data/flows.yml": flows})
    assert [(kept.intent, kept.reason, kept.detail) for kept in found.kept] == [
        ("hours", KeepReason.FLOW, "pay")
    ]
    assert found.counts["flows"] == 1
    with pytest.raises(BadFile, match=r"is a CALM assistant: it has 1 flows \(pay\)"):
        project(tmp_path / "calm", {"domain/a.yml": DOMAIN, "data/flows.yml": flows})


def test_a_response_that_nobody_wrote_is_named(tmp_path: Path) -> None:
    rule = "rules: [{rule: hours, steps: [{intent: hours}, {action: utter_hours}, {action: utter_more}]}]\n"
    kept = project(tmp_path, PROJECT | {"data/rules.yml": rule}).kept[0]
    assert (kept.reason, kept.detail) == (KeepReason.UNANSWERED, "utter_more")

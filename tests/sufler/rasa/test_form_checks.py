"""The forms that Sufler checks for Rasa come from the training data: shipped, a team's own, or none."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from files import yaml_tree
from prompter.dialogue.actions import ActionCall, Actions, UnknownAction
from prompter.domain.triage import HandoffReason, Triage
from prompter.storage import Store
from sufler import resources
from sufler.errors import BadConfig
from sufler.rasa.form_checks import read_forms
from tests.shipped import SAMPLING

INVOICE = r"""
checked_forms:
  invoice_form:
    slot: invoice
    format: "INV-###"
    ignored: " "
    malformed: utter_no_invoice
    unknown: utter_invoice_unknown
    action: action_invoice
    found: utter_invoice
    state: invoice_state
"""


@dataclass
class Invoices:
    states: dict[str, str]

    def state_of(self, number: str) -> str | None:
        return self.states.get(number)


def no_triage(text: str) -> Triage:
    raise AssertionError(f"a form triages nothing: {text}")


def folder(tmp_path: Path, text: str) -> Path:
    (tmp_path / "forms.yml").write_text(text, encoding="utf-8")
    return tmp_path


def actions_of(store: Store, **more: Any) -> Actions:
    return Actions(store, no_triage, secret="s", sampling=SAMPLING, **more)


def test_a_form_of_the_teams_own_is_checked_and_answered(store: Store, tmp_path: Path) -> None:
    forms = read_forms(folder(tmp_path, INVOICE))
    actions = Actions(
        store, no_triage, secret="s", sampling=SAMPLING, forms=forms, lookup=Invoices({"INV-007": "paid"})
    )

    def validate(written: str) -> tuple[str | None, list[str]]:
        result = actions.run(ActionCall(action="validate_invoice_form", slots={"invoice": written}))
        return result.slots["invoice"], [said.response for said in result.utterances]

    assert validate("INV-0 07") == ("INV-007", [])
    assert validate("inv-007") == (None, ["utter_no_invoice"])
    assert validate("7") == (None, ["utter_no_invoice"])
    assert validate("INV-008") == (None, ["utter_invoice_unknown"])
    answer = actions.run(ActionCall(action="action_invoice", slots={"invoice": "INV-007"}))
    assert [(said.response, said.values) for said in answer.utterances] == [
        ("utter_invoice", {"invoice": "INV-007", "invoice_state": "paid"})
    ]
    assert answer.slots == {"invoice": None}
    with pytest.raises(UnknownAction):  # the shipped form is not this team's
        actions.run(ActionCall(action="validate_order_status_form"))


def test_without_a_lookup_the_number_is_kept_and_an_operator_answers(store: Store, tmp_path: Path) -> None:
    actions = Actions(
        store, no_triage, secret="s", sampling=SAMPLING, forms=read_forms(folder(tmp_path, INVOICE))
    )
    checked = actions.run(ActionCall(action="validate_invoice_form", slots={"invoice": "INV-007"}))
    assert checked.slots == {"invoice": "INV-007"}
    answer = actions.run(ActionCall(action="action_invoice", slots={"invoice": "INV-007"}))
    assert answer.handoff is HandoffReason.NO_ARTICLE


def test_the_shipped_form_fits_the_shipped_domain() -> None:
    (form,) = read_forms(resources.training_data())
    assert form.validation == "validate_order_status_form"
    assert form.number("4001 82-37") == "40018237"
    assert form.number("٤٠٠١٨٢٣٧") is None
    domain = resources.training_data() / "domain.yml"
    root = yaml_tree.load(domain)
    assert root is not None
    assert {form.malformed, form.unknown, form.found} <= set(root.fields["responses"].fields)
    assert {form.validation, form.action} <= {action.text for action in root.fields["actions"].items}
    assert form.slot in root.fields["slots"].fields


def test_training_data_from_before_keep_the_form(tmp_path: Path) -> None:
    assert read_forms(tmp_path) == read_forms(resources.training_data())
    assert read_forms(folder(tmp_path, "checked_forms: {}\n")) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "needs the key checked_forms"),
        ("forms: {}", "needs the key checked_forms"),
        ("checked_forms: {a: {slot: b}}", "a needs a text for each of slot, format"),
        (INVOICE + "    colour: blue", "row 4: invoice_form needs a text for each of"),
        (INVOICE.replace("utter_invoice\n", "[]\n"), "invoice_form needs a text for each of"),
        ("checked_forms: [", "is not valid YAML"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BadConfig, match=problem) as caught:
        read_forms(folder(tmp_path, text))
    assert "forms.yml" in str(caught.value)

"""JSON columns are read as typed values and written back unchanged, including rows of older releases."""

from dataclasses import replace
from typing import Any

import pytest

from prompter.domain.gate_record import DAMAGED, ChangedSuggestion, GateFigures, GateRecord
from prompter.domain.json_record import JsonRecord
from prompter.domain.learning_outcome import LearningOutcome, Result
from prompter.domain.readiness import ReadinessChangeFacts

REPORT: dict[str, Any] = {
    "figures": {
        "p_at_1": 0.91,
        "p_at_1_champion": 0.85,
        "difference": 0.06,
        "interval": [0.01, 0.1],
        "rows": {"held_out": 150, "verdict": 50},
        "won": 14,
        "lost": 2,
    },
    "refused": None,
    "broken_pins": [1, 7],
    "topics": [
        {
            "name": "returns",
            "is_live": True,
            "is_worse": False,
            "answered": 40,
            "turned_right": 1,
            "turned_wrong": 2,
            "allowed": 1.2,
        }
    ],
    "changes": [
        {
            "source": "verdict",
            "key": 12,
            "before": "cancel",
            "after": None,
            "was_right": False,
            "is_right": None,
            "topic": None,
        }
    ],
    "changed_alone": [{"turn": 3, "topic": "returns", "before": "how", "after": "when"}],
}
OUTCOME: dict[str, Any] = {
    "result": "refused",
    "version": "v2",
    "champion": "v1",
    "refused": "worse",
    "n_new": 30,
    "n_learned": 25,
    "n_test": 201,
    "p_at_1": 0.8,
    "p_at_1_champion": 0.85,
    "difference": -0.05,
    "won": 2,
    "lost": 12,
    "contradictions": 1,
    "flagged_operators": ["boris"],
    "changed_alone": 4,
    "new_proposals": 0,
    "seconds": 12.5,
    "ci": {"p_at_1": [0.7, 0.9], "p_at_1_champion": None, "difference": [-0.1, 0.0]},
}
SLIPPED: dict[str, Any] = {
    "answers_from": None,
    "passed": None,
    "threshold": 0.5,
    "estimate": 0.7,
    "turns": 40,
    "judged_by_lot": 30,
    "audited": 13,
    "audited_wrong": 8,
    "articles": ["returns-how"],
    "wrong_turns": [4, 5],
}


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        (GateRecord, REPORT),
        (GateRecord, {}),  # of a version that was never measured
        (GateRecord, {"refused": "damaged"}),
        (GateRecord, {"figures": {"p_at_1": 0.9}}),  # as before there were more figures
        (GateRecord, {key: REPORT[key] for key in ("figures", "refused", "changes")}),
        (GateRecord, {"topics": [{"name": "returns", "is_worse": True}]}),
        (GateRecord, {**REPORT, "shadow": {**REPORT, "refused": "topic"}}),
        (LearningOutcome, OUTCOME),
        (LearningOutcome, {"result": "promoted"}),
        (LearningOutcome, {"result": "nothing_new", "n_new": 3, "from_a_later_version": {"a": [1]}}),
        (ReadinessChangeFacts, SLIPPED),
        (ReadinessChangeFacts, {}),
        (ReadinessChangeFacts, {"answers_from": 0.6}),
        (ReadinessChangeFacts, {"answers_from": None, "model": "words-2"}),
        (ReadinessChangeFacts, {"model": "words-2"}),
        (ReadinessChangeFacts, {"topics": ["returns"]}),
        (ReadinessChangeFacts, {"version": "v2", "changed": 0}),
        (ReadinessChangeFacts, {"answers_from": 0.6, "passed": 0.6, "judged": 12}),
    ],
)
def test_a_row_stays_what_it_was(kind: type[JsonRecord], row: dict[str, Any]) -> None:
    assert kind.from_json(row).to_json() == row


def test_what_an_old_row_lacks_is_read_as_nothing() -> None:
    report = GateRecord.from_json({"refused": "worse"})
    assert (report.figures, report.refused, report.topics, report.all_changes) == (None, "worse", (), ())
    outcome = LearningOutcome.from_json({"result": "promoted"})
    assert (outcome.result, outcome.n_new, outcome.flagged_operators) == (Result.PROMOTED, 0, ())
    facts = ReadinessChangeFacts.from_json({"articles": ["a"]})
    assert (facts.articles, facts.wrong_turns, facts.answers_from, facts.audited) == (("a",), (), None, 0)


def test_a_report_is_read_as_values() -> None:
    report = GateRecord.from_json(REPORT)
    assert report.figures is not None
    assert (report.figures.interval, report.figures.n_rows) == ((0.01, 0.1), 200)
    assert [change.turn_id for change in report.all_changes] == [12, 3]
    assert ChangedSuggestion.from_json({"source": "pinned", "key": 7, "topic": None}).pin_id == 7
    assert ChangedSuggestion.from_json({"source": "held_out", "key": None}).turn_id is None


def test_what_is_added_later_is_written_beside_what_was_there() -> None:
    measured = GateRecord.from_json(REPORT)
    assert replace(measured, refused=DAMAGED).to_json() == {**REPORT, "refused": "damaged"}
    shadow = replace(measured, shadow=GateRecord(figures=GateFigures(won=1), refused=None))
    assert shadow.to_json() == {**REPORT, "shadow": {"figures": {"won": 1}, "refused": None}}
    assert replace(GateRecord(), refused=DAMAGED).to_json() == {"refused": "damaged"}

"""What came of learning, as JSON: what the command prints, what a job's row and a version's row keep."""

from collections.abc import Sequence
from typing import Any

from evaluation.estimates import Estimate
from evaluation.gate import GateReport, Refusal
from prompter.learning.outcome import ChangedAnswer, LearningRun

_LISTED = 200  # changed answers that a report names


def as_object(outcome: LearningRun) -> dict[str, Any]:
    """What came of learning, as JSON: what `sufler learn --json` prints, and the job's row keeps."""
    report = outcome.report
    return {
        "result": outcome.result.value,
        "version": outcome.version,
        "champion": outcome.champion,
        "refused": report.refusal.value if report and report.refusal else None,
        "n_new": outcome.split.n_new,
        "n_learned": len(outcome.label_set.texts) if outcome.label_set else 0,
        "n_test": sum(report.n_rows.values()) if report else 0,
        "p_at_1": _value(report.candidate if report else None),
        "p_at_1_champion": _value(report.champion if report else None),
        "difference": _value(report.difference if report else None),
        "won": report.won if report else 0,
        "lost": report.lost if report else 0,
        "contradictions": len(outcome.label_set.contradictions) if outcome.label_set else 0,
        "flagged_operators": [
            outcome.operator_names.get(operator.operator_id, str(operator.operator_id))
            for operator in outcome.operators
            if operator.is_flagged
        ],
        "changed_alone": len(outcome.changed_alone),
        "new_proposals": outcome.proposals.new if outcome.proposals else 0,
        "seconds": round(outcome.seconds, 1),
        "ci": {
            "p_at_1": _interval(report.candidate if report else None),
            "p_at_1_champion": _interval(report.champion if report else None),
            "difference": _interval(report.difference if report else None),
        },
    }


def report_as_object(report: GateReport, changed_alone: Sequence[ChangedAnswer]) -> dict[str, Any]:
    """What is kept of a measurement, without a word of any customer."""
    figures = {
        "p_at_1": _value(report.candidate),
        "p_at_1_champion": _value(report.champion),
        "difference": _value(report.difference),
        "interval": _interval(report.difference),
        "rows": {source.value: count for source, count in report.n_rows.items()},
        "won": report.won,
        "lost": report.lost,
    }
    return {
        "figures": figures,
        "refused": report.refusal.value if report.refusal else None,
        "broken_pins": [row.key for row in report.broken],
        "topics": [
            {
                "name": topic.name,
                "is_live": topic.is_live,
                "is_worse": topic.is_worse,
                "answered": topic.n_answered,
                "turned_right": topic.turned_right,
                "turned_wrong": topic.turned_wrong,
                "allowed": round(topic.allowed, 3),
            }
            for topic in report.topics
        ],
        "changes": [
            {
                "source": change.row.source.value,
                "key": change.row.key,
                "before": change.before,
                "after": change.after,
                "was_right": change.was_right,
                "is_right": change.is_right,
                "topic": change.topic,
            }
            for change in report.changes[:_LISTED]
        ],
        "changed_alone": [
            {"turn": change.turn_id, "topic": change.topic, "before": change.before, "after": change.after}
            for change in changed_alone[:_LISTED]
        ],
    }


def why_refused(refusal: Refusal) -> str:
    """In plain words."""
    return {
        Refusal.PINNED: "a pinned case would be answered wrong",
        Refusal.WORSE: "it may be worse than the version that answers",
        Refusal.TOPIC: "a topic that answers alone would give more wrong answers",
    }[refusal]


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else round(estimate.value, 4)


def _interval(estimate: Estimate | None) -> list[float] | None:
    return None if estimate is None else [round(estimate.low, 4), round(estimate.high, 4)]

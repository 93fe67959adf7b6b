"""Convert the result of learning into the records of a job and a version."""

from collections.abc import Sequence

from evaluation.estimates import Estimate
from evaluation.gate import GateReport, Refusal
from prompter.domain.gate_record import ChangedSuggestion, GateFigures, GateRecord, GateTopic
from prompter.domain.learning_outcome import LearningOutcome
from prompter.learning.outcome import ChangedAnswer, LearningRun

_LISTED = 200  # changed answers listed in a report


def outcome_of(run: LearningRun) -> LearningOutcome:
    """Return the outcome of a run, as `sufler learn --json` prints it."""
    report, label_set = run.report, run.label_set
    candidate, champion, difference = (
        (report.candidate, report.champion, report.difference) if report else (None, None, None)
    )
    return LearningOutcome(
        result=run.result,
        version=run.version,
        champion=run.champion,
        refused=report.refusal.value if report and report.refusal else None,
        n_new=run.split.n_new,
        n_learned=len(label_set.texts) if label_set else 0,
        n_test=sum(report.n_rows.values()) if report else 0,
        p_at_1=_value(candidate),
        p_at_1_champion=_value(champion),
        difference=_value(difference),
        won=report.won if report else 0,
        lost=report.lost if report else 0,
        contradictions=len(label_set.contradictions) if label_set else 0,
        flagged_operators=tuple(
            run.operator_names.get(check.operator_id, str(check.operator_id))
            for check in run.operators
            if check.is_flagged
        ),
        changed_alone=len(run.changed_alone),
        new_proposals=run.proposals.new if run.proposals else 0,
        seconds=round(run.seconds, 1),
        ci={
            name: None if interval is None else list(interval)
            for name, interval in (
                ("p_at_1", _interval(candidate)),
                ("p_at_1_champion", _interval(champion)),
                ("difference", _interval(difference)),
            )
        },
    )


def record_of(report: GateReport, changed_alone: Sequence[ChangedAnswer]) -> GateRecord:
    """Return the record of a measurement, without any customer's words."""
    return GateRecord(
        figures=GateFigures(
            p_at_1=_value(report.candidate),
            p_at_1_champion=_value(report.champion),
            difference=_value(report.difference),
            interval=_interval(report.difference),
            rows={source.value: count for source, count in report.n_rows.items()},
            won=report.won,
            lost=report.lost,
        ),
        refused=report.refusal.value if report.refusal else None,
        broken_pins=tuple(row.key for row in report.broken if row.key is not None),
        topics=tuple(
            GateTopic(
                name=topic.name,
                is_live=topic.is_live,
                is_worse=topic.is_worse,
                answered=topic.n_answered,
                turned_right=topic.turned_right,
                turned_wrong=topic.turned_wrong,
                allowed=round(topic.allowed, 3),
            )
            for topic in report.topics
        ),
        changes=tuple(
            ChangedSuggestion(
                source=change.row.source.value,
                key=change.row.key,
                before=change.before,
                after=change.after,
                was_right=change.was_right,
                is_right=change.is_right,
                topic=change.topic,
            )
            for change in report.changes[:_LISTED]
        ),
        changed_alone=tuple(
            ChangedSuggestion(
                turn=answer.turn_id, topic=answer.topic, before=answer.before, after=answer.after
            )
            for answer in changed_alone[:_LISTED]
        ),
    )


def refusal_reason(refusal: Refusal) -> str:
    """Return a refusal's reason in plain words."""
    return {
        Refusal.PINNED: "a pinned question would get a wrong answer",
        Refusal.WORSE: "it may be worse than the version in use",
        Refusal.TOPIC: "a topic on autopilot would give more wrong answers",
    }[refusal]


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else round(estimate.value, 4)


def _interval(estimate: Estimate | None) -> tuple[float, float] | None:
    return None if estimate is None else (round(estimate.low, 4), round(estimate.high, 4))

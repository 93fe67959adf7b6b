"""Counts of events in a period."""

from datetime import datetime

from sqlalchemy import func, select

from prompter.domain.evidence import Signal, Verdict
from prompter.domain.monitoring import Counts
from prompter.domain.triage import HandoffReason, Route
from prompter.storage.rows import Rows
from prompter.storage.tables import articles, decisions, signals, suggestions, turns

_NOTHING_TO_SAY = (HandoffReason.OUT_OF_SCOPE, HandoffReason.NO_ARTICLE, HandoffReason.LOW_CONFIDENCE)
_CHANGED = (Verdict.EDITED_SUBSTANTIVE, Verdict.REJECTED)


class MonitoringRows(Rows):
    def counts(self, begin: datetime, end: datetime) -> Counts:
        """Count the turns received from `begin` on and before `end`, and their outcomes."""
        within = (turns.c.received_at >= begin) & (turns.c.received_at < end)
        triaged = within & turns.c.triaged_at.is_not(None)
        nothing = (turns.c.route == Route.HANDOFF.value) & turns.c.handoff_reason.in_(
            [reason.value for reason in _NOTHING_TO_SAY]
        )
        decided = (
            select(func.count())
            .select_from(decisions.join(turns, turns.c.id == decisions.c.turn_id))
            .where(within, decisions.c.superseded_at.is_(None), ~turns.c.blind)
        )
        changed = decided.where(decisions.c.verdict.in_([verdict.value for verdict in _CHANGED]))
        sure = (
            select(suggestions.c.confidence)
            .join(turns, turns.c.id == suggestions.c.turn_id)
            .where(within, suggestions.c.rank == 1)
        )
        signal_counts = (
            select(signals.c.kind, func.count())
            .join(turns, turns.c.id == signals.c.turn_id)
            .where(within)
            .group_by(signals.c.kind)
        )
        by_kind = {Signal(kind): count for kind, count in self._connection.execute(signal_counts)}
        return Counts(
            turns=self._count(triaged),
            unseen=self._count(triaged & nothing),
            confidences=list(self._connection.scalars(sure)),
            decided=self._connection.scalar(decided) or 0,
            changed=self._connection.scalar(changed) or 0,
            answered_alone=self._count(within & (turns.c.route == Route.AUTOPILOT.value)),
            signals=dict.fromkeys(Signal, 0) | by_kind,
        )

    def change_times(self, begin: datetime, end: datetime) -> list[datetime]:
        """Return when the articles of top suggestions in the period were last changed, once for each turn."""
        rows = (
            select(articles.c.changed_at)
            .select_from(
                suggestions.join(turns, turns.c.id == suggestions.c.turn_id).join(
                    articles, articles.c.id == suggestions.c.article_id
                )
            )
            .where(suggestions.c.rank == 1, turns.c.received_at >= begin, turns.c.received_at < end)
        )
        return list(self._connection.scalars(rows))

    def _count(self, where: object) -> int:
        return self._connection.scalar(select(func.count()).select_from(turns).where(where)) or 0  # type: ignore[arg-type]

"""Customers' reactions to answers of the bot."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select

from prompter.domain.evidence import Signal
from prompter.domain.triage import Route
from prompter.storage.rows import Rows
from prompter.storage.tables import signals, suggestions, turns


class SignalRows(Rows):
    def add(self, turn_id: int, signal: Signal, now: datetime) -> bool:
        """Add a signal. Return False if it was known."""
        row = {"turn_id": turn_id, "kind": signal.value, "at": now}
        added = self._connection.scalar(self._insert_new(signals, row).returning(signals.c.turn_id))
        return added is not None

    def of_turn(self, turn_id: int) -> set[Signal]:
        found = self._connection.scalars(select(signals.c.kind).where(signals.c.turn_id == turn_id))
        return {Signal(kind) for kind in found}

    def count(self, topics: Collection[str], *, since: datetime) -> tuple[int, dict[Signal, int]]:
        """Count automated replies in these topics since then, and the signals about them."""
        chosen = (
            (turns.c.route == Route.AUTOPILOT.value)
            & (turns.c.received_at >= since)
            & suggestions.c.topic.in_(topics)
            & (suggestions.c.rank == 1)
        )
        joined = turns.join(suggestions, suggestions.c.turn_id == turns.c.id)
        answered = self._connection.scalar(select(func.count()).select_from(joined).where(chosen)) or 0
        rows = self._connection.execute(
            select(signals.c.kind, func.count())
            .select_from(joined.join(signals, signals.c.turn_id == turns.c.id))
            .where(chosen)
            .group_by(signals.c.kind)
        )
        return answered, dict.fromkeys(Signal, 0) | {Signal(kind): count for kind, count in rows}

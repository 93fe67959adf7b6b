"""Turns, from the first message to the answer, and their suggestions."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, String, Table, bindparam, func, select, update

from prompter.common.clock import SLACK, Waits
from prompter.domain.conversation import (
    Author,
    Customer,
    OfferedSuggestion,
    OutboxState,
    Turn,
    TurnState,
)
from prompter.domain.evidence import Draw
from prompter.domain.triage import HandoffReason, Route, Triage
from prompter.storage.conversations.customers import CUSTOMER_COLUMNS, customer_of
from prompter.storage.rows import Rows
from prompter.storage.tables import (
    conversations,
    customers,
    later_suggestions,
    outbox,
    suggestions,
    turns,
)

# Written into the statement, for the indexes that hold only open turns.
IS_OPEN = turns.c.state == bindparam("open", TurnState.OPEN.value, String, literal_execute=True)
_by_operator = outbox.alias("by_operator")  # built once: to build an alias takes longer than a query


class TurnRows(Rows):
    """The queue of turns, their triage and their suggestions."""

    def current_turn(self, conversation_id: int) -> Turn | None:
        """Return the conversation's untriaged turn, which the customer may still be writing."""
        where = (turns.c.conversation_id == conversation_id) & IS_OPEN
        row = self._connection.execute(select(turns).where(where)).one_or_none()
        return None if row is None else _turn(row)

    def open_turn(self, conversation_id: int, now: datetime, *, lane: str = "", share: float = 1.0) -> Turn:
        """Return the turn that the customer is still writing, creating it if there is none.

        A new turn waits for triage in its `lane` of the queue. Lanes are served in proportion to their
        `share`.
        """
        turn = self.current_turn(conversation_id)
        if turn is not None:
            return turn
        new = turns.insert().values(
            conversation_id=conversation_id,
            state=TurnState.OPEN.value,
            lane=lane,
            queue_position=self._end_of(lane) + 1 / share,
            received_at=now,
            closes_at=now,
            last_message_id=0,
        )
        return _turn(self._connection.execute(new.returning(*turns.c)).one())

    def _end_of(self, lane: str) -> float:
        """Return the position of the lane's last open turn. An empty lane begins at the head of the queue.

        Self-clocked fair queuing (Golestani, 1994): every lane moves at its share, so no lane waits for
        ever, and an empty lane cannot save up turns for later.
        """
        first = select(func.min(turns.c.queue_position)).where(IS_OPEN).scalar_subquery()
        last = select(func.max(turns.c.queue_position)).where(IS_OPEN, turns.c.lane == lane).scalar_subquery()
        return float(self._connection.scalar(select(func.coalesce(last, first, 0.0))) or 0.0)

    def last_turns(self, conversation_id: int, *, limit: int) -> list[datetime]:
        """Return the times when the conversation's last turns began, newest first."""
        newest_first = (
            select(turns.c.received_at)
            .where(turns.c.conversation_id == conversation_id)
            .where(turns.c.triaged_at.is_not(None) | IS_OPEN)  # commands are not triaged
            .order_by(turns.c.id.desc())
            .limit(limit)
        )
        return list(self._connection.scalars(newest_first))

    def add_command_turn(self, conversation_id: int, now: datetime) -> int:
        """Add a closed turn for a message that needs neither triage nor an operator, and return its id."""
        return self._insert(
            turns,
            conversation_id=conversation_id,
            state=TurnState.CLOSED.value,
            received_at=now,
            closes_at=now,
        )

    def extend_turn(self, turn_id: int, *, last_message_id: int, closes_at: datetime) -> bool:
        """Add a message to an open turn. Return False if it was triaged in the meantime."""
        changed = self._connection.execute(
            update(turns)
            .where(turns.c.id == turn_id, turns.c.state == TurnState.OPEN.value)
            .values(last_message_id=last_message_id, closes_at=closes_at)
        )
        return changed.rowcount == 1

    def put_back(self, turn_id: int, until: datetime, *, lane: str, share: float) -> int | None:
        """Move an open turn whose triage failed to the end of a lane, to be tried again at `until`.

        Return how often it has failed by now, or None if it is not open any more.
        """
        failures: int | None = self._connection.scalar(
            update(turns)
            .where(turns.c.id == turn_id, turns.c.state == TurnState.OPEN.value)
            .values(
                lane=lane,
                queue_position=self._end_of(lane) + 1 / share,
                closes_at=until,
                failures=turns.c.failures + 1,
            )
            .returning(turns.c.failures)
        )
        return failures

    def failures(self, turn_id: int) -> int:
        """Return how often the triage of a turn has failed."""
        return self._connection.scalar(select(turns.c.failures).where(turns.c.id == turn_id)) or 0

    def turn(self, turn_id: int) -> Turn | None:
        row = self._connection.execute(select(turns).where(turns.c.id == turn_id)).one_or_none()
        return None if row is None else _turn(row)

    def turns(self, ids: Collection[int]) -> dict[int, Turn]:
        """Return the existing turns among these ids, by id."""
        rows = self._connection.execute(select(turns).where(turns.c.id.in_(ids)))
        return {row.id: _turn(row) for row in rows}

    def due_turns(self, now: datetime, *, limit: int = 100, but: Collection[int] = ()) -> list[Turn]:
        """Return untriaged turns whose customers have stopped writing, in the order of the queue.

        Turns with an id in `but` are skipped.
        """
        rows = self._connection.execute(
            select(turns)
            .where(IS_OPEN, _is_due(now))
            .where(turns.c.id.not_in(but))
            .order_by(turns.c.queue_position, turns.c.id)
            .limit(limit)
        )
        return [_turn(row) for row in rows]

    def count_open(self, *, limit: int) -> int:
        """Count the untriaged turns, up to `limit`."""
        counted = select(turns.c.id).where(IS_OPEN).limit(limit).subquery()
        return self._connection.scalar(select(func.count()).select_from(counted)) or 0

    def count_untriaged(self, now: datetime, *, limit: int = 10_000) -> tuple[int, datetime | None]:
        """Count the turns that wait for the worker, up to `limit`, and return the oldest's receipt time."""
        due = (
            select(turns.c.received_at)
            .where(IS_OPEN, _is_due(now))
            .order_by(turns.c.queue_position, turns.c.id)
            .limit(limit)
            .subquery()
        )
        row = self._connection.execute(select(func.count(), func.min(due.c.received_at))).one()
        return int(row[0]), row[1]

    def wait_anew(self, now: datetime, waits: Waits) -> None:
        """Limit the wait of open turns to that of a turn that began now."""
        until = now + waits.turn
        self._connection.execute(
            update(turns)
            .where(turns.c.state == TurnState.OPEN.value, turns.c.closes_at > until)
            .values(closes_at=until)
        )

    def waiting_turns(self, *, limit: int = 200) -> list[tuple[Turn, Customer, float | None]]:
        """Return turns that wait for an operator, longest wait first, with the top suggestion's confidence.

        The confidence of a blind turn is not given. Turns are ordered by id, as the clock may have been
        set.
        """
        rows = self._connection.execute(
            select(turns, *CUSTOMER_COLUMNS, suggestions.c.confidence)
            .join(conversations, conversations.c.id == turns.c.conversation_id)
            .join(customers, customers.c.id == conversations.c.customer_id)
            .join(
                suggestions,
                (suggestions.c.turn_id == turns.c.id) & (suggestions.c.rank == 1) & ~turns.c.blind,
                isouter=True,
            )
            .where(turns.c.state == TurnState.WAITING.value)
            .order_by(turns.c.id)
            .limit(limit)
        )
        return [(_turn(row), customer_of(row), row.confidence) for row in rows]

    def count_waiting(self) -> int:
        waiting = select(func.count()).where(turns.c.state == TurnState.WAITING.value)
        return self._connection.scalar(waiting) or 0

    def conversation_turns(self, conversation_id: int, state: TurnState) -> list[Turn]:
        rows = self._connection.execute(
            select(turns)
            .where(turns.c.conversation_id == conversation_id, turns.c.state == state.value)
            .order_by(turns.c.id)
        )
        return [_turn(row) for row in rows]

    def waits_elsewhere(self, conversation_id: int, *, but: int) -> bool:
        """Return whether another turn than `but` waits for an operator."""
        waits = select(turns.c.id).where(
            turns.c.conversation_id == conversation_id,
            turns.c.state == TurnState.WAITING.value,
            turns.c.id != but,
        )
        return bool(self._connection.scalar(select(waits.exists())))

    def answers_in_a_row(self, conversation_id: int) -> int:
        """Count the turns that the bot has answered alone since an operator last wrote."""
        last_operator = (
            select(func.coalesce(func.max(_by_operator.c.id), 0))
            .where(
                _by_operator.c.conversation_id == conversation_id,
                _by_operator.c.author == Author.OPERATOR.value,
                _by_operator.c.state != OutboxState.CANCELLED.value,
            )
            .scalar_subquery()
        )
        # By ids, not by time: the clock may have been set.
        alone = (
            select(func.count(func.distinct(turns.c.id)))
            .join(outbox, outbox.c.turn_id == turns.c.id)
            .where(
                turns.c.conversation_id == conversation_id,
                turns.c.route == Route.AUTOPILOT.value,
                turns.c.state == TurnState.CLOSED.value,
                outbox.c.author == Author.BOT.value,
                outbox.c.offers_operator,
                outbox.c.id > last_operator,
            )
        )
        return self._connection.scalar(alone) or 0

    def record_triage(
        self,
        turn: Turn,
        triage: Triage,
        offered: Sequence[OfferedSuggestion],
        now: datetime,
        *,
        draw: Draw | None = None,
    ) -> bool:
        """Store the triage of an open turn. Return False and store nothing if the turn has changed since."""
        changed = self._connection.execute(
            update(turns)
            .where(
                turns.c.id == turn.id,
                turns.c.state == TurnState.OPEN.value,
                turns.c.last_message_id == turn.last_message_id,
            )
            .values(
                state=(TurnState.CLOSED if triage.route is Route.AUTOPILOT else TurnState.WAITING).value,
                triaged_at=now,
                utterance=triage.utterance,
                intent=triage.intent,
                intent_confidence=triage.intent_confidence,
                route=triage.route.value,
                handoff_reason=triage.handoff_reason.value if triage.handoff_reason else None,
                model_version=triage.model_version,
                lot_number=draw.uniform if draw else None,
                lot_probability=draw.probability if draw else None,
                second_number=draw.second_uniform if draw else None,
                second_probability=draw.second_probability if draw else None,
                blind=draw is not None and draw.is_sampled and triage.route is not Route.AUTOPILOT,
                tests=draw is not None and draw.counts_as_evidence,
            )
        )
        if changed.rowcount == 0:
            return False
        self._add_suggestions(suggestions, offered)
        return True

    def _add_suggestions(self, table: Table, offered: Sequence[OfferedSuggestion]) -> None:
        if offered:
            self._connection.execute(table.insert(), [asdict(suggestion) for suggestion in offered])

    def suggestions(self, turn_id: int) -> list[OfferedSuggestion]:
        """Return the suggestions of the turn's first triage, best first. They alone are evidence."""
        return self._read_suggestions(suggestions, turn_id)

    def shown_suggestions(self, turn_id: int) -> list[OfferedSuggestion]:
        """Return the suggestions for all that the customer has said by now, best first."""
        return self._read_suggestions(later_suggestions, turn_id) or self.suggestions(turn_id)

    def _read_suggestions(self, table: Table, turn_id: int) -> list[OfferedSuggestion]:
        rows = self._connection.execute(
            select(table).where(table.c.turn_id == turn_id).order_by(table.c.rank)
        )
        return [OfferedSuggestion(**row._mapping) for row in rows]

    def close_turn(self, turn_id: int) -> bool:
        """Close a waiting turn. Return False if it was not waiting."""
        changed = self._connection.execute(
            update(turns)
            .where(turns.c.id == turn_id, turns.c.state == TurnState.WAITING.value)
            .values(state=TurnState.CLOSED.value)
        )
        return changed.rowcount == 1

    def hand_over(self, turn_id: int, reason: HandoffReason) -> None:
        """Let a turn that the bot has answered wait for an operator."""
        self._connection.execute(
            update(turns)
            .where(turns.c.id == turn_id, turns.c.state == TurnState.CLOSED.value)
            .values(state=TurnState.WAITING.value, handoff_reason=reason.value)
        )

    def last_automated_reply(self, turn: Turn, *, since: datetime) -> Turn | None:
        """Return the conversation's last automated reply before this turn and since then."""
        row = self._connection.execute(
            select(turns)
            .where(
                turns.c.conversation_id == turn.conversation_id,
                turns.c.id < turn.id,
                turns.c.route == Route.AUTOPILOT.value,
                turns.c.received_at >= since,
            )
            .order_by(turns.c.id.desc())
            .limit(1)
        ).one_or_none()
        return None if row is None else _turn(row)

    def recent_automated_replies(self, *, limit: int) -> list[tuple[int, str, str]]:
        """Return turn, topic and text of the last automated replies, newest first."""
        rows = self._connection.execute(
            select(turns.c.id, suggestions.c.topic, turns.c.utterance)
            .join(suggestions, suggestions.c.turn_id == turns.c.id)
            .where(
                turns.c.route == Route.AUTOPILOT.value,
                suggestions.c.rank == 1,
                turns.c.utterance.is_not(None),
            )
            .order_by(turns.c.id.desc())
            .limit(limit)
        )
        return [(row.id, row.topic, row.utterance) for row in rows]

    def reopen_turn(self, turn_id: int) -> None:
        """Let the turn wait again, with the other turns that its reply had answered."""
        self._connection.execute(
            update(turns)
            .where((turns.c.id == turn_id) | (turns.c.answered_with == turn_id))
            .values(state=TurnState.WAITING.value, answered_with=None)
        )


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Build the condition that an open turn is due: its customer is silent, or the clock was set back."""
    return (turns.c.closes_at <= now) | (turns.c.received_at > now + SLACK)


def _turn(row: Row[Any]) -> Turn:
    return Turn(
        id=row.id,
        conversation_id=row.conversation_id,
        state=TurnState(row.state),
        received_at=row.received_at,
        closes_at=row.closes_at,
        last_message_id=row.last_message_id,
        triaged_at=row.triaged_at,
        utterance=row.utterance,
        full_text=row.full_text,
        intent=row.intent,
        route=Route(row.route) if row.route else None,
        handoff_reason=HandoffReason(row.handoff_reason) if row.handoff_reason else None,
        model_version=row.model_version,
        blind=row.blind,
        draw=None
        if row.lot_probability is None
        else Draw(
            uniform=row.lot_number,
            probability=row.lot_probability,
            second_uniform=row.second_number,
            second_probability=row.second_probability,
            counts_as_evidence=row.tests,
        ),
    )

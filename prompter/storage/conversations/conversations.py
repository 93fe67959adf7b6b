"""Customers, their conversations, messages and turns."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, bindparam, exists, func, select, true, update

from prompter.common.clock import SLACK, Waits
from prompter.domain.conversation import (
    Author,
    Customer,
    IncomingMessage,
    Message,
    MessageKind,
    OfferedSuggestion,
    OutboxState,
    Turn,
    TurnState,
)
from prompter.domain.dialogue import IDS as DIALOGUES
from prompter.domain.evidence import Draw, Verdict
from prompter.domain.triage import HandoffReason, Route, Triage
from prompter.storage.rows import Rows
from prompter.storage.tables import (
    conversations,
    customers,
    decisions,
    messages,
    outbox,
    suggestions,
    turns,
)

# Written into the statement, for the indexes that hold open turns only.
_IS_OPEN = turns.c.state == bindparam("open", TurnState.OPEN.value, String, literal_execute=True)


class ConversationRows(Rows):
    def ensure(self, message: IncomingMessage, now: datetime) -> int:
        """The conversation of the message's chat, made if it is new; keeps the customer's name fresh."""
        known = self.find(message.channel, message.chat_id)
        if known is None:
            customer_id = self._insert(
                customers,
                channel=message.channel,
                external_id=message.chat_id,
                name=message.customer_name,
                language=message.customer_language,
                created_at=now,
            )
            return self._insert(conversations, customer_id=customer_id, created_at=now)
        if message.customer_name and message.customer_name != known.name:
            self._connection.execute(
                update(customers).where(customers.c.id == known.id).values(name=message.customer_name)
            )
        return known.conversation_id

    def customer(self, conversation_id: int) -> Customer | None:
        row = self._connection.execute(_CUSTOMERS.where(conversations.c.id == conversation_id)).one_or_none()
        return None if row is None else _customer(row)

    def find(self, channel: str, chat_id: str) -> Customer | None:
        row = self._connection.execute(
            _CUSTOMERS.where(customers.c.channel == channel, customers.c.external_id == chat_id)
        ).one_or_none()
        return None if row is None else _customer(row)

    def move_chat(self, channel: str, chat_id: str, new_chat_id: str) -> bool:
        """Give a chat another id: the old one opens it no more; False if there is no such chat."""
        changed = self._connection.execute(
            update(customers)
            .where(customers.c.channel == channel, customers.c.external_id == chat_id)
            .values(external_id=new_chat_id)
        )
        return changed.rowcount == 1

    # --- messages ---------------------------------------------------------------------------

    def has_message(self, conversation_id: int, external_id: str) -> bool:
        found = self._connection.scalar(
            select(messages.c.id).where(
                messages.c.conversation_id == conversation_id, messages.c.external_id == external_id
            )
        )
        return found is not None

    def add_message(self, conversation_id: int, turn_id: int, message: IncomingMessage, now: datetime) -> int:
        return self._insert(
            messages,
            conversation_id=conversation_id,
            turn_id=turn_id,
            external_id=message.external_id,
            kind=message.kind.value,
            text=message.text,
            forwarded=message.forwarded,
            replaces=message.replaces,
            received_at=now,
        )

    def messages(self, conversation_id: int, *, limit: int = 200) -> list[Message]:
        """The conversation's last messages, oldest first."""
        newest_first = self._connection.execute(
            select(messages)
            .where(messages.c.conversation_id == conversation_id)
            .order_by(messages.c.id.desc())
            .limit(limit)
        )
        return [_message(row) for row in newest_first][::-1]

    def turn_messages(self, turn_id: int) -> list[Message]:
        rows = self._connection.execute(
            select(messages).where(messages.c.turn_id == turn_id).order_by(messages.c.id)
        )
        return [_message(row) for row in rows]

    def count_turn_messages(self, turn_id: int, *, limit: int) -> int:
        """How many messages the turn has; counted up to `limit`."""
        counted = select(messages.c.id).where(messages.c.turn_id == turn_id).limit(limit).subquery()
        return self._connection.scalar(select(func.count()).select_from(counted)) or 0

    def last_message_id(self, conversation_id: int) -> int:
        """The id of the customer's newest message; 0 where there is none."""
        newest = select(func.max(messages.c.id)).where(messages.c.conversation_id == conversation_id)
        return self._connection.scalar(newest) or 0

    # --- turns ------------------------------------------------------------------------------

    def current_turn(self, conversation_id: int) -> Turn | None:
        """The turn that nobody has triaged yet: the customer may still be writing it."""
        where = (turns.c.conversation_id == conversation_id) & _IS_OPEN
        row = self._connection.execute(select(turns).where(where)).one_or_none()
        return None if row is None else _turn(row)

    def open_turn(self, conversation_id: int, now: datetime, *, lane: str = "", share: float = 1.0) -> Turn:
        """The turn that the customer is still writing, made if there is none.

        A new one waits for triage in its `lane` of the line; lanes are served in proportion to their `share`.
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
        """The position of the lane's last open turn; an empty lane begins where the line is served now.

        Self-clocked fair queuing (Golestani, 1994): every lane moves at its share, so none waits for ever,
        and a lane that was empty cannot save up turns for later.
        """
        first = select(func.min(turns.c.queue_position)).where(_IS_OPEN).scalar_subquery()
        last = (
            select(func.max(turns.c.queue_position)).where(_IS_OPEN, turns.c.lane == lane).scalar_subquery()
        )
        return float(self._connection.scalar(select(func.coalesce(last, first, 0.0))) or 0.0)

    def last_turns(self, conversation_id: int, *, limit: int) -> list[datetime]:
        """When the conversation's last turns began, newest first."""
        newest_first = (
            select(turns.c.received_at)
            .where(turns.c.conversation_id == conversation_id)
            .order_by(turns.c.id.desc())
            .limit(limit)
        )
        return list(self._connection.scalars(newest_first))

    def extend_turn(self, turn_id: int, *, last_message_id: int, closes_at: datetime) -> bool:
        """Add a message to an open turn; False if it has been triaged meanwhile."""
        changed = self._connection.execute(
            update(turns)
            .where(turns.c.id == turn_id, turns.c.state == TurnState.OPEN.value)
            .values(last_message_id=last_message_id, closes_at=closes_at)
        )
        return changed.rowcount == 1

    def put_back(self, turn_id: int, until: datetime, *, lane: str, share: float) -> int | None:
        """The triage of an open turn has failed: it is tried again at `until`, at the end of that lane.

        Returns how often it has failed by now; None if it is not open any more.
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
        """How often the triage of a turn has failed."""
        return self._connection.scalar(select(turns.c.failures).where(turns.c.id == turn_id)) or 0

    def turn(self, turn_id: int) -> Turn | None:
        row = self._connection.execute(select(turns).where(turns.c.id == turn_id)).one_or_none()
        return None if row is None else _turn(row)

    def turns(self, ids: Collection[int]) -> dict[int, Turn]:
        """Turns by id; what there is not is left out."""
        rows = self._connection.execute(select(turns).where(turns.c.id.in_(ids)))
        return {row.id: _turn(row) for row in rows}

    def due_turns(self, now: datetime, *, limit: int = 100, but: Collection[int] = ()) -> list[Turn]:
        """Turns whose customer has fallen silent and that nobody has triaged, in the order of the line.

        Turns with an id of `but` are passed over.
        """
        rows = self._connection.execute(
            select(turns)
            .where(_IS_OPEN, _is_due(now))
            .where(turns.c.id.not_in(but))
            .order_by(turns.c.queue_position, turns.c.id)
            .limit(limit)
        )
        return [_turn(row) for row in rows]

    def count_open(self, *, limit: int) -> int:
        """How many turns nobody has triaged yet; counted up to `limit`."""
        counted = select(turns.c.id).where(_IS_OPEN).limit(limit).subquery()
        return self._connection.scalar(select(func.count()).select_from(counted)) or 0

    def untriaged(self, now: datetime, *, limit: int = 10_000) -> tuple[int, datetime | None]:
        """How many turns wait for the worker, and since when the oldest does; counted up to `limit`."""
        due = (
            select(turns.c.received_at)
            .where(_IS_OPEN, _is_due(now))
            .order_by(turns.c.queue_position, turns.c.id)
            .limit(limit)
            .subquery()
        )
        row = self._connection.execute(select(func.count(), func.min(due.c.received_at))).one()
        return int(row[0]), row[1]

    def wait_anew(self, now: datetime, waits: Waits) -> None:
        """No open turn waits longer than one that began now."""
        until = now + waits.turn
        self._connection.execute(
            update(turns)
            .where(turns.c.state == TurnState.OPEN.value, turns.c.closes_at > until)
            .values(closes_at=until)
        )

    def bound_holds(self, now: datetime) -> None:
        """What operators have said and given back does not lie ahead of now, and keeps its order.

        So they hold the bot back no longer than if they had written now.
        """
        later = now + timedelta(microseconds=1)  # what was said after the conversation had been given back
        turn_of = (
            select(turns.c.conversation_id)
            .where(turns.c.id == decisions.c.turn_id)
            .correlate(decisions)
            .scalar_subquery()
        )
        by_operator = outbox.c.author == Author.OPERATOR.value
        for table, moment, is_said, conversation_id in (
            (outbox, outbox.c.created_at, by_operator, outbox.c.conversation_id),
            (decisions, decisions.c.decided_at, true(), turn_of),
        ):
            over = exists().where(
                conversations.c.id == conversation_id, conversations.c.given_back_at >= moment
            )
            for is_meant, value in ((over, now), (true(), later)):
                self._connection.execute(
                    update(table).where(moment > later, is_said, is_meant).values({moment: value})
                )
        self._connection.execute(
            update(conversations).where(conversations.c.given_back_at > now).values(given_back_at=now)
        )

    def waiting_turns(self, *, limit: int = 200) -> list[tuple[Turn, Customer, float | None]]:
        """Turns that wait for an operator, longest wait first, with the first suggestion's confidence.

        Of a turn that is to be answered blind that is not told. The order is that of the ids: the clock may
        have been set.
        """
        rows = self._connection.execute(
            select(turns, *_CUSTOMER, suggestions.c.confidence)
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
        return [(_turn(row), _customer(row), row.confidence) for row in rows]

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
        """Whether another turn than `but` waits for an operator."""
        waits = select(turns.c.id).where(
            turns.c.conversation_id == conversation_id,
            turns.c.state == TurnState.WAITING.value,
            turns.c.id != but,
        )
        return bool(self._connection.scalar(select(waits.exists())))

    def operator_wrote(self, conversation_id: int, *, since: datetime, now: datetime) -> bool:
        """Whether an operator has written since then, and has not given the conversation back afterwards."""
        wrote = (
            select(outbox.c.id)
            .join(conversations, conversations.c.id == outbox.c.conversation_id)
            .where(
                outbox.c.conversation_id == conversation_id,
                outbox.c.author == Author.OPERATOR.value,
                outbox.c.state != OutboxState.CANCELLED.value,
                _after_giving_back(outbox.c.created_at, since, now),
            )
        )
        return bool(self._connection.scalar(select(wrote.exists())))

    def operator_in_control(self, conversation_id: int, *, since: datetime, now: datetime) -> bool:
        """Whether an operator has said something since then that the bot had not in mind."""
        held = select(operator_in_control(since, now)).where(conversations.c.id == conversation_id)
        return bool(self._connection.scalar(held))

    def operator_answered(self, conversation_id: int, *, since: datetime, now: datetime) -> bool:
        """Whether an operator has said anything since then but what a dialogue had suggested first."""
        held = select(operator_in_control(since, now, but_dialogues=True)).where(
            conversations.c.id == conversation_id
        )
        return bool(self._connection.scalar(held))

    def return_to_bot(self, conversation_id: int, now: datetime) -> None:
        """The operator is done: the bot may answer again."""
        self._connection.execute(
            update(conversations).where(conversations.c.id == conversation_id).values(given_back_at=now)
        )

    def answers_in_a_row(self, conversation_id: int) -> int:
        """How many turns the bot has answered alone since an operator last wrote."""
        by_operator = outbox.alias("by_operator")
        last_operator = (
            select(func.coalesce(func.max(by_operator.c.id), 0))
            .where(
                by_operator.c.conversation_id == conversation_id,
                by_operator.c.author == Author.OPERATOR.value,
                by_operator.c.state != OutboxState.CANCELLED.value,
            )
            .scalar_subquery()
        )
        # By the ids, not by the time: the clock may have been set.
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
        """Store the triage of an open turn; False, and nothing stored, if the turn has moved on since."""
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
        for suggestion in offered:
            self._connection.execute(
                suggestions.insert().values(
                    turn_id=turn.id,
                    rank=suggestion.rank,
                    article_id=suggestion.article_id,
                    question=suggestion.question,
                    text=suggestion.text,
                    topic=suggestion.topic,
                    language=suggestion.language,
                    similarity=suggestion.similarity,
                    confidence=suggestion.confidence,
                )
            )
        return True

    def suggestions(self, turn_id: int) -> list[OfferedSuggestion]:
        """The turn's suggestions, best first."""
        rows = self._connection.execute(
            select(suggestions).where(suggestions.c.turn_id == turn_id).order_by(suggestions.c.rank)
        )
        return [_suggestion(row) for row in rows]

    def close_turn(self, turn_id: int) -> bool:
        """Waiting -> closed; False if the turn was not waiting."""
        changed = self._connection.execute(
            update(turns)
            .where(turns.c.id == turn_id, turns.c.state == TurnState.WAITING.value)
            .values(state=TurnState.CLOSED.value)
        )
        return changed.rowcount == 1

    def close_turns_seen(self, turn: Turn, seen_message_id: int) -> list[Turn]:
        """Close the conversation's other waiting turns that whoever answered this one has seen."""
        other_turns = [
            other
            for other in self.conversation_turns(turn.conversation_id, TurnState.WAITING)
            if other.id != turn.id and other.last_message_id <= seen_message_id
        ]
        self._connection.execute(
            update(turns)
            .where(turns.c.id.in_([other.id for other in other_turns]))
            .values(state=TurnState.CLOSED.value, answered_with=turn.id)
        )
        return other_turns

    def hand_over(self, turn_id: int, reason: HandoffReason) -> None:
        """An operator shall look at a turn that the bot has answered: closed -> waiting."""
        self._connection.execute(
            update(turns)
            .where(turns.c.id == turn_id, turns.c.state == TurnState.CLOSED.value)
            .values(state=TurnState.WAITING.value, handoff_reason=reason.value)
        )

    def last_answered_alone(self, turn: Turn, *, since: datetime) -> Turn | None:
        """The conversation's last turn before this one that the bot has answered alone since then."""
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

    def answered_alone_lately(self, *, limit: int) -> list[tuple[int, str, str]]:
        """Turn, topic and text of the last turns that the bot has answered alone, newest first."""
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
        """Back to waiting, with the other turns that its reply had answered."""
        self._connection.execute(
            update(turns)
            .where((turns.c.id == turn_id) | (turns.c.answered_with == turn_id))
            .values(state=TurnState.WAITING.value, answered_with=None)
        )


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Whether an open turn waits no longer: its customer is silent, or the clock was set back since."""
    return (turns.c.closes_at <= now) | (turns.c.received_at > now + SLACK)


def operator_in_control(
    since: datetime, now: datetime, *, but_dialogues: bool = False
) -> ColumnElement[bool]:
    """Whether an operator leads the selected conversation: they have said something since then that was not
    the first suggestion. Of what was answered blind nobody knows whether it was; it does not count.

    `but_dialogues`: everything counts but a dialogue's first suggestion.
    """
    as_suggested = decisions.c.verdict.in_([Verdict.ACCEPTED.value, Verdict.EDITED_COSMETIC.value]) & (
        decisions.c.rank == 1
    )
    if but_dialogues:
        as_suggested &= decisions.c.article_id.startswith(DIALOGUES, autoescape=True)
    else:
        as_suggested |= turns.c.blind
    decided = (
        select(decisions.c.id)
        .join(turns, turns.c.id == decisions.c.turn_id)
        .where(
            turns.c.conversation_id == conversations.c.id,
            decisions.c.superseded_at.is_(None),
            func.coalesce(~as_suggested, True),
            _after_giving_back(decisions.c.decided_at, since, now),
        )
        .correlate(conversations)
    )
    wrote = (
        select(outbox.c.id)
        .where(
            outbox.c.conversation_id == conversations.c.id,
            outbox.c.author == Author.OPERATOR.value,
            outbox.c.decision_id.is_(None),
            outbox.c.state != OutboxState.CANCELLED.value,
            _after_giving_back(outbox.c.created_at, since, now),
        )
        .correlate(conversations)
    )
    return decided.exists() | wrote.exists()


def _after_giving_back(
    moment: ColumnElement[datetime], since: datetime, now: datetime
) -> ColumnElement[bool]:
    """Whether something was said since then, and not before the conversation was last given back.

    What lies ahead was said before the clock was set back, nobody knows how long ago. It counts: the bot
    should rather be silent than speak beside an operator. `bound_holds` ends that.
    """
    returned_at = conversations.c.given_back_at
    limit = now + SLACK
    # Of a moment of now and a giving back that lies ahead nobody knows which was first.
    is_later = returned_at.is_(None) | (moment > returned_at) | ((returned_at > limit) & (moment <= limit))
    return (moment >= since) & is_later


_CUSTOMER: tuple[ColumnElement[Any], ...] = (
    customers.c.id.label("customer_id"),
    customers.c.channel,
    customers.c.external_id,
    customers.c.name,
    customers.c.language,
)
_CUSTOMERS: Select[Any] = select(*_CUSTOMER, conversations.c.id.label("conversation_id")).join(
    conversations, conversations.c.customer_id == customers.c.id
)


def _customer(row: Row[Any]) -> Customer:
    return Customer(
        id=row.customer_id,
        conversation_id=row.conversation_id,
        channel=row.channel,
        chat_id=row.external_id,
        name=row.name,
        language=row.language,
    )


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        turn_id=row.turn_id,
        external_id=row.external_id,
        kind=MessageKind(row.kind),
        text=row.text,
        forwarded=row.forwarded,
        replaces=row.replaces,
        received_at=row.received_at,
    )


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


def _suggestion(row: Row[Any]) -> OfferedSuggestion:
    return OfferedSuggestion(
        turn_id=row.turn_id,
        rank=row.rank,
        article_id=row.article_id,
        question=row.question,
        text=row.text,
        topic=row.topic,
        language=row.language,
        similarity=row.similarity,
        confidence=row.confidence,
    )

"""The outbox: replies are written with the decision and delivered afterwards."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, case, exists, func, literal, or_, select, update

from kb_index.marks import Mark, from_lines, to_lines
from prompter.common.clock import SLACK, Waits
from prompter.domain.conversation import Author, OutboxState, Reply
from prompter.storage.rows import Rows
from prompter.storage.tables import UtcDateTime, accounts, conversations, customers, messages, outbox


class OutboxRows(Rows):
    def add(
        self,
        *,
        conversation_id: int,
        parts: Sequence[str],
        author: Author,
        not_before: datetime,
        now: datetime,
        turn_id: int | None = None,
        decision_id: int | None = None,
        operator_id: int | None = None,
        offers_operator: bool = False,
        marks: Sequence[Mark] = (),
    ) -> list[int]:
        """Add a reply to the outbox, one row per part, and return their ids in order.

        With `offers_operator` the last part comes with a button that calls an operator. `marks` are those of
        the article's answer: a channel that can shows them where their words stand in a part. The reply
        belongs to the chat's topic in which the customer wrote last.
        """
        thread_id = self._last_thread(conversation_id, turn_id)
        ids: list[int] = []
        for part, text in enumerate(parts, start=1):
            reply_id = self._insert(
                outbox,
                conversation_id=conversation_id,
                turn_id=turn_id,
                decision_id=decision_id,
                operator_id=operator_id,
                part=part,
                author=author.value,
                text=text,
                state=OutboxState.PENDING.value,
                not_before=not_before,
                attempts=0,
                created_at=now,
                offers_operator=offers_operator and part == len(parts),
                marks=to_lines(marks) or None,
                thread_id=thread_id,
                first_part_id=ids[0] if ids else None,
            )
            ids.append(reply_id)
        return ids

    def _last_thread(self, conversation_id: int, turn_id: int | None) -> str | None:
        of_turn = messages.c.turn_id == turn_id
        of_conversation = messages.c.conversation_id == conversation_id
        return self._connection.scalar(
            select(messages.c.thread_id)
            .where(of_conversation if turn_id is None else of_turn)
            .order_by(messages.c.id.desc())
            .limit(1)
        )

    def get(self, reply_id: int) -> Reply | None:
        row = self._connection.execute(_WITH_OPERATOR.where(outbox.c.id == reply_id)).one_or_none()
        return None if row is None else _reply(row)

    def of_conversation(self, conversation_id: int, *, after: int = 0, limit: int = 200) -> list[Reply]:
        """Return the conversation's last replies with an id above `after`, oldest first."""
        newest_first = self._connection.execute(
            _WITH_OPERATOR.where(outbox.c.conversation_id == conversation_id, outbox.c.id > after)
            .order_by(outbox.c.id.desc())
            .limit(limit)
        )
        return [_reply(row) for row in newest_first][::-1]

    def of_decision(self, decision_id: int) -> list[Reply]:
        rows = self._connection.execute(
            _WITH_OPERATOR.where(outbox.c.decision_id == decision_id).order_by(outbox.c.part)
        )
        return [_reply(row) for row in rows]

    def list_by_state(self, state: OutboxState, *, limit: int = 100) -> list[Reply]:
        rows = self._connection.execute(
            _WITH_OPERATOR.where(outbox.c.state == state.value).order_by(outbox.c.id).limit(limit)
        )
        return [_reply(row) for row in rows]

    def count_by_state(self) -> dict[OutboxState, int]:
        """Count the replies in each state. Every state has a key."""
        rows = self._connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
        return dict.fromkeys(OutboxState, 0) | {OutboxState(state): count for state, count in rows}

    def list_claimable(
        self,
        channels: Collection[str],
        now: datetime,
        *,
        limit: int,
        but: Collection[int] = (),
        waits: Waits | None = None,
    ) -> list[tuple[Reply, str, str, str | None]]:
        """Return replies that may leave now, with channel, chat id and customer's language, oldest first.

        A reply waits for earlier ones of its conversation, so that customers read them in order. If a
        part has failed or its outcome is unknown, the rest of its reply waits until a person has settled
        it, and other replies wait for neither. With `waits`, replies that would wait longer than that are
        included: the clock was set back.
        """
        rows = self._connection.execute(
            _WITH_OPERATOR.add_columns(
                customers.c.channel, customers.c.external_id.label("chat_id"), customers.c.language
            )
            .join(conversations, conversations.c.id == outbox.c.conversation_id)
            .join(customers, customers.c.id == conversations.c.customer_id)
            .where(
                outbox.c.state == OutboxState.PENDING.value,
                (outbox.c.not_before <= now) | _waits_too_long(now, waits, SLACK)
                if waits
                else outbox.c.not_before <= now,
                customers.c.channel.in_(channels),
                outbox.c.id.not_in(but),
                ~_WAITS_FOR_EARLIER,
            )
            .order_by(outbox.c.id)
            .limit(limit)
        )
        return [(_reply(row), row.channel, row.chat_id, row.language) for row in rows]

    def claim(self, reply_id: int, now: datetime, until: datetime) -> int | None:
        """Claim a pending reply for sending, and return the number of this attempt, 1 for the first.

        Return None if another delivery was faster, the reply was undone, or it has to wait: an earlier
        reply of its conversation may have returned to the outbox since it was found.
        """
        attempt: int | None = self._connection.scalar(
            update(outbox)
            .where(
                outbox.c.id == reply_id,
                outbox.c.state == OutboxState.PENDING.value,
                outbox.c.not_before <= now,
                ~_WAITS_FOR_EARLIER,
            )
            .values(state=OutboxState.SENDING.value, claimed_until=until, attempts=outbox.c.attempts + 1)
            .returning(outbox.c.attempts)
        )
        return attempt

    def settle(
        self,
        reply_id: int,
        was: OutboxState,
        state: OutboxState,
        *,
        external_id: str | None = None,
        problem: str | None = None,
        sent_at: datetime | None = None,
        not_before: datetime | None = None,
        attempts: int | None = None,
        settled_by: int | None = None,
        settled_at: datetime | None = None,
    ) -> bool:
        """Move a reply from one state to another. Return False if it was not in the first one."""
        values: dict[str, Any] = {"state": state.value, "problem": problem, "claimed_until": None}
        if settled_by is not None:
            values |= {"settled_by": settled_by, "settled_at": settled_at}
        if external_id is not None:
            values["external_id"] = external_id
        if sent_at is not None:
            values["sent_at"] = sent_at
        if not_before is not None:
            values["not_before"] = not_before
        if attempts is not None:
            values["attempts"] = attempts
        changed = self._connection.execute(
            update(outbox).where(outbox.c.id == reply_id, outbox.c.state == was.value).values(**values)
        )
        return changed.rowcount == 1

    def expired_claims(self, now: datetime, *, max_lease: timedelta | None = None) -> list[tuple[Reply, str]]:
        """Return replies whose delivery has not reported back in time, with their channel.

        With `max_lease`, claims that last longer than that are included: the clock was set back.
        """
        expired = outbox.c.claimed_until < now
        if max_lease is not None:
            expired |= outbox.c.claimed_until > now + max_lease + SLACK
        rows = self._connection.execute(
            _WITH_OPERATOR.add_columns(customers.c.channel)
            .join(conversations, conversations.c.id == outbox.c.conversation_id)
            .join(customers, customers.c.id == conversations.c.customer_id)
            .where(outbox.c.state == OutboxState.SENDING.value, expired)
            .order_by(outbox.c.id)
        )
        return [(_reply(row), row.channel) for row in rows]

    # --- when the clock was set -------------------------------------------------------------

    def wait_anew(self, now: datetime, waits: Waits, *, slack: timedelta = SLACK) -> int:
        """Release replies that would wait longer than any wait lasts, and return how many.

        Replies that can still be undone wait once more, so that the operator gets the promised time.
        """
        late = _waits_too_long(now, waits, slack)
        anew = case(
            (outbox.c.attempts == 0, literal(now + waits.undo, UtcDateTime)), else_=literal(now, UtcDateTime)
        )
        changed = self._connection.execute(
            update(outbox).where(outbox.c.state == OutboxState.PENDING.value, late).values(not_before=anew)
        )
        return int(changed.rowcount)

    def claim_anew(self, now: datetime, waits: Waits, *, slack: timedelta = SLACK) -> int:
        """Limit claims to the lease from now, as their process may be alive, and return how many changed."""
        until = now + waits.lease
        changed = self._connection.execute(
            update(outbox)
            .where(
                outbox.c.state == OutboxState.SENDING.value,
                outbox.c.claimed_until > until + slack,
            )
            .values(claimed_until=until)
        )
        return int(changed.rowcount)

    def keep_undo(self, before: datetime, now: datetime, waits: Waits) -> None:
        """Keep undoable replies undoable after the clock was set forward from `before`."""
        self._connection.execute(
            update(outbox)
            .where(
                outbox.c.state == OutboxState.PENDING.value,
                outbox.c.attempts == 0,
                outbox.c.not_before > before,
                outbox.c.not_before < now + waits.undo,
            )
            .values(not_before=now + waits.undo)
        )

    def keep_claims(self, before: datetime, now: datetime, waits: Waits) -> None:
        """Keep claims valid after the clock was set forward from `before`."""
        self._connection.execute(
            update(outbox)
            .where(
                outbox.c.state == OutboxState.SENDING.value,
                outbox.c.claimed_until > before,
                outbox.c.claimed_until < now + waits.lease,
            )
            .values(claimed_until=now + waits.lease)
        )

    def cancel_decision(self, decision_id: int, now: datetime) -> int:
        """Cancel the parts of a decision's reply that have not left, and return how many."""
        changed = self._connection.execute(
            update(outbox)
            .where(
                outbox.c.decision_id == decision_id,
                outbox.c.state == OutboxState.PENDING.value,
                outbox.c.not_before > now,
                outbox.c.attempts == 0,
            )
            .values(state=OutboxState.CANCELLED.value)
        )
        return int(changed.rowcount)

    def cancel_rest(self, reply: Reply, account_id: int, now: datetime) -> None:
        """Cancel the parts of a reply that wait behind this part."""
        first = reply.first_part_id or reply.id
        self._connection.execute(
            update(outbox)
            .where(
                outbox.c.first_part_id == first,
                outbox.c.conversation_id == reply.conversation_id,
                outbox.c.id > reply.id,
                outbox.c.state == OutboxState.PENDING.value,
            )
            .values(state=OutboxState.CANCELLED.value, settled_by=account_id, settled_at=now)
        )


def _waits_too_long(now: datetime, waits: Waits, slack: timedelta) -> ColumnElement[bool]:
    return or_(
        (outbox.c.attempts == 0) & (outbox.c.not_before > now + waits.undo + slack),
        (outbox.c.attempts > 0) & (outbox.c.not_before > now + waits.retry + slack),
    )


# Earlier replies have to leave first, and the earlier parts of a reply to be settled. What waits for a person
# to settle a part of its own reply holds up nothing else. Built once, as the outbox is looked through
# several times a second, and to build an alias of a table takes longer than the query.
_UNSETTLED = [OutboxState.UNKNOWN.value, OutboxState.FAILED.value]
_earlier = outbox.alias("earlier")
_unsettled = outbox.alias("unsettled")
_EARLIER_WAITS_FOR_A_PERSON = exists().where(
    _unsettled.c.conversation_id == _earlier.c.conversation_id,
    _unsettled.c.id < _earlier.c.id,
    (_unsettled.c.id == _earlier.c.first_part_id) | (_unsettled.c.first_part_id == _earlier.c.first_part_id),
    _unsettled.c.state.in_(_UNSETTLED),
)
_WAITS_FOR_EARLIER = exists().where(
    _earlier.c.conversation_id == outbox.c.conversation_id,
    _earlier.c.id < outbox.c.id,
    (
        _earlier.c.state.in_([OutboxState.PENDING.value, OutboxState.SENDING.value])
        & ~_EARLIER_WAITS_FOR_A_PERSON
    )
    | (
        ((_earlier.c.id == outbox.c.first_part_id) | (_earlier.c.first_part_id == outbox.c.first_part_id))
        & _earlier.c.state.in_(_UNSETTLED)
    ),
)

_settlers = accounts.alias("settlers")
_WITH_OPERATOR = (
    select(
        outbox,
        accounts.c.name.label("operator_name"),
        _settlers.c.name.label("settler_name"),
    )
    .join(accounts, accounts.c.id == outbox.c.operator_id, isouter=True)
    .join(_settlers, _settlers.c.id == outbox.c.settled_by, isouter=True)
)


def _reply(row: Row[Any]) -> Reply:
    return Reply(
        id=row.id,
        conversation_id=row.conversation_id,
        turn_id=row.turn_id,
        decision_id=row.decision_id,
        part=row.part,
        author=Author(row.author),
        operator_name=row.operator_name,
        text=row.text,
        state=OutboxState(row.state),
        not_before=row.not_before,
        attempts=row.attempts,
        external_id=row.external_id,
        problem=row.problem,
        created_at=row.created_at,
        sent_at=row.sent_at,
        offers_operator=row.offers_operator,
        marks=from_lines(row.marks or ()),
        settled_by=row.settler_name,
        settled_at=row.settled_at,
        first_part_id=row.first_part_id,
        thread_id=row.thread_id,
    )

"""Tell whether an operator is in control of a conversation, or the bot may answer."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, select, true, update

from prompter.common.clock import SLACK
from prompter.domain.conversation import (
    Author,
    OutboxState,
)
from prompter.domain.dialogue import IDS as DIALOGUES
from prompter.domain.evidence import Verdict
from prompter.storage.rows import Rows
from prompter.storage.tables import (
    conversations,
    decisions,
    outbox,
    turns,
)


class OperatorControlRows(Rows):
    """Operators' messages and returns to the bot."""

    def bound_holds(self, now: datetime) -> None:
        """Move future moments of operators' messages and returns to now, keeping their order.

        They then hold the bot back no longer than if they had happened now.
        """
        later = now + timedelta(microseconds=1)  # for messages after the return to the bot
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

    def has_operator_written(self, conversation_id: int, *, since: datetime, now: datetime) -> bool:
        """Return whether an operator has written since then without returning the conversation afterwards."""
        wrote = (
            select(outbox.c.id)
            .join(conversations, conversations.c.id == outbox.c.conversation_id)
            .where(
                outbox.c.conversation_id == conversation_id,
                outbox.c.author == Author.OPERATOR.value,
                outbox.c.state != OutboxState.CANCELLED.value,
                _is_after_return(outbox.c.created_at, since, now),
            )
        )
        return bool(self._connection.scalar(select(wrote.exists())))

    def operator_in_control(self, conversation_id: int, *, since: datetime, now: datetime) -> bool:
        """Return whether an operator has written anything since then but the top suggestion."""
        held = select(operator_in_control(since, now)).where(conversations.c.id == conversation_id)
        return bool(self._connection.scalar(held))

    def has_operator_answered(self, conversation_id: int, *, since: datetime, now: datetime) -> bool:
        """Return whether an operator has written anything since then but a dialogue's top suggestion."""
        held = select(operator_in_control(since, now, but_dialogues=True)).where(
            conversations.c.id == conversation_id
        )
        return bool(self._connection.scalar(held))

    def return_to_bot(self, conversation_id: int, now: datetime) -> None:
        """Return the conversation to the bot, which may answer again."""
        self._connection.execute(
            update(conversations).where(conversations.c.id == conversation_id).values(given_back_at=now)
        )


def operator_in_control(
    since: datetime, now: datetime, *, but_dialogues: bool = False
) -> ColumnElement[bool]:
    """Build the condition that an operator is in control of the selected conversation.

    An operator is in control after writing something since then that was not the top suggestion. Blind
    answers do not count, as they cannot be compared with it. With `but_dialogues`, only a dialogue's
    top suggestion is exempt.
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
            _is_after_return(decisions.c.decided_at, since, now),
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
            _is_after_return(outbox.c.created_at, since, now),
        )
        .correlate(conversations)
    )
    return decided.exists() | wrote.exists()


def _is_after_return(moment: ColumnElement[datetime], since: datetime, now: datetime) -> ColumnElement[bool]:
    """Build the condition that a message was sent since then, and after the last return to the bot.

    A future moment was stored before the clock was set back, and its true age is unknown. It counts, as
    the bot should rather be silent than speak beside an operator. `bound_holds` ends that.
    """
    returned_at = conversations.c.given_back_at
    limit = now + SLACK
    # The order of a current moment and a future return to the bot is unknown.
    is_later = returned_at.is_(None) | (moment > returned_at) | ((returned_at > limit) & (moment <= limit))
    return (moment >= since) & is_later

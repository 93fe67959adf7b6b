"""Whether an operator leads a conversation, or the bot may answer."""

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
    """What operators have said and given back."""

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

"""The operator's view of the desk, read in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from prompter.accounts.roles import has_role
from prompter.dialogue.session import Outage, outage
from prompter.domain.account import Account, Role
from prompter.domain.conversation import (
    Customer,
    Message,
    OfferedSuggestion,
    OutboxState,
    Reply,
    Turn,
    TurnState,
)
from prompter.domain.readiness import ReadinessState, StoredReadiness
from prompter.domain.triage import HandoffReason
from prompter.storage import Transaction

_URGENT = frozenset({HandoffReason.CUSTOMER_REQUEST, HandoffReason.COMPLAINT})
_URGENT_AHEAD = timedelta(minutes=10)  # by which urgent turns go ahead of others


@dataclass(frozen=True, kw_only=True)
class QueueItem:
    """A turn that waits for an operator."""

    turn: Turn
    customer: Customer
    confidence: float | None  # of the first suggestion


@dataclass(frozen=True, kw_only=True)
class ConversationView:
    """A conversation as an operator sees it.

    `questions` are the turns that wait for an answer, oldest first, and `turn` is the one to decide on.
    `is_being_read` means that suggestions for the customer's last messages are not made yet.
    `held` means that an operator has written lately: until the conversation is returned, the bot gives
    no automated replies there, and its dialogue is paused.
    """

    customer: Customer
    messages: list[Message]
    replies: list[Reply]
    turn: Turn | None
    questions: list[Turn]
    suggestions: list[OfferedSuggestion]
    last_message_id: int
    held: bool = False
    is_being_read: bool = False


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Amount of work: turns that wait for an operator, and replies by state.

    `untriaged` turns wait for the worker, counted up to 10,000, and the oldest of them has waited for
    `oldest_untriaged`. `outage` is set while the dialogue engine does not answer.
    """

    waiting: int
    replies: Mapping[OutboxState, int]
    untriaged: int = 0
    oldest_untriaged: timedelta = timedelta(0)
    outage: Outage | None = None


@dataclass(frozen=True, kw_only=True)
class DeskSnapshot:
    """The desk at one moment. `view` is None if no conversation is open.

    `opened_by` is filled in by the page alone: names of the other people who
    have a conversation on their screens, by its id.
    """

    queue: list[QueueItem] = field(default_factory=list)
    view: ConversationView | None = None
    undelivered: list[Reply] = field(default_factory=list)
    opened_by: Mapping[int, list[str]] = field(default_factory=dict)
    workload: Workload | None = None  # for supervisors
    demoted: list[str] = field(default_factory=list)  # topics whose accuracy dropped; for supervisors
    outage: Outage | None = None  # of the dialogue engine

    @property
    def turn(self) -> Turn | None:
        """The turn to decide on."""
        return self.view.turn if self.view else None

    @property
    def suggestions(self) -> list[OfferedSuggestion]:
        """The suggestions for the turn to decide on."""
        return self.view.suggestions if self.view else []

    @property
    def offer(self) -> tuple[object, ...]:
        """The turn and the suggestions that the operator's keys act on."""
        texts = ((suggestion.article_id, suggestion.text) for suggestion in self.suggestions)
        return (self.turn.id if self.turn else None, *texts)

    def is_waiting(self, turn_id: int) -> bool:
        """Return whether the turn is in the queue."""
        return any(item.turn.id == turn_id for item in self.queue)


class DeskViews:
    """Reads the operator's view in the caller's transaction."""

    def __init__(self, tx: Transaction, *, now: datetime, operator_hold: timedelta) -> None:
        self._tx = tx
        self._now = now
        self._operator_hold = operator_hold

    def snapshot(
        self, account: Account, conversation_id: int | None, turn_id: int | None = None
    ) -> DeskSnapshot:
        tx = self._tx
        topics = list(tx.readiness.all().values())
        queue = self.queue()
        view = None if conversation_id is None else self._conversation(conversation_id, turn_id, topics)
        is_supervisor = has_role(account, Role.SUPERVISOR)
        workload = self.workload() if is_supervisor else None
        return DeskSnapshot(
            queue=queue,
            view=view,
            undelivered=self.undelivered_replies(),
            workload=workload,
            demoted=[topic.name for topic in topics if topic.state is ReadinessState.DEMOTED]
            if is_supervisor
            else [],
            outage=workload.outage if workload else outage(tx),
        )

    def queue(self) -> list[QueueItem]:
        """Return the turns that wait for an operator, longest wait first.

        Customers who ask for a person or complain count as having waited longer. They go ahead of others,
        but nobody waits for ever.
        """
        queue = [
            QueueItem(turn=turn, customer=customer, confidence=confidence)
            for turn, customer, confidence in self._tx.conversations.waiting_turns()
        ]
        places = {item.turn.id: _place_of(place, queue) for place, item in enumerate(queue)}
        return sorted(queue, key=lambda item: places[item.turn.id])

    def workload(self) -> Workload:
        tx, now = self._tx, self._now
        untriaged, since = tx.conversations.count_untriaged(now)
        return Workload(
            waiting=tx.conversations.count_waiting(),
            replies=tx.outbox.count_by_state(),
            untriaged=untriaged,
            oldest_untriaged=timedelta(0) if since is None else max(timedelta(0), now - since),
            outage=outage(tx),
        )

    def conversation(self, conversation_id: int, turn_id: int | None = None) -> ConversationView | None:
        """Return a conversation's messages and the turn to decide on, or None if it does not exist."""
        return self._conversation(conversation_id, turn_id, list(self._tx.readiness.all().values()))

    def _conversation(
        self, conversation_id: int, turn_id: int | None, topics: Sequence[StoredReadiness]
    ) -> ConversationView | None:
        tx = self._tx
        customer = tx.conversations.customer(conversation_id)
        if customer is None:
            return None
        waiting = tx.conversations.conversation_turns(conversation_id, TurnState.WAITING)
        chosen = (question for question in waiting if question.id == turn_id)
        turn = next(chosen, waiting[0] if waiting else None)
        return ConversationView(
            customer=customer,
            messages=tx.conversations.messages(conversation_id),
            replies=tx.outbox.of_conversation(conversation_id),
            turn=turn,
            questions=waiting,
            suggestions=visible_suggestions(tx, turn) if turn else [],
            last_message_id=tx.conversations.last_message_id(conversation_id),
            held=self._is_held(conversation_id, topics),
            is_being_read=tx.conversations.current_turn(conversation_id) is not None,
        )

    def _is_held(self, conversation_id: int, topics: Sequence[StoredReadiness]) -> bool:
        """Return whether an operator's presence stops automated replies or the dialogue."""
        tx, now = self._tx, self._now
        since = now - self._operator_hold
        may_answer = any(topic.state is ReadinessState.AUTOPILOT for topic in topics)
        if may_answer and tx.conversations.has_operator_written(conversation_id, since=since, now=now):
            return True
        has_dialogue = tx.dialogues.get(conversation_id) is not None
        return has_dialogue and tx.conversations.operator_in_control(conversation_id, since=since, now=now)

    def undelivered_replies(self) -> list[Reply]:
        """Return the replies that failed or whose delivery is not confirmed."""
        outbox = self._tx.outbox
        return outbox.list_by_state(OutboxState.UNKNOWN) + outbox.list_by_state(OutboxState.FAILED)


def _place_of(place: int, queue: Sequence[QueueItem]) -> float:
    """Return the place of an item in a queue in order of id, or half a place ahead of those it overtakes."""
    turn = queue[place].turn
    if turn.handoff_reason not in _URGENT:
        return place
    since = turn.received_at - _URGENT_AHEAD
    return next(other for other, item in enumerate(queue) if item.turn.received_at >= since) - 0.5


def visible_suggestions(tx: Transaction, turn: Turn) -> list[OfferedSuggestion]:
    """Return the turn's suggestions, or none if it was drawn to be answered blind."""
    return [] if turn.blind else tx.conversations.shown_suggestions(turn.id)

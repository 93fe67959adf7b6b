"""Customers' reactions to automated replies: thumbs, and calls for an operator."""

from datetime import datetime, timedelta

from prompter.common.clock import Clock, utc_now
from prompter.common.errors import NotFound
from prompter.domain.conversation import Author, Reply, Turn, TurnState
from prompter.domain.evidence import ReviewKind, Signal
from prompter.domain.triage import HandoffReason, Route
from prompter.readiness.sampling import SamplingPolicy
from prompter.readiness.second_reviews import request_review
from prompter.storage import Store, Transaction
from prompter.text.notices import notice

SOON = timedelta(hours=1)  # messages so soon after an answer may refer to it


class Feedback:
    """The customers' use cases of the buttons under an automated reply.

    A signal is no evidence, as unhappy people press more often. It puts the answer before an operator
    for review, and raises the audited share of the topic's automated replies.
    """

    def __init__(
        self,
        store: Store,
        *,
        sampling: SamplingPolicy,
        language: str,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._sampling = sampling
        self._language = language
        self._clock = clock

    def rate(self, channel: str, chat_id: str, reply_id: int, *, helpful: bool) -> bool:
        """Record whether an answer helped. Return False if that was known.

        Raises:
            NotFound: when the bot has given this customer no such answer.
        """
        now = self._clock()
        with self._store.write() as tx:
            _reply, turn = _answer(tx, channel, chat_id, reply_id)
            signal = Signal.THUMB_UP if helpful else Signal.THUMB_DOWN
            return note(tx, turn, signal, self._sampling, now)

    def call_operator(self, channel: str, chat_id: str, reply_id: int) -> bool:
        """Put the turn before an operator and tell the customer. Return False if that was done already.

        Raises:
            NotFound: when the bot has given this customer no such answer.
        """
        now = self._clock()
        with self._store.write() as tx:
            reply, turn = _answer(tx, channel, chat_id, reply_id)
            if not note(tx, turn, Signal.OPERATOR_CALLED, self._sampling, now):
                return False
            if turn.state is not TurnState.CLOSED:
                return False
            tx.conversations.hand_over(turn.id, HandoffReason.CUSTOMER_REQUEST)
            customer = tx.conversations.customer(reply.conversation_id)
            language = (customer.language if customer and customer.language else self._language)[:2]
            tx.outbox.add(
                conversation_id=reply.conversation_id,
                turn_id=turn.id,
                parts=[notice(HandoffReason.CUSTOMER_REQUEST, language) or ""],
                author=Author.BOT,
                not_before=now,
                now=now,
            )
        return True


def note(tx: Transaction, turn: Turn, signal: Signal, sampling: SamplingPolicy, now: datetime) -> bool:
    """Record a signal, and request a review on the first bad one. Return False if it was known."""
    before = tx.signals.of_turn(turn.id)
    if not tx.signals.add(turn.id, signal, now):
        return False
    is_asked = any(review.kind is ReviewKind.AUDIT for review in tx.reviews.of_turn(turn.id))
    if signal.is_bad and not any(earlier_signal.is_bad for earlier_signal in before) and not is_asked:
        request_review(
            tx,
            turn,
            tx.conversations.suggestions(turn.id),
            kind=ReviewKind.CHECK,
            decision_id=None,
            sent=None,
            excluded_account_id=None,
            bot_position=sampling.place(),
            now=now,
        )
    return True


def _answer(tx: Transaction, channel: str, chat_id: str, reply_id: int) -> tuple[Reply, Turn]:
    reply = tx.outbox.get(reply_id)
    customer = tx.conversations.find(channel, chat_id)
    turn = tx.conversations.turn(reply.turn_id) if reply and reply.turn_id else None
    is_own_reply = (
        customer is not None and reply is not None and reply.conversation_id == customer.conversation_id
    )
    if not is_own_reply or reply is None or turn is None or turn.route is not Route.AUTOPILOT:
        raise NotFound("there is no such answer")
    return reply, turn

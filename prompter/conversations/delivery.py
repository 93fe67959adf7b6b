"""The outbox as messengers use it: claim a reply, report its outcome."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kb_index.marks import Mark
from prompter.common.clock import Clock, Waits, utc_now
from prompter.conversations.clock_guard import ClockGuard
from prompter.domain.conversation import OutboxState
from prompter.storage import Store, Transaction


@dataclass(frozen=True, kw_only=True)
class OutgoingMessage:
    """A message to send. `attempt` is 1 for the first try."""

    id: int
    channel: str
    chat_id: str
    attempt: int
    text: str = field(repr=False)
    offers_operator: bool = False  # with buttons: did it help, call an operator
    language: str | None = None  # of the customer
    marks: tuple[Mark, ...] = field(default=(), repr=False)  # to be shown where their words stand
    thread_id: str | None = None  # of the topic in the chat


class Deliveries:
    """Each reply leaves at most once for a decision. Doubtful deliveries are shown, not guessed.

    A long reply leaves in parts, in order. After a part that has failed or may have arrived, the rest of
    that reply stays until a person has settled the part.

    States: pending -> sending (claimed, before anything is sent) -> sent | pending (the messenger
    has certainly not accepted it) | unknown (it may have) | failed (it never will).
    """

    def __init__(
        self,
        store: Store,
        *,
        waits: Waits,
        max_attempts: int,
        clock: Clock = utc_now,
        guard: ClockGuard | None = None,
    ) -> None:
        self._store = store
        self._waits = waits
        self._guard = guard
        self._max_attempts = max_attempts
        self._clock = clock

    def list_waiting(
        self, channels: Collection[str], *, limit: int = 20, but: Collection[int] = ()
    ) -> list[OutgoingMessage]:
        """Return replies that may leave now, the first of each chat, without claiming them.

        Replies whose ids are in `but` are left out.
        """
        if self._guard is not None:
            self._guard.run_once()
        now = self._clock()
        with self._store.read() as tx:
            found = tx.outbox.list_claimable(channels, now, limit=limit, but=but, waits=self._waits)
        if any(reply.not_before > now for reply, *_ in found):  # the clock was set back
            with self._store.write() as tx:
                tx.outbox.wait_anew(now, self._waits)
                found = tx.outbox.list_claimable(channels, now, limit=limit, but=but)
        return [
            OutgoingMessage(
                id=reply.id,
                channel=channel,
                chat_id=chat_id,
                attempt=reply.attempts + 1,
                text=reply.text,
                offers_operator=reply.offers_operator,
                language=language,
                marks=reply.marks,
                thread_id=reply.thread_id,
            )
            for reply, channel, chat_id, language in found
        ]

    def claim_one(self, message: OutgoingMessage) -> OutgoingMessage | None:
        """Claim a reply right before it is sent, and return it with its current attempt number.

        Return None if it can no longer be sent now.
        """
        with self._store.write() as tx:
            return self._claim(tx, message, self._clock())

    def claim(self, channels: Collection[str], *, limit: int = 20) -> list[OutgoingMessage]:
        """Claim replies for delivery, each for one caller only and in the order of its chat.

        If the caller dies, the outcome of its replies is unknown, unless they may be sent twice.
        """
        if not (waiting := self.list_waiting(channels, limit=limit)):
            return []
        now = self._clock()
        with self._store.write() as tx:
            claimed = (self._claim(tx, message, now) for message in waiting)
            return [message for message in claimed if message is not None]

    def _claim(self, tx: Transaction, message: OutgoingMessage, now: datetime) -> OutgoingMessage | None:
        attempt = tx.outbox.claim(message.id, now, now + self._waits.lease)
        return None if attempt is None else replace(message, attempt=attempt)

    def mark_sent(self, message: OutgoingMessage, external_id: str) -> None:
        self._settle(message, OutboxState.SENT, external_id=external_id)

    def mark_not_accepted(
        self, message: OutgoingMessage, problem: str, *, retry_after: timedelta | None = None
    ) -> None:
        """Try again later, or give up after many attempts: the messenger has certainly not accepted it.

        A messenger that asks for a longer pause than the maximum wait is tried again before that, and
        this try does not count as an attempt.
        """
        max_wait = self._waits.retry
        wait = timedelta(seconds=2 ** (message.attempt - 1)) if retry_after is None else retry_after
        if retry_after is not None and retry_after > max_wait:
            tries = max(1, message.attempt - 1)
            self._settle(message, OutboxState.PENDING, problem=problem, wait=max_wait, attempts=tries)
        elif message.attempt >= self._max_attempts:
            self._settle(message, OutboxState.FAILED, problem=problem)
        else:
            self._settle(message, OutboxState.PENDING, problem=problem, wait=min(wait, max_wait))

    def mark_refused(self, message: OutgoingMessage, problem: str) -> None:
        """Give up: the messenger will never accept it, as the customer blocked us or the chat is gone."""
        self._settle(message, OutboxState.FAILED, problem=problem)

    def mark_unknown(self, message: OutgoingMessage, problem: str) -> None:
        """Leave it to a person to decide whether to send it again: it may have arrived."""
        self._settle(message, OutboxState.UNKNOWN, problem=problem)

    def expire_claims(self, idempotent_channels: Collection[str], *, alive: Collection[int] = ()) -> int:
        """Settle claimed replies whose delivery never reported, because its process died.

        They are sent again where sending twice is harmless. Elsewhere their outcome is unknown. Replies
        with ids in `alive` are still being sent, whatever the clock says.
        """
        if self._guard is not None:
            self._guard.run_once()
        now = self._clock()
        with self._store.read() as tx:
            if not tx.outbox.expired_claims(now, max_lease=self._waits.lease):
                return 0
        with self._store.write() as tx:
            tx.outbox.claim_anew(now, self._waits)
            expired = [
                (reply, channel) for reply, channel in tx.outbox.expired_claims(now) if reply.id not in alive
            ]
            for reply, channel in expired:
                again = channel in idempotent_channels
                tx.outbox.settle(
                    reply.id,
                    OutboxState.SENDING,
                    OutboxState.PENDING if again else OutboxState.UNKNOWN,
                    problem="the program stopped while it was being sent",
                )
            return len(expired)

    def _settle(
        self,
        message: OutgoingMessage,
        state: OutboxState,
        *,
        external_id: str | None = None,
        problem: str | None = None,
        wait: timedelta | None = None,
        attempts: int | None = None,
    ) -> None:
        now = self._clock()
        with self._store.write() as tx:
            # A claim may have expired in the meantime. The process that sent it knows better than "unknown".
            for was in (OutboxState.SENDING, OutboxState.UNKNOWN):
                if tx.outbox.settle(
                    message.id,
                    was,
                    state,
                    external_id=external_id,
                    problem=problem,
                    sent_at=now if state is OutboxState.SENT else None,
                    not_before=now + wait if wait is not None else None,
                    attempts=attempts,
                ):
                    return

"""The outbox as the messenger faces see it: take a reply, report its fate."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from prompter.clock import Clock, utc_now
from prompter.storage import Store
from prompter.values import OutboxState


@dataclass(frozen=True, kw_only=True)
class OutgoingMessage:
    """One message to send; `attempt` is 1 for the first try."""

    id: int
    channel: str
    chat_id: str
    attempt: int
    text: str = field(repr=False)
    offers_operator: bool = False  # with buttons: did it help, call an operator
    language: str | None = None  # of the customer


class Deliveries:
    """Every reply leaves at most once for a decision; what is not certain is shown, not guessed.

    States: pending -> sending (claimed, before anything is sent) -> sent | pending (the messenger
    surely has not taken it) | unknown (it may have) | failed (it never will).
    """

    def __init__(
        self,
        store: Store,
        *,
        lease: timedelta = timedelta(seconds=60),
        most_attempts: int = 8,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._lease = lease
        self._most_attempts = most_attempts
        self._clock = clock

    def claim(self, channels: Collection[str], *, most: int = 20) -> list[OutgoingMessage]:
        """Take replies for delivery; each is handed to one caller only, in the order of its chat."""
        now = self._clock()
        claimed = []
        with self._store.read() as tx:
            if not (waiting := tx.outbox.claimable(channels, now, most=most)):
                return []
        with self._store.write() as tx:
            for reply, channel, chat_id, language in waiting:
                if tx.outbox.claim(reply.id, now + self._lease):
                    claimed.append(
                        OutgoingMessage(
                            id=reply.id,
                            channel=channel,
                            chat_id=chat_id,
                            attempt=reply.attempts + 1,
                            text=reply.text,
                            offers_operator=reply.offers_operator,
                            language=language,
                        )
                    )
        return claimed

    def sent(self, message: OutgoingMessage, external_id: str) -> None:
        self._settle(message, OutboxState.SENT, external_id=external_id)

    def not_taken(
        self, message: OutgoingMessage, problem: str, *, retry_after: timedelta | None = None
    ) -> None:
        """The messenger surely has not taken it: try again later, or give up after many times."""
        if message.attempt >= self._most_attempts:
            self._settle(message, OutboxState.FAILED, problem=problem)
            return
        wait = retry_after or timedelta(seconds=min(300, 2 ** (message.attempt - 1)))
        self._settle(message, OutboxState.PENDING, problem=problem, wait=wait)

    def refused(self, message: OutgoingMessage, problem: str) -> None:
        """The messenger will never take it: the customer blocked us, the chat is gone."""
        self._settle(message, OutboxState.FAILED, problem=problem)

    def fate_unknown(self, message: OutgoingMessage, problem: str) -> None:
        """It may have arrived: a person decides whether to send it again."""
        self._settle(message, OutboxState.UNKNOWN, problem=problem)

    def expire_claims(self, idempotent_channels: Collection[str]) -> int:
        """Settle what a delivery took and never reported on, because its process died.

        Where sending twice is harmless it is sent again; elsewhere its fate is unknown.
        """
        with self._store.read() as tx:
            if not tx.outbox.expired_claims(self._clock()):
                return 0
        with self._store.write() as tx:
            expired = tx.outbox.expired_claims(self._clock())
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
    ) -> None:
        now = self._clock()
        with self._store.write() as tx:
            tx.outbox.settle(
                message.id,
                OutboxState.SENDING,
                state,
                external_id=external_id,
                problem=problem,
                sent_at=now if state is OutboxState.SENT else None,
                not_before=now + wait if wait is not None else None,
            )

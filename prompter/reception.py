"""Customers' messages come in: stored first, acknowledged afterwards."""

from dataclasses import dataclass, replace
from datetime import timedelta

from prompter.clock import Clock, utc_now
from prompter.storage import Conflict, Store
from prompter.values import IncomingMessage

_TRIES = 5
_LONGEST_TEXT = 20_000  # characters kept of a message; no messenger sends so many


@dataclass(frozen=True, kw_only=True)
class Received:
    """`is_new` is False where the messenger handed over a message that was stored before."""

    conversation_id: int
    is_new: bool


class Reception:
    """Stores messages and gathers them into turns."""

    def __init__(
        self,
        store: Store,
        *,
        quiet: timedelta = timedelta(seconds=1.5),
        longest: timedelta = timedelta(seconds=10),
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._quiet = quiet
        self._longest = longest
        self._clock = clock

    def receive(self, message: IncomingMessage) -> Received:
        """Store a message; once this returns, it is safe to acknowledge it to the messenger."""
        for _ in range(_TRIES - 1):
            try:
                return self._receive(message)
            except Conflict:
                continue  # the same chat wrote through another process, or its turn was triaged just now
        return self._receive(message)

    def _receive(self, message: IncomingMessage) -> Received:
        now = self._clock()
        with self._store.write() as tx:
            rows = tx.conversations
            conversation_id = rows.ensure(message, now)
            if rows.has_message(conversation_id, message.external_id):
                return Received(conversation_id=conversation_id, is_new=False)
            turn = rows.open_turn(conversation_id, now)
            message_id = rows.add_message(conversation_id, turn.id, _storable(message), now)
            closes_at = min(now + self._quiet, turn.received_at + self._longest)
            if not rows.extend_turn(turn.id, last_message_id=message_id, closes_at=closes_at):
                raise Conflict("the turn was triaged meanwhile")
        return Received(conversation_id=conversation_id, is_new=True)


def _storable(message: IncomingMessage) -> IncomingMessage:
    """Without NUL characters, which PostgreSQL refuses, lone surrogates, and pages of text."""
    text = message.text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return replace(message, text=text[:_LONGEST_TEXT])

"""Receive customers' messages: store first, acknowledge afterwards."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from prompter.common.clock import Clock, utc_now
from prompter.conversations.commands import CommandReplies
from prompter.conversations.lanes import MAX_RECENT_TURNS, Lane, lane_of
from prompter.domain.conversation import Author, Command, IncomingMessage, OutboxState
from prompter.storage import Conflict, Store, Transaction
from prompter.text.message_parts import split_into_parts

_TRIES = 5
_MAX_TEXT_LENGTH = 20_000  # characters kept of a message; no messenger sends as many
_MAX_WAITING_MESSAGES = 20  # of one chat, if there is a limit


class Overloaded(Exception):
    """So many messages wait for triage that this one was not stored. It can be sent again later."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A stored message. `is_new` is False if the messenger delivered it before."""

    conversation_id: int
    is_new: bool


class Reception:
    """Stores messages and groups them into turns.

    `max_untriaged` limits the turns that wait for triage: at that number new chats are refused, and at
    twice that number every customer who is not waiting already. None stores every message: for
    messengers, which would not ask their customers to try again. `command_replies` answer commands, which
    are kept with the conversation and make no work for operators.
    """

    def __init__(
        self,
        store: Store,
        *,
        debounce: timedelta,
        max_wait: timedelta,
        max_untriaged: int | None = None,
        command_replies: CommandReplies = CommandReplies(),  # noqa: B008 - it cannot be changed
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._debounce = debounce
        self._max_wait = max_wait
        self._max_untriaged = max_untriaged
        self._command_replies = command_replies
        self._clock = clock

    def knows(self, channel: str, chat_id: str) -> bool:
        """Return whether any message was ever stored in this chat."""
        with self._store.read() as tx:
            return tx.conversations.find(channel, chat_id) is not None

    def move_chat(self, channel: str, chat_id: str, new_chat_id: str) -> bool:
        """Give a chat another id and return whether there was such a chat. The old id no longer opens it."""
        with self._store.write() as tx:
            return tx.conversations.move_chat(channel, chat_id, new_chat_id)

    def receive(self, message: IncomingMessage) -> Receipt:
        """Store a message. Once this returns, it is safe to acknowledge it to the messenger.

        Raises:
            Overloaded: when too many turns or messages wait already.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._receive(message)
            except Conflict:
                continue  # the same chat wrote through another process, or its turn was triaged just now
        return self._receive(message)

    def _receive(self, message: IncomingMessage) -> Receipt:
        now = self._clock()
        with self._store.write() as tx:
            rows = tx.conversations
            conversation_id = rows.ensure(message, now)
            if rows.has_message(conversation_id, message.external_id):
                return Receipt(conversation_id=conversation_id, is_new=False)
            if message.command is not None:
                self._answer_command(tx, conversation_id, message, message.command, now)
                return Receipt(conversation_id=conversation_id, is_new=True)
            if _says_the_same(tx, conversation_id, message):
                return Receipt(conversation_id=conversation_id, is_new=False)
            turn = rows.current_turn(conversation_id)
            if turn is None:
                lane = lane_of(rows.last_turns(conversation_id, limit=MAX_RECENT_TURNS), now)
                self._check_backlog(tx, lane)
                turn = rows.open_turn(
                    conversation_id, now, lane=f"{message.channel}/{lane}", share=lane.share
                )
            else:
                self._check_waiting(tx, turn.id)
            message_id = rows.add_message(conversation_id, turn.id, _make_storable(message), now)
            closes_at = min(now + self._debounce, turn.received_at + self._max_wait)
            if not rows.extend_turn(turn.id, last_message_id=message_id, closes_at=closes_at):
                raise Conflict("the turn has been triaged in the meantime")
        return Receipt(conversation_id=conversation_id, is_new=True)

    def _answer_command(
        self, tx: Transaction, conversation_id: int, message: IncomingMessage, command: Command, now: datetime
    ) -> None:
        if message.payload:
            tx.conversations.set_source(conversation_id, message.payload)
        customer = tx.conversations.customer(conversation_id)
        if customer is None:
            return
        turn_id = tx.conversations.add_command_turn(conversation_id, now)
        tx.conversations.add_message(conversation_id, turn_id, _make_storable(message), now)
        text = self._command_replies.reply_to(command, customer)
        pending = (
            reply.text
            for reply in tx.outbox.of_conversation(conversation_id, limit=1)
            if reply.state is OutboxState.PENDING
        )
        if text in pending:  # the same command several times in a row
            return
        tx.outbox.add(
            conversation_id=conversation_id,
            turn_id=turn_id,
            parts=split_into_parts(text, customer.channel),
            author=Author.BOT,
            not_before=now,
            now=now,
        )

    def _check_backlog(self, tx: Transaction, lane: Lane) -> None:
        if self._max_untriaged is None:
            return
        room = self._max_untriaged if lane is Lane.NEW else 2 * self._max_untriaged
        if tx.conversations.count_open(limit=room) >= room:
            raise Overloaded("too many turns wait for triage")

    def _check_waiting(self, tx: Transaction, turn_id: int) -> None:
        """Limit the messages of a waiting turn, which must not grow without end."""
        if self._max_untriaged is None:
            return
        limit = _MAX_WAITING_MESSAGES
        if tx.conversations.count_turn_messages(turn_id, limit=limit) >= limit:
            raise Overloaded("too many messages of this chat wait for triage")


def _says_the_same(tx: Transaction, conversation_id: int, message: IncomingMessage) -> bool:
    """Return whether an edit changes no words and no file, but formatting or the preview of a link."""
    if message.replaces is None:
        return False
    before = tx.conversations.last_wording(conversation_id, message.replaces)
    return before is not None and (
        before.text.split(),
        before.kind,
        before.file_name,
        before.file_size,
    ) == (_make_storable(message).text.split(), message.kind, message.file_name, message.file_size)


def _make_storable(message: IncomingMessage) -> IncomingMessage:
    """Return the message without NUL characters, which PostgreSQL refuses, lone surrogates or excess text."""
    text = message.text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return replace(message, text=text[:_MAX_TEXT_LENGTH])

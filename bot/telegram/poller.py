"""Poll Telegram for messages and button presses. They are stored first and acknowledged afterwards."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import structlog
from telegram import Update
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.buttons import Button, Feedback, press
from bot.telegram.client import TelegramClient, TooManyRequests, UnreadableUpdate
from bot.telegram.keyboard import answer_to
from bot.telegram.mapping import CHANNEL, AnyPress, ButtonPress, read_press, read_raw, read_update
from prompter.common.errors import NotFound
from prompter.common.safe_errors import describe_without_content
from prompter.common.shutdown import Backoff, stop_task
from prompter.conversations.intake import Receipt
from prompter.domain.conversation import IncomingMessage, MessageKind
from prompter.text.translations import supported_language

log = structlog.get_logger(__name__)

_REFUSED_PAUSE = 60.0  # seconds until a refused token is tried again
AnyUpdate = Update | UnreadableUpdate


class Receiver(Protocol):
    """The part of the reception that the poller needs."""

    def receive(self, message: IncomingMessage) -> Receipt: ...


class TelegramPoller:
    """Asks for updates. The offset moves past an update only when its content is in the database.

    Telegram keeps updates that no higher offset has confirmed for 24 hours. So nothing is lost while our
    database is down, and an update that arrives twice after a crash is recognized by its id. `language` is
    used for customers whose language is unknown. Messages wait at most `answer_seconds` for answers to
    button presses, which end the buttons' loading state.
    """

    def __init__(
        self,
        client: TelegramClient,
        reception: Receiver,
        feedback: Feedback,
        *,
        language: str,
        poll_seconds: int,
        answer_seconds: float = 5.0,
        first_backoff_seconds: float = 0.5,
        max_backoff_seconds: float = 30.0,
    ) -> None:
        self._client = client
        self._reception = reception
        self._feedback = feedback
        self._language = language
        self._poll_seconds = poll_seconds
        self._answer_seconds = answer_seconds
        self._first_backoff_seconds = first_backoff_seconds
        self._max_backoff_seconds = max_backoff_seconds
        self._offset: int | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set. No error ends it, as even "wrong token" may come from a proxy."""
        asking, storing = self._backoff(), self._backoff()
        while not stop.is_set():
            try:
                updates = await self._ask(stop)
            except InvalidToken:
                log.error("telegram_token_refused", hint="check SUFLER_TELEGRAM_TOKEN and telegram.base_url")
                await asking.wait(stop, min_seconds=_REFUSED_PAUSE)
            except Conflict as error:
                log.error("telegram_polled_elsewhere", hint=_conflict_hint(error))
                await asking.wait(stop)
            except TooManyRequests as error:
                log.warning("telegram_asks_to_slow_down", retry_after=error.retry_after)
                await asking.wait(stop, min_seconds=error.retry_after or 0)
            except TelegramError as error:
                log.warning("telegram_unreachable", error=type(error.__cause__ or error).__name__)
                await asking.wait(stop)
            except Exception as error:
                log.error("telegram_polling_broke", error=describe_without_content(error))
                await asking.wait(stop)
            else:
                asking.record_success()
                if await self._store(updates):
                    storing.record_success()
                else:
                    await storing.wait(stop)

    async def _ask(self, stop: asyncio.Event) -> Sequence[AnyUpdate]:
        """Return the next updates. When stopping, return none, which loses nothing: none is confirmed."""
        asking = asyncio.create_task(
            self._client.updates(offset=self._offset, wait_seconds=self._poll_seconds)
        )
        try:
            async with stop_task(stop) as stopping:
                await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
                return asking.result() if asking.done() else []
        finally:
            asking.cancel()
            await asyncio.wait({asking})

    async def _store(self, updates: Sequence[AnyUpdate]) -> bool:
        """Store the updates in order. If one cannot be stored, confirm no more and return False."""
        async with asyncio.TaskGroup() as answering:
            for update in updates:
                try:
                    answer = await self._store_one(update)
                except Exception as error:
                    log.warning(
                        "telegram_update_not_stored",
                        update_id=update.update_id,
                        error=describe_without_content(error),
                    )
                    return False
                self._offset = update.update_id + 1
                if answer is not None:
                    answering.create_task(self._answer(*answer))
        return True

    async def _store_one(self, update: AnyUpdate) -> tuple[AnyPress, Button | None] | None:
        """Store an update's content. Return a press with its button, or with None if it is not ours."""
        incoming = _read(update)
        if isinstance(incoming, ButtonPress):
            is_ours = await asyncio.to_thread(self._press, incoming, update.update_id)
            return incoming, incoming.button if is_ours else None
        if isinstance(incoming, AnyPress):
            log.info("telegram_press_unknown", update_id=update.update_id)
            return incoming, None
        if incoming is not None:
            await asyncio.to_thread(self._receive, incoming, update.update_id)
        return None

    async def _answer(self, pressed: AnyPress, button: Button | None) -> None:
        """Confirm a press to the customer. A failure is only logged, as the press is stored anyway."""
        text = answer_to(button, supported_language(pressed.language, self._language))
        try:
            async with asyncio.timeout(self._answer_seconds):
                await self._client.answer_press(pressed.query_id, text)
        except Exception as error:
            log.info("telegram_press_not_answered", error=describe_without_content(error))

    def _press(self, pressed: ButtonPress, update_id: int) -> bool:
        """Store a press. Return False if the bot has given this customer no such answer."""
        try:
            press(
                self._feedback,
                pressed.button,
                channel=CHANNEL,
                chat_id=pressed.chat_id,
                reply_id=pressed.reply_id,
            )
        except NotFound:
            log.warning("telegram_press_ignored", update_id=update_id)
            return False
        return True

    def _receive(self, message: IncomingMessage, update_id: int) -> None:
        """Store the message, or the message without its text and name if those cannot be stored."""
        try:
            self._reception.receive(message)
        except ValueError as error:  # text that the database driver cannot encode, for example
            log.error(
                "telegram_message_stored_bare", update_id=update_id, error=describe_without_content(error)
            )
            bare = replace(message, kind=MessageKind.OTHER, text="", customer_name="", file_name=None)
            self._reception.receive(bare)

    def _backoff(self) -> Backoff:
        return Backoff(first_seconds=self._first_backoff_seconds, max_seconds=self._max_backoff_seconds)


def _read(update: AnyUpdate) -> IncomingMessage | AnyPress | None:
    """Read the customer's message or button press from an update, as far as it can be read."""
    incoming: IncomingMessage | AnyPress | None
    if isinstance(update, UnreadableUpdate):
        incoming = read_raw(update.update_id, update.raw)
    else:
        try:
            incoming = read_update(update) or read_press(update)
        except Exception as error:
            log.error(
                "telegram_update_unreadable",
                update_id=update.update_id,
                error=describe_without_content(error),
            )
            incoming = read_raw(update.update_id, update.to_dict())
    if incoming is None:
        log.info("telegram_update_ignored", update_id=update.update_id)
    return incoming


def _conflict_hint(error: Conflict) -> str:
    if "webhook" in error.message.lower():
        return "a webhook is set for this bot: remove it with deleteWebhook, or use another token"
    return "another program polls with the same token: stop one of the two"

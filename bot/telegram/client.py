"""A wrapper of python-telegram-bot's `Bot` that tells "never sent" from "unknown" and hides the token."""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog
from telegram import Bot, InlineKeyboardMarkup, MessageEntity, Update
from telegram.error import NetworkError, TelegramError
from telegram.request import HTTPXRequest

from prompter.common.safe_errors import describe_without_content

log = structlog.get_logger(__name__)

# Opt in to durations as timedeltas. Without this the library warns at each duration that it reads.
os.environ.setdefault("PTB_TIMEDELTA", "true")

WANTED = ("message", "edited_message", "callback_query")

# The library's own loggers write the token (as a part of URLs) and customers' messages.
_TALKATIVE = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "telegram": logging.CRITICAL + 1}

_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class NeverReached(NetworkError):
    """No connection was established, so the Bot API has not received the request."""


class TooManyRequests(TelegramError):
    """The Bot API asks us to slow down. It has not executed the request."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("Telegram asks us to slow down")
        self.retry_after = retry_after  # seconds


class BrokenServer(NetworkError):
    """The Bot API answered with a server error. It may have executed the request."""


@dataclass(frozen=True, kw_only=True)
class UnreadableUpdate:
    """A raw update that python-telegram-bot cannot parse."""

    update_id: int
    raw: Mapping[str, Any] = field(repr=False)


class TelegramClient:
    """A client for one bot. `base_url` may be the URL of a local Bot API server or of an emulator."""

    def __init__(
        self,
        token: str,
        *,
        base_url: str,
        timeout_seconds: float,
        connections: int = 32,
    ) -> None:
        for name, level in _TALKATIVE.items():
            logging.getLogger(name).setLevel(level)
        self._timeout_seconds = timeout_seconds
        self._certificates = httpx.create_ssl_context()  # takes 60 ms to make, so both share it
        self._polling = self._request(connections=1)
        self._calling = self._request(connections=connections)
        self._bot = Bot(token, base_url=base_url, request=self._calling, get_updates_request=self._polling)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def updates(self, *, offset: int | None, wait_seconds: int) -> list[Update | UnreadableUpdate]:
        """Wait for updates and return them from `offset` on, which confirms all earlier updates.

        Raises:
            TelegramError: when the request fails: the library's error, or a more exact one of this module.
        """
        try:
            return list(
                await self._bot.get_updates(
                    offset=offset,
                    timeout=wait_seconds,
                    read_timeout=self._timeout_seconds,
                    allowed_updates=WANTED,
                )
            )
        except TelegramError:
            raise
        except Exception as error:
            log.warning("telegram_updates_unreadable", error=describe_without_content(error))
        # At least one update cannot be parsed. Method names are case-insensitive in the Bot API. This
        # spelling keeps the library from insisting on its own get_updates.
        raw: Any = await self._bot.do_api_request(
            "getupdates", api_kwargs={"offset": offset, "timeout": 0, "allowed_updates": list(WANTED)}
        )
        return [self._read(update) for update in raw]

    def _read(self, raw: dict[str, Any]) -> Update | UnreadableUpdate:
        try:
            return Update.de_json(dict(raw), self._bot)
        except Exception as error:
            update_id = int(raw["update_id"])
            log.error(
                "telegram_update_unreadable", update_id=update_id, error=describe_without_content(error)
            )
            return UnreadableUpdate(update_id=update_id, raw=raw)

    async def send(
        self,
        chat_id: int,
        text: str,
        *,
        entities: Sequence[MessageEntity] = (),
        buttons: InlineKeyboardMarkup | None = None,
        thread_id: int | None = None,
    ) -> int:
        """Send a text, into a topic of the chat if one is given, and return the message's id.

        `entities` of the text are shown in bold, as links and so on.

        Raises:
            TelegramError: when the request fails: the library's error, or a more exact one of this module.
        """
        sent = await self._bot.send_message(
            chat_id,
            text,
            entities=entities or None,
            reply_markup=buttons,
            message_thread_id=thread_id,
        )
        return sent.message_id

    async def answer_press(self, query_id: str, text: str) -> None:
        """Show a short text to a customer who pressed a button, which also ends the button's loading state.

        Raises:
            TelegramError: when the request fails: the library's error, or a more exact one of this module.
        """
        await self._bot.answer_callback_query(query_id, text)

    async def close(self) -> None:
        await self._polling.shutdown()
        await self._calling.shutdown()

    def _request(self, *, connections: int) -> "_Request":
        seconds = self._timeout_seconds
        return _Request(
            connection_pool_size=connections,
            connect_timeout=seconds,
            read_timeout=seconds,
            write_timeout=seconds,
            pool_timeout=seconds,
            httpx_kwargs={"verify": self._certificates},
        )


class _Request(HTTPXRequest):
    """Tells requests without effect from those with an unknown one, unlike the library's NetworkError."""

    __slots__ = ()

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        try:
            status, payload = await super().do_request(*args, **kwargs)
        except NetworkError as error:
            if isinstance(error.__cause__, _NEVER_SENT):
                raise NeverReached(type(error.__cause__).__name__) from error.__cause__
            raise
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise TooManyRequests(_retry_after(payload))
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise BrokenServer(f"HTTP {status}")
        return status, payload


def _retry_after(payload: bytes) -> float | None:
    try:
        return float(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return None  # a proxy in between sent the response, in its own format

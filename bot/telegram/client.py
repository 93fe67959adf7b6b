"""The Bot API: python-telegram-bot's Bot, with what its errors blur told apart, and quiet about the token."""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog
from telegram import Bot, InlineKeyboardMarkup, Update
from telegram.error import NetworkError, TelegramError
from telegram.request import HTTPXRequest

from prompter.common.safe_errors import describe_without_content

log = structlog.get_logger(__name__)

# How the library announces that durations will be timedeltas; without it, it warns at every one it reads.
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
    """No connection came about, so the Bot API has not seen the request."""


class TooManyRequests(TelegramError):
    """The Bot API asks us to slow down; it has not done what was asked."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("Telegram asks us to slow down")
        self.retry_after = retry_after  # seconds


class BrokenServer(NetworkError):
    """The Bot API answered with a server error, perhaps after it had done what was asked."""


@dataclass(frozen=True, kw_only=True)
class UnreadableUpdate:
    """An update that python-telegram-bot cannot make sense of, as it came."""

    update_id: int
    raw: Mapping[str, Any] = field(repr=False)


class TelegramClient:
    """One bot at the Bot API; `base_url` may be that of a local Bot API server or an emulator."""

    def __init__(
        self,
        token: str,
        *,
        base_url: str = "https://api.telegram.org/bot",
        timeout_seconds: float = 15.0,
        connections: int = 32,
    ) -> None:
        for name, level in _TALKATIVE.items():
            logging.getLogger(name).setLevel(level)
        self._timeout_seconds = timeout_seconds
        self._polling = self._request(connections=1)
        self._calling = self._request(connections=connections)
        self._bot = Bot(token, base_url=base_url, request=self._calling, get_updates_request=self._polling)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def updates(self, *, offset: int | None, wait_seconds: int) -> list[Update | UnreadableUpdate]:
        """Updates from `offset` on, which confirms all earlier ones; waits for the first one.

        Raises:
            TelegramError: as the library and this module have it.
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
        # One of them cannot be parsed. Method names are case-insensitive in the Bot API; this spelling
        # keeps the library from insisting on its own get_updates.
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

    async def send(self, chat_id: int, text: str, *, buttons: InlineKeyboardMarkup | None = None) -> int:
        """Send a plain text; returns the message's id.

        Raises:
            TelegramError: as the library and this module have it.
        """
        return (await self._bot.send_message(chat_id, text, reply_markup=buttons)).message_id

    async def answer_press(self, query_id: str, text: str) -> None:
        """Show a customer who has pressed a button a short text; the button stops spinning.

        Raises:
            TelegramError: as the library and this module have it.
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
        )


class _Request(HTTPXRequest):
    """Says whether a request can have had an effect; the library's own NetworkError says it of none."""

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
        return None  # a proxy in between said it, in words of its own

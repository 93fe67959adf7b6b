"""How often customers may write to the web chat and look at it.

Counted by chat and by network, in the memory of each process: addresses are personal data, which nobody
stores or logs.
"""

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from fastapi import HTTPException, Request, status

from web.addresses import address_of
from web.rate_limit import AddressLimit, RateLimit

_HOUR = 3600.0
_ALL = "all"
_TOO_MANY_MESSAGES = "Too many messages at once; wait a moment."


@dataclass(frozen=True, kw_only=True)
class ChatLimits:
    """`…_per_address` counts an address, of IPv6 a /64 network: behind one may stand a whole office.

    Messages include presses of buttons. New chats of an address are counted by the hour, everything else by
    the minute; a chat is new until its first message is stored.
    """

    messages_per_minute: int
    messages_per_address: int
    new_chats_per_address: int
    new_chats_per_minute: int
    reads_per_minute: int
    reads_per_address: int


class ChatThrottle:
    """Counts requests, and refuses those that are too many in plain words."""

    def __init__(self, limits: ChatLimits) -> None:
        self._messages = RateLimit(limits.messages_per_minute)
        self._messages_of_address = AddressLimit(limits.messages_per_address)
        self._new_chats_of_address = AddressLimit(limits.new_chats_per_address, window_seconds=_HOUR)
        self._new_chats = RateLimit(limits.new_chats_per_minute)
        self._reads = RateLimit(limits.reads_per_minute)
        self._reads_of_address = AddressLimit(limits.reads_per_address)

    def count_message(self, request: Request, chat_id: str) -> None:
        """Count a message of a chat that is there, or a press.

        Raises:
            HTTPException: 429, one of the limits is reached.
        """
        address = address_of(request)
        _refuse_for(self._messages.seconds_to_wait(chat_id), _TOO_MANY_MESSAGES)
        _refuse_for(
            self._messages_of_address.seconds_to_wait(address),
            "Too many messages from your network; wait a moment.",
        )

    def count_read(self, request: Request, chat_id: str | None) -> None:
        """Count a look at a conversation; of no chat, None.

        Raises:
            HTTPException: 429, one of the limits is reached.
        """
        address = address_of(request)
        message = "This page asks too often; wait a moment."
        if chat_id is not None:
            _refuse_for(self._reads.seconds_to_wait(chat_id), message)
        _refuse_for(self._reads_of_address.seconds_to_wait(address), message)

    @contextmanager
    def new_chat(self, request: Request, chat_id: str) -> Iterator[None]:
        """Store a new chat's first message within this; one that fails begins no chat, and is not counted.

        It does not count as a message of the address either: many strangers who are refused must not silence
        those at the same address who talk already.

        Raises:
            HTTPException: 429, the chat or its network has sent too many; or 503, all together have.
        """
        address = address_of(request)
        _refuse_for(self._messages.seconds_to_wait(chat_id), _TOO_MANY_MESSAGES)
        _refuse_for(
            self._new_chats_of_address.seconds_to_wait(address),
            "Too many new chats from your network; try again later.",
        )
        with ExitStack() as taken_back:
            taken_back.callback(self._new_chats_of_address.take_back, address)
            _refuse_for(
                self._new_chats.seconds_to_wait(_ALL),
                "Very many people write to us now; try again in a moment.",
                status.HTTP_503_SERVICE_UNAVAILABLE,
            )
            taken_back.callback(self._new_chats.take_back, _ALL)
            yield
            taken_back.pop_all()


def _refuse_for(seconds: float, message: str, status_code: int = status.HTTP_429_TOO_MANY_REQUESTS) -> None:
    if seconds:
        raise HTTPException(status_code, message, {"Retry-After": str(math.ceil(seconds))})

"""Rate limits of the web chat: how often customers may write and read.

Requests are counted by chat and by network, in the memory of each process: addresses are personal data and
are neither stored nor logged.
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
    """The limits of the web chat, in requests.

    `…_per_address` limits an IPv4 address or an IPv6 /64 network: a whole office may share it. Messages
    include button presses. New chats of an address are counted per hour, everything else per minute. A chat
    is new until its first message is stored.
    """

    messages_per_minute: int
    messages_per_address: int
    new_chats_per_address: int
    new_chats_per_minute: int
    reads_per_minute: int
    reads_per_address: int


class ChatThrottle:
    """Counts requests, and refuses excess requests with a message in plain words."""

    def __init__(self, limits: ChatLimits) -> None:
        self._messages = RateLimit(limits.messages_per_minute)
        self._messages_of_address = AddressLimit(limits.messages_per_address)
        self._new_chats_of_address = AddressLimit(limits.new_chats_per_address, window_seconds=_HOUR)
        self._new_chats = RateLimit(limits.new_chats_per_minute)
        self._reads = RateLimit(limits.reads_per_minute)
        self._reads_of_address = AddressLimit(limits.reads_per_address)

    def count_message(self, request: Request, chat_id: str) -> None:
        """Count a message of an existing chat, or a button press.

        Raises:
            HTTPException: when one of the limits is reached (status 429).
        """
        address = address_of(request)
        _refuse_for(self._messages.seconds_to_wait(chat_id), _TOO_MANY_MESSAGES)
        _refuse_for(
            self._messages_of_address.seconds_to_wait(address),
            "Too many messages from your network; wait a moment.",
        )

    def count_read(self, request: Request, chat_id: str | None) -> None:
        """Count a read of a conversation. `chat_id` is None if the request belongs to no chat.

        Raises:
            HTTPException: when one of the limits is reached (status 429).
        """
        address = address_of(request)
        message = "This page asks too often; wait a moment."
        if chat_id is not None:
            _refuse_for(self._reads.seconds_to_wait(chat_id), message)
        _refuse_for(self._reads_of_address.seconds_to_wait(address), message)

    @contextmanager
    def new_chat(self, request: Request, chat_id: str) -> Iterator[None]:
        """Count a new chat while the caller stores its first message. If that fails, the chat is not counted.

        The message does not count towards the messages of the address either: refused newcomers must not
        block customers at the same address who have a chat already.

        Raises:
            HTTPException: when the chat or its network has sent too much (status 429), or all chats
                together have (status 503).
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

"""What a request to the web chat has to pass: origin, size, rate."""

import hashlib
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, status

COOKIE = "sufler_chat"
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits
_MINUTE = 60.0  # seconds


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def secret_of(request: Request) -> str | None:
    """The customer's secret, from the cookie that we have made."""
    secret = request.cookies.get(COOKIE, "")
    return secret if _SECRET.fullmatch(secret) else None


def chat_id_of(secret: str) -> str:
    """The chat's id; the secret itself is stored nowhere, so the database does not open conversations."""
    return hashlib.sha256(secret.encode()).hexdigest()


def refuse_other_sites(request: Request) -> None:
    """A browser sends the cookie whoever made it ask; only our own page may write for the customer.

    Browsers say where a POST comes from. A program that says nothing has no customer's cookie either.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        is_ours = site in ("same-origin", "none")
    else:
        is_ours = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not is_ours:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "This request comes from another site.")


async def read_json_body(request: Request, *, most_bytes: int) -> bytes:
    """The body; one that is too large is not read to its end."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, "Send JSON.")
    too_large = HTTPException(status.HTTP_413_CONTENT_TOO_LARGE, "The message is too long.")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most_bytes:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise too_large
    return bytes(body)


class RateLimit:
    """At most so many messages a minute for each chat; in memory, for one process."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[str, deque[float]] = {}
        self._swept_at = clock()

    def seconds_to_wait(self, chat_id: str) -> float:
        """0.0, and the message counts; or how long it takes until the next one is welcome."""
        with self._lock:
            now = self._clock()
            self._sweep(now)
            times = self._times.setdefault(chat_id, deque())
            while times and times[0] <= now - _MINUTE:
                times.popleft()
            if len(times) >= self._per_minute:
                return times[0] + _MINUTE - now
            times.append(now)
            return 0.0

    def _sweep(self, now: float) -> None:
        """Forget chats that have been silent for a minute."""
        if now - self._swept_at < _MINUTE:
            return
        self._swept_at = now
        self._times = {chat: times for chat, times in self._times.items() if times[-1] > now - _MINUTE}

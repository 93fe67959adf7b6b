"""The size limit of request bodies."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.problems import problem


class BodyLimit:
    """Refuses bodies of more than `max_bytes` bytes before they fill the memory.

    A body is refused when the application begins to read it, so that a client without access is told that
    first. An announced length is trusted; a body without one (chunked) is counted as it arrives. The
    response has `Connection: close`, because the rest of what the client sends will not be read.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, limits: Mapping[str, int] | None = None) -> None:
        """`limits` maps a path to its maximum in bytes. `max_bytes` applies to every other path."""
        self._app = app
        self._max_bytes = max_bytes
        self._limits = dict(limits or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        max_bytes = self._limits.get(scope["path"], self._max_bytes)
        message = f"the request is larger than {max_bytes} bytes"
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit():
            await problem(413, "too_large", message, _CLOSE)(scope, receive, send)
            return
        is_too_large = int(announced[:20]) > max_bytes
        seen = 0

        async def receive_part() -> Message:
            nonlocal seen
            if is_too_large:
                raise HTTPException(413, message, _CLOSE)
            part = await receive()
            seen += len(part.get("body", b""))
            if seen > max_bytes:
                # The code that reads the body lets an HTTPException through to the handler that answers it.
                raise HTTPException(413, message, _CLOSE)
            return part

        await self._app(scope, receive_part, send)


_CLOSE = {"Connection": "close"}

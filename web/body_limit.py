"""How large a request may be."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.problems import problem


class BodyLimit:
    """Refuses bodies of more than `max_bytes` bytes before they fill the memory.

    A body is refused when somebody begins to read it, so that who may not ask at all is told that first:
    a length that is announced is believed, a body without one (chunked) is counted as it comes.
    `Connection: close`, because what the client is still sending will not be read.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, limits: Mapping[str, int] | None = None) -> None:
        """`limits` are the bytes that may come to these paths, `max_bytes` those to every other one."""
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

        async def counted() -> Message:
            nonlocal seen
            if is_too_large:
                raise HTTPException(413, message, _CLOSE)
            part = await receive()
            seen += len(part.get("body", b""))
            if seen > max_bytes:
                # Whoever reads the body lets an HTTPException pass, to the handler that answers it.
                raise HTTPException(413, message, _CLOSE)
            return part

        await self._app(scope, counted, send)


_CLOSE = {"Connection": "close"}

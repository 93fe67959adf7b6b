"""How large a request may be."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.problems import problem


class BodyLimit:
    """Refuses bodies of more than `largest` bytes before they fill the memory.

    A length that is announced is believed at once; a body without one (chunked) is counted as it
    comes. `Connection: close`, because what the client is still sending will not be read.
    """

    def __init__(self, app: ASGIApp, *, largest: int, larger: Mapping[str, int] | None = None) -> None:
        """`larger` are bytes that may come to these paths."""
        self._app = app
        self._largest = largest
        self._larger = dict(larger or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = max(self._largest, self._larger.get(scope["path"], 0))
        message = f"the request is larger than {largest} bytes"
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced[:20]) > largest:
            await problem(413, "too_large", message, _CLOSE)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            part = await receive()
            seen += len(part.get("body", b""))
            if seen > largest:
                # Whoever reads the body lets an HTTPException pass, to the handler that answers it.
                raise HTTPException(413, message, _CLOSE)
            return part

        await self._app(scope, counted, send)


_CLOSE = {"Connection": "close"}

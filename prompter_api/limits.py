"""How large a request may be."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prompter_api.errors import problem


class BodyLimit:
    """Refuses bodies of more than `largest` bytes before they fill the memory.

    A length that is announced is believed at once; a body without one (chunked) is counted as it
    comes. `Connection: close`, because what the client is still sending will not be read.
    """

    def __init__(self, app: ASGIApp, *, largest: int) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced[:20]) > self._largest:
            await problem(413, "too_large", self._message, _CLOSE)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._largest:
                # Whoever reads the body lets an HTTPException pass, to the handler that answers it.
                raise HTTPException(413, self._message, _CLOSE)
            return message

        await self._app(scope, counted, send)

    @property
    def _message(self) -> str:
        return f"the request is larger than {self._largest} bytes"


_CLOSE = {"Connection": "close"}

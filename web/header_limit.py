"""The size limit of request headers."""

from starlette.types import ASGIApp, Receive, Scope, Send

from web.problems import problem

_MAX_HEADERS = 100  # browsers send about twenty, proxies add a few


class HeaderLimit:
    """Refuses requests with too many headers, or with more than `max_bytes` bytes of names and values.

    The server itself bounds the headers that it buffers. This check also holds behind another server.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = scope["headers"]
        if len(headers) > _MAX_HEADERS:
            refusal = problem(431, "headers_too_large", f"there are more than {_MAX_HEADERS} headers")
        elif sum(len(name) + len(value) for name, value in headers) > self._max_bytes:
            refusal = problem(
                431, "headers_too_large", f"the headers are larger than {self._max_bytes} bytes"
            )
        else:
            await self._app(scope, receive, send)
            return
        refusal.headers["Connection"] = "close"
        await refusal(scope, receive, send)

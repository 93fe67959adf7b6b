"""Checks of the Host header, which a client may choose freely, and redirects that do not depend on it."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from web.problems import problem

# Health checks call the process by whatever address it happens to have.
_BY_ANY_NAME = frozenset({"/health", "/ready"})


class AllowedHosts:
    """Refuses requests for host names that are not ours. Without `names`, every host name is accepted.

    A name is "sufler.example", or "*.example" for all its subdomains. Ports are not compared.
    """

    def __init__(self, app: ASGIApp, *, names: Sequence[str] = ()) -> None:
        self._app = app
        self._exact = {name.lower() for name in names if not name.startswith("*.")}
        self._endings = tuple(name[1:].lower() for name in names if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in _BY_ANY_NAME or self._is_ours(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(1008)(scope, receive, send)
        else:
            await problem(400, "unknown_host", "this site has another name")(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        if not self._exact and not self._endings:
            return True
        name = _name_of(Headers(scope=scope).get("host", ""))
        return name in self._exact or (bool(self._endings) and name.endswith(self._endings))


class RelativeRedirects:
    """Makes redirects to this site relative, as a router would repeat the Host that the client sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")

        async def relative(message: Message) -> None:
            if message["type"] == "http.response.start" and 300 <= message["status"] < 400:
                headers = MutableHeaders(scope=message)
                headers["location"] = _relative(headers.get("location", ""), host)
            await send(message)

        await self._app(scope, receive, relative)


def _relative(location: str, host: str) -> str:
    """Return the location without its host, if that is `host`.

    >>> _relative("http://a.example//b?c", "a.example"), _relative("http://b.example/", "a.example")
    ('/b?c', 'http://b.example/')
    """
    try:
        target = urlsplit(location)
    except ValueError:  # a Host header such as "["
        return "/"
    if not target.netloc or target.netloc != host:
        return location
    # Two slashes at the start would name a host again.
    return target._replace(scheme="", netloc="", path="/" + target.path.lstrip("/")).geturl()


def _name_of(host: str) -> str:
    """Return the Host header without its port.

    >>> _name_of("Sufler.example:8080"), _name_of("[::1]:8080"), _name_of("[::1]")
    ('sufler.example', '[::1]', '[::1]')
    """
    name, separator, port = host.rpartition(":")
    return (name if separator and port.isdigit() else host).lower()

"""Access checks of NiceGUI's sockets.

NiceGUI identifies a page by two ids in the socket's address, where a proxy may log them. So they are no
credentials here: a socket has to come from our own pages, with the cookie of the active session that opened
the page, whatever the transport. It may only send messages for that page.
"""

import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import socketio.exceptions
import structlog
from anyio import to_thread
from nicegui import Client, core
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from prompter.common.safe_errors import describe_without_content
from prompter_api.auth import visit_of
from prompter_api.services import Services
from web.origins import OTHER_SITE, SAFE_METHODS, is_same_origin
from web.problems import problem

log = structlog.get_logger(__name__)

_SOCKETS = "/_nicegui_ws"
_SESSION = "sufler_session_id"  # the key in the scope of the request that opened a socket
_POLICY_VIOLATION = 1008
# The page reloads itself when it gets exactly this text, and then gets the login page if needed.
_RELOAD = "Implicit handshake failed"

Handler = Callable[..., Any]


@dataclass(kw_only=True)
class OpenPage:
    """A page that a session has opened. `on_action` is called when a person does something on it."""

    session_id: int
    on_action: Callable[[], None]
    document_id: str | None = None  # the only document that shows the page


_pages: dict[str, OpenPage] = {}  # by NiceGUI's client id; global, as NiceGUI exists once per process


def belongs(client: Client, session_id: int, on_action: Callable[[], None]) -> None:
    """Register a page, so that only sockets of this session may send messages for it."""
    _pages[client.id] = OpenPage(session_id=session_id, on_action=on_action)
    client.on_delete(lambda: _pages.pop(client.id, None))


class SocketGuard:
    """NiceGUI's application with sockets for our own pages only. Data of other sockets is not read."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(_SOCKETS):  # scripts and styles
            await self._app(scope, receive, send)
            return
        if (refusal := await self._refusal(HTTPConnection(scope))) is not None:
            if scope["type"] == "websocket":
                await receive()  # the connect message; a close before the accept becomes status 403
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            else:
                status, error, message = refusal
                await problem(status, error, message)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            if scope["type"] != "websocket":
                raise
            # In Engine.IO an unreadable frame ends the connection. It has sent nothing more.
            log.warning("socket_broke_off", error=describe_without_content(error))

    async def _refusal(self, connection: HTTPConnection) -> tuple[int, str, str] | None:
        scope = connection.scope
        same_origin = is_same_origin(connection)
        # A browser sends no origin when it only reads from the same server, by polling.
        may_be_silent = scope["type"] == "http" and scope["method"] in SAFE_METHODS
        if same_origin is False or (same_origin is None and not may_be_silent):
            return 403, "forbidden", OTHER_SITE
        visit = await to_thread.run_sync(lambda: visit_of(connection, self._services, is_active=False))
        if visit is None:
            return 401, "not_logged_in", "log in first"
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if "sid" in query and _session_of(core.sio.environ.get(query["sid"][0])) != visit.session.id:
            return 403, "forbidden", "this connection is not yours"
        scope[_SESSION] = visit.session.id
        return None


def _session_of(environ: Mapping[str, Any] | None) -> int | None:
    """Return the id of the session that opened a socket, or None."""
    session_id: int | None = None if environ is None else environ["asgi.scope"].get(_SESSION)
    return session_id


def guard_events() -> None:
    """Install checks before NiceGUI's handlers, once per process."""
    handlers = core.sio.handlers["/"]
    for name in ("event", "javascript_response", "ack", "log"):
        handlers[name] = _of_own_page(handlers[name], is_action=name == "event")
    handshake = handlers["handshake"]

    async def check_handshake(sid: str, data: object) -> bool:
        return _may_show(sid, data) and bool(await handshake(sid, data))

    async def check_connect(sid: str, environ: Mapping[str, Any], _auth: object = None) -> None:
        query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        if query.get("implicit_handshake") == "true" and not await check_handshake(sid, query):
            raise socketio.exceptions.ConnectionRefusedError(_RELOAD)

    handlers["handshake"], handlers["connect"] = check_handshake, check_connect
    # Their messages quote received data, and tracebacks for bad input are of no use.
    for logger in ("engineio.server", "socketio.server"):
        logging.getLogger(logger).addFilter(_without_traceback)


def _may_show(sid: str, data: object) -> bool:
    """Tell whether the socket may be connected to the page that it names."""
    if not isinstance(data, dict):
        return False
    ids = [data.get(name) for name in ("client_id", "tab_id", "document_id")]
    if not all(isinstance(id_, str) for id_ in ids) or not str(data.get("next_message_id", 0)).isdecimal():
        return False
    page = _pages.get(str(ids[0]))
    if page is None or page.session_id != _session_of(core.sio.get_environ(sid)):
        return False
    # NiceGUI deletes a page for each document that is closed, and fails the second time.
    if page.document_id is None:
        page.document_id = str(ids[2])
    return page.document_id == ids[2]


def _of_own_page(handler: Handler, *, is_action: bool) -> Handler:
    """Wrap a handler, so that it only gets messages for the page that the socket is connected to."""

    async def pass_on(sid: str, message: object = None, *_: object) -> None:
        client_id = message.get("client_id") if isinstance(message, dict) else None
        page = _pages.get(client_id) if isinstance(client_id, str) else None
        if page is None or client_id not in core.sio.rooms(sid):
            return
        if is_action:
            page.on_action()
        try:
            result = handler(sid, message)
            if inspect.isawaitable(result):
                await result
        except Exception as error:
            log.warning("page_message_not_understood", error=describe_without_content(error))

    return pass_on


def _without_traceback(record: logging.LogRecord) -> bool:
    if record.exc_info and isinstance(record.exc_info[1], Exception):
        record.msg, record.args = f"{record.getMessage()}: {type(record.exc_info[1]).__name__}", ()
        record.exc_info = None
    return True

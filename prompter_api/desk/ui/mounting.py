"""Mount NiceGUI in our own application.

NiceGUI exists once per process. It is configured on its own application. Every application with pages
shares that application and serves its pages from its own router. So a process may build several
applications, one after the other, as tests do. NiceGUI's own session storage stays off, so it writes no
files and needs no session middleware and no secret.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from nicegui import core, run, ui
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from prompter_api.desk.ui.sockets import SocketGuard, guard_events
from prompter_api.services import Services

STATIC = Path(__file__).parents[1] / "static"


@cache
def _configure() -> FastAPI:
    carrier = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    ui.run_with(
        carrier,
        title="Sufler",
        favicon=(STATIC / "favicon.svg").read_text(encoding="utf-8"),
        dark=None,  # according to the browser's preference
        tailwind=False,
        show_welcome_message=False,
    )
    # `SocketGuard` compares origins by the rule of all our requests. With this list empty,
    # Engine.IO applies no rule of its own and sends no CORS headers to other sites.
    core.sio.eio.cors_allowed_origins = []
    guard_events()
    return carrier


@cache
def asset(name: str) -> str:
    """Return the address of a file in static/ with a hash of its content, so browsers can cache it."""
    return f"/assets/{name}?{sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def mount_nicegui(app: FastAPI, services: Services) -> None:
    """Serve NiceGUI's scripts and websockets under `app`. Start and stop NiceGUI with `app`."""
    own_lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        async with _configure().router.lifespan_context(running), own_lifespan(running) as state:
            yield state
        run.reset()  # new threads, in case another application of this process follows

    _configure()
    app.mount("/assets", StaticFiles(directory=STATIC))
    app.router.lifespan_context = lifespan
    app.router.routes.append(_OwnPaths("", app=SocketGuard(core.app, services)))


class _OwnPaths(Mount):
    """NiceGUI's application, for its own paths only. Later routes and 404 responses are ours."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] in ("http", "websocket") and scope["path"].startswith("/_nicegui"):
            return super().matches(scope)
        return Match.NONE, {}

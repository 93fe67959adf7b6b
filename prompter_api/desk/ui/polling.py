"""When is it worth to read everything again?"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui

from prompter.common.errors import Forbidden
from prompter.domain.account import Role
from prompter_api.desk.ui.frame import PageContext, PageGuard, in_thread
from prompter_api.desk.ui.mounting import asset
from prompter_api.desk.ui.session import PageSession, SignedOut

T = TypeVar("T")
_SECONDS = 30.0  # after which also what nobody has judged may look different: the traffic
_REST = 10.0  # a page that took a second to read is left alone for so many


class ReadinessNews:
    """Reads only what may be new; asking costs two short queries."""

    def __init__(self, session: PageSession, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._last: tuple[int, int] | None = None
        self._read_at = self._not_before = float("-inf")

    async def read(self, query: Callable[[], T]) -> T | None:
        """What `query` finds; None if nobody has judged or changed anything for a while.

        Raises:
            SignedOut: the account may not work any more.
            Forbidden: it is no supervisor's any more.
        """
        began = self._clock()
        if began < self._not_before:
            return None
        change = await in_thread(self._session.readiness_changed)
        if change == self._last and began < self._read_at + _SECONDS:
            return None
        found = await in_thread(query)
        self._last, self._read_at = change, began
        self._not_before = self._clock() + _REST * (self._clock() - began)
        return found


class Refreshing(Generic[T]):
    """Shows what `query` finds whenever it may be new; reloads a page that its reader may no longer see."""

    def __init__(self, session: PageSession, query: Callable[[], T], show: Callable[[T], None]) -> None:
        self._news = ReadinessNews(session)
        self._query = query
        self._show = show
        self._reading = asyncio.Lock()
        self._left = False

    async def poll(self) -> None:
        """Look for news; called every second."""
        if self._left or self._reading.locked():
            return
        async with self._reading:
            try:
                found = await self._news.read(self._query)
                if found is not None:
                    self._show(found)
            except (SignedOut, Forbidden):
                self._left = True
                ui.run_javascript("location.reload()")


class RefreshedPage(Protocol):
    """An open page that looks for news."""

    @property
    def poll(self) -> Callable[[], Awaitable[None]]: ...


def add_refreshed_page(
    router: APIRouter,
    guard: PageGuard,
    address: str,
    draw: Callable[[PageContext], RefreshedPage],
    *,
    poll_seconds: float,
) -> None:
    """Add a page for supervisors that only shows something."""

    @ui.page(address, api_router=router, reconnect_timeout=60)
    async def page(request: Request) -> Response | None:
        context = await guard.let_in(request, Role.SUPERVISOR)
        if isinstance(context, Response):
            return context
        ui.add_body_html(f'<script src="{asset("desk.js")}"></script>')
        ui.timer(poll_seconds, draw(context).poll)
        return None

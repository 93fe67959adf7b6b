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

    def __init__(self, seat: PageSession, clock: Callable[[], float] = time.monotonic) -> None:
        self._seat = seat
        self._clock = clock
        self._last: tuple[int, int] | None = None
        self._read_at = self._not_before = float("-inf")

    async def read(self, look: Callable[[], T]) -> T | None:
        """What `look` finds; None if nobody has judged or changed anything for a while.

        Raises:
            SignedOut: the account may not work any more.
            Forbidden: it is no supervisor's any more.
        """
        began = self._clock()
        if began < self._not_before:
            return None
        change = await in_thread(self._seat.readiness_changed)
        if change == self._last and began < self._read_at + _SECONDS:
            return None
        found = await in_thread(look)
        self._last, self._read_at = change, began
        self._not_before = self._clock() + _REST * (self._clock() - began)
        return found


class Refreshing(Generic[T]):
    """Shows what `look` finds whenever it may be new; a page whose reader may not see it any more reloads."""

    def __init__(self, seat: PageSession, look: Callable[[], T], show: Callable[[T], None]) -> None:
        self._news = ReadinessNews(seat)
        self._look = look
        self._show = show
        self._looking = asyncio.Lock()
        self._left = False

    async def tick(self) -> None:
        """Look for news; called every second."""
        if self._left or self._looking.locked():
            return
        async with self._looking:
            try:
                found = await self._news.read(self._look)
                if found is not None:
                    self._show(found)
            except (SignedOut, Forbidden):
                self._left = True
                ui.run_javascript("location.reload()")


class RefreshedPage(Protocol):
    """An open page that looks for news."""

    @property
    def tick(self) -> Callable[[], Awaitable[None]]: ...


def add_refreshed_page(
    router: APIRouter,
    door: PageGuard,
    address: str,
    draw: Callable[[PageContext], RefreshedPage],
    *,
    poll_seconds: float,
) -> None:
    """Add a page for supervisors that only shows something."""

    @ui.page(address, api_router=router, reconnect_timeout=60)
    async def page(request: Request) -> Response | None:
        visitor = await door.let_in(request, Role.SUPERVISOR)
        if isinstance(visitor, Response):
            return visitor
        ui.add_body_html(f'<script src="{asset("desk.js")}"></script>')
        ui.timer(poll_seconds, draw(visitor).tick)
        return None

"""Read everything again only when it may have changed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui

from prompter.domain.account import Role
from prompter_api.desk.ui.frame import PageContext, PageGuard, run_in_thread
from prompter_api.desk.ui.session import PageSession

T = TypeVar("T")
_SECONDS = 30.0  # after this time figures may differ without new verdicts, because of the traffic
_REST = 10.0  # pause before the next read, as a multiple of the time that the last read took


class ReadinessNews:
    """Reads only if something may have changed. The check costs two short queries."""

    def __init__(self, session: PageSession, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._last: tuple[int, int] | None = None
        self._read_at = self._not_before = float("-inf")

    async def read(self, query: Callable[[], T]) -> T | None:
        """Return the result of `query`, or None if nothing has been judged or changed recently.

        Raises:
            SignedOut: when the session has ended.
            Forbidden: when the account is no longer a supervisor's.
        """
        began = self._clock()
        if began < self._not_before:
            return None
        change = await run_in_thread(self._session.last_readiness_change)
        if change == self._last and began < self._read_at + _SECONDS:
            return None
        found = await run_in_thread(query)
        self._last, self._read_at = change, began
        self._not_before = self._clock() + _REST * (self._clock() - began)
        return found


class Refreshing(Generic[T]):
    """Shows the result of `query` whenever it may be new. Stops when the access to the page is lost."""

    def __init__(self, context: PageContext, query: Callable[[], T], show: Callable[[T], None]) -> None:
        self._access = context.access
        self._news = ReadinessNews(context.session)
        self._query = query
        self._show = show
        self._reading = asyncio.Lock()

    async def poll(self) -> None:
        """Check for news. Called every second."""
        if self._access.is_lost or self._reading.locked():
            return
        async with self._reading:
            with self._access.required():
                found = await self._news.read(self._query)
                if found is not None:
                    self._show(found)


class RefreshedPage(Protocol):
    """An open page that checks for news."""

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
    """Add a read-only page for supervisors."""

    @ui.page(address, api_router=router, reconnect_timeout=60)
    async def page(request: Request) -> Response | None:
        context = await guard.admit(request, Role.SUPERVISOR)
        if isinstance(context, Response):
            return context
        ui.timer(poll_seconds, draw(context).poll)
        return None

"""Run a real server on a free port and open it in a real browser."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.shipped import CONNECTION_LIMITS
from tests.skips import missing
from web.server import BoundedConfig, BoundedServer

# Without windows to draw, the first one opens a page in a third of the time.
_PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def serve(app: FastAPI, config: BoundedConfig | None = None) -> Iterator[str]:
    """Serve an application from a thread and yield its address, one at a time (NiceGUI is a singleton)."""
    config = config or BoundedConfig(app, CONNECTION_LIMITS)
    config.host, config.port, config.timeout_graceful_shutdown = "127.0.0.1", 0, 1
    server = BoundedServer(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the server did not start")
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start headless Chromium, and skip the test where there is none."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        missing("Chromium (make browser)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def log_in(page: Page, address: str, name: str, password: str) -> None:
    """Log in through the form, as a person would."""
    page.goto(f"{address}/login")
    page.fill("#name", name)
    page.fill("#password", password)
    page.press("#password", "Enter")
    expect(page.locator("[data-desk]")).to_be_visible(timeout=15_000)

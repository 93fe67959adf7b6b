"""Run sufler in a forked process, and kill it at one given moment.

Moments are `before` and `after` the commit of a use case, and `during` it, when it has read the data that it
needs. The signal is SIGKILL, as harsh as a real power cut.

Processes are forked from one that has imported everything, because imports are most of a start.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import Engine

from prompter.storage import Store, Transaction, connect
from sufler.bootstrap.process import Duty, serve
from sufler.logs import configure_logs
from sufler.settings import load_settings
from tests.e2e.product import PATIENCE, Product


class KillingStore(Store):
    """A store that kills its process at a given moment of the calling use case."""

    def __init__(self, engine: Engine, moment: str, mark: Path) -> None:
        super().__init__(engine)
        self._moment, _, self._use_case = moment.partition(":")
        self._mark = mark

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with super().read() as tx:
            yield tx
        self._kill_if("during")

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        with super().write() as tx:
            yield tx
            self._kill_if("before")
        self._kill_if("after")

    def _kill_if(self, moment: str) -> None:
        frame = sys._getframe()
        callers = set()
        while frame.f_back is not None:
            frame = frame.f_back
            callers.add(frame.f_code.co_qualname)
        if moment == self._moment and self._use_case in callers:
            self._mark.write_text(f"{self._moment}:{self._use_case}", encoding="utf-8")
            os.kill(os.getpid(), signal.SIGKILL)


def run(config: Path, telegram_token: str, moment: str, url: Connection) -> None:
    """Run sufler until the moment, if there is one. Send the address of its pages to `url`."""
    os.environ["SUFLER_TELEGRAM_TOKEN"] = telegram_token
    with (config.parent / "log.txt").open("a", encoding="utf-8") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    configure_logs()
    settings = load_settings(config)
    store = KillingStore(connect(settings.database_url), moment, config.parent / "killed")
    asyncio.run(serve(settings, store, frozenset(Duty), on_ready=url.send))


class KillableProduct(Product):
    """A product that also runs in forked processes."""

    _forked: BaseProcess | None = None

    def fork(self, moment: str = "") -> None:
        """Run in a forked process, to be killed at the moment, and wait until its pages can be opened."""
        receiving, sending = _CONTEXT.Pipe(duplex=False)
        with receiving, sending:
            self._forked = _CONTEXT.Process(
                target=run, args=(self.config, self._telegram_token, moment, sending)
            )
            self._forked.start()
            sending.close()
            assert receiving.poll(PATIENCE), "the program did not say where its pages are"
            with suppress(EOFError):  # it has been killed already
                self.url = receiving.recv()

    def is_running(self) -> bool:
        return super().is_running() or (self._forked is not None and self._forked.is_alive())

    def kill(self) -> None:
        super().kill()
        if self._forked is not None:
            self._forked.kill()
            self._forked.join(timeout=10)


if sys.platform == "win32":
    _CONTEXT = multiprocessing.get_context("spawn")
else:
    _CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [__name__, "bot.telegram", "bot.webchat", "prompter_api.app", "prompter_api.desk"]
)

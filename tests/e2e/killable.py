"""Run sufler and kill it at one given moment.

    python -m tests.e2e.killable before:Desk._decide --config FILE

Moments are `before` and `after` the commit of a use case, and `during` it, when it has read the data that it
needs. The signal is SIGKILL, as harsh as a real power cut.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from prompter.storage import Store, Transaction, connect
from sufler.bootstrap.process import Duty, serve
from sufler.logs import configure_logs
from sufler.settings import load_settings


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


def main() -> None:
    moment, _, config = sys.argv[1:4]
    configure_logs()
    settings = load_settings(Path(config))
    store = KillingStore(connect(settings.database_url), moment, Path(config).parent / "killed")
    asyncio.run(
        serve(settings, store, frozenset(Duty), on_ready=lambda url: print(f"{url}/desk", flush=True))  # noqa: T201
    )


if __name__ == "__main__":
    main()

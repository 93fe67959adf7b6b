"""Does this process do what it is there for?  The parts that /ready looks at."""

import math
import shutil
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from threading import Lock

from prompter.storage import Store
from prompter_api.ready import Check, NotReady

_MEGABYTE = 1_000_000
_DATABASE_SECONDS = 1.0  # that the write of a look waits for others
_ENCODER_SECONDS = 30.0  # between two looks at an encoder that works, and before a slow one is a broken one
_FAILING_SECONDS = 60.0  # a loop may fail for so long,
_STUCK_SECONDS = 600.0  # and be at one piece of work for so long


class Heartbeats:
    """When the loops of this process began their work, and whether they came through."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._began: dict[str, float] = {}
        self._failing_since: dict[str, float] = {}

    def began(self, loop: str) -> None:
        with self._lock:
            self._began[loop] = self._clock()

    def succeeded(self, loop: str) -> None:
        with self._lock:
            self._began.pop(loop, None)
            self._failing_since.pop(loop, None)

    def failed(self, loop: str) -> None:
        with self._lock:
            self._began.pop(loop, None)
            self._failing_since.setdefault(loop, self._clock())

    def check(self) -> None:
        """Look whether every loop goes on.

        Raises:
            NotReady: one has failed for a minute, or is at the same piece of work for ten.
        """
        with self._lock:
            now = self._clock()
            for since_when, seconds in (
                (self._failing_since, _FAILING_SECONDS),
                (self._began, _STUCK_SECONDS),
            ):
                for loop, since in since_when.items():
                    if now - since > seconds:
                        raise NotReady(loop)


def database_check(store: Store) -> Check:
    """The database takes what is written."""
    return Check(name="database", run=lambda: store.check_writable(seconds=_DATABASE_SECONDS))


def disk_check(folder: Path, *, min_free_megabytes: float) -> Check:
    """There is room on the disk where data are kept."""

    def check() -> None:
        if shutil.disk_usage(folder).free < min_free_megabytes * _MEGABYTE:
            raise NotReady("disk")

    return Check(name="disk", run=check)


def encoder_check(
    encode: Callable[[Sequence[str]], object], clock: Callable[[], float] = time.monotonic
) -> Check:
    """The encoder reads a text; looked at twice a minute, as it costs as much as a customer's message."""
    texts = (f"готов? {number}" for number in count())  # each another one: encoders remember
    good_until = -math.inf

    def check() -> None:
        nonlocal good_until
        if clock() >= good_until:
            encode([next(texts)])
            good_until = clock() + _ENCODER_SECONDS

    return Check(name="encoder", run=check, patience_seconds=_ENCODER_SECONDS)

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
_STUCK_SECONDS = 600.0  # and one of these be at one piece of work for so long
_SHORT = ("triage", "delivery", "clock")  # others may encode a whole base, which takes as long as it takes


class Heartbeats:
    """When the loops of this process began a piece of work, and since when they fail.

    A loop says that it has begun before each piece, and afterwards that it came through or failed.
    """

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
            NotReady: one has failed for a minute, or one whose work is short is at the same for ten.
        """
        with self._lock:
            now = self._clock()
            for loop, since in self._failing_since.items():
                if now - since > _FAILING_SECONDS:
                    raise NotReady(loop)
            for loop, since in self._began.items():
                if loop.startswith(_SHORT) and now - since > _STUCK_SECONDS:
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

    return Check(name="encoder", run=check, timeout_seconds=_ENCODER_SECONDS)

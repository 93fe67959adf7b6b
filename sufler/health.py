"""The checks behind /ready: loops, database, disk and encoder."""

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
_DATABASE_SECONDS = 1.0  # how long the check's write waits for other writes
_ENCODER_SECONDS = 30.0  # between two checks of a working encoder, and until a slow encoder counts as broken
_FAILING_SECONDS = 60.0  # how long a loop may fail
_STUCK_SECONDS = 600.0  # how long a short loop may take for one piece of work
_SHORT = ("triage", "delivery", "clock")  # other loops may encode a whole knowledge base, without a limit


class Heartbeats:
    """Records when each loop of this process began a piece of work, and since when it has been failing.

    A loop calls `record_start` before each piece of work, and `record_success` or `record_failure` after it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._began: dict[str, float] = {}
        self._failing_since: dict[str, float] = {}

    def record_start(self, loop: str) -> None:
        with self._lock:
            self._began[loop] = self._clock()

    def record_success(self, loop: str) -> None:
        with self._lock:
            self._began.pop(loop, None)
            self._failing_since.pop(loop, None)

    def record_failure(self, loop: str) -> None:
        with self._lock:
            self._began.pop(loop, None)
            self._failing_since.setdefault(loop, self._clock())

    def check(self) -> None:
        """Check that every loop makes progress.

        Raises:
            NotReady: when a loop has been failing for a minute, or a loop with short work has been busy with
                the same piece for ten minutes.
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
    """Check that the database can be written."""
    return Check(name="database", run=lambda: store.check_writable(seconds=_DATABASE_SECONDS))


def disk_check(folder: Path, *, min_free_megabytes: float) -> Check:
    """Check that the disk of the data folder has enough free space."""

    def check() -> None:
        if shutil.disk_usage(folder).free < min_free_megabytes * _MEGABYTE:
            raise NotReady("disk")

    return Check(name="disk", run=check)


def encoder_check(
    encode: Callable[[Sequence[str]], object], clock: Callable[[], float] = time.monotonic
) -> Check:
    """Check that the encoder works, at most twice a minute, as it costs as much as a customer's message."""
    texts = (f"готов? {number}" for number in count())  # each text is new, as encoders cache
    good_until = -math.inf

    def check() -> None:
        nonlocal good_until
        if clock() >= good_until:
            encode([next(texts)])
            good_until = clock() + _ENCODER_SECONDS

    return Check(name="encoder", run=check, timeout_seconds=_ENCODER_SECONDS)

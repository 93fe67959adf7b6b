"""Limit the processor time for reading a file."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from files.errors import BadFile
from files.limits import MAX_SECONDS, MB

Item = TypeVar("Item")


class Budget:
    """A time budget for reading a file that exceeds no other limit. A larger file gets more time.

    `clock` returns the processor time of this thread in seconds, so that a busy machine accepts the same
    files as an idle machine.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.thread_time) -> None:
        self._path = path
        self._clock = clock
        self._limit = MAX_SECONDS + max(0.0, _size(path) / MB - 10)
        self._start = clock()

    def check(self, row: int | None = None) -> None:
        """Raise BadFile with the current row if the time is up."""
        if self._clock() - self._start > self._limit:
            problem = f"takes longer than {self._limit:.0f} seconds to read up to here: split the file"
            raise BadFile(self._path, problem, row=row)

    def watch(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items. The time that the consumer spends between items does not count.

        Raises:
            BadFile: when reading the items took too long.
        """
        for item in items:
            self.check(getattr(item, "row", None))
            handed_over = self._clock()
            yield item
            self._start += self._clock() - handed_over


def _size(path: Path) -> int:
    """Return the bytes of the file or of all files in the folder, 0 if missing: the reader reports that."""
    try:
        if path.is_dir():
            return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        return path.stat().st_size
    except OSError:
        return 0

"""Processor time that reading one file may take."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from files.errors import BadFile
from files.limits import MAX_SECONDS, MB

Item = TypeVar("Item")


class Budget:
    """The last resort against a file that breaks no other limit: time, more of it for a larger file.

    `clock` gives seconds of processor time of this thread, so that a busy machine refuses no file that
    an idle one reads.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.thread_time) -> None:
        self._path = path
        self._clock = clock
        self._limit = MAX_SECONDS + max(0.0, _size(path) / MB - 10)
        self._start = clock()

    def check(self, row: int | None = None) -> None:
        """Go on, or raise BadFile that names the row where the time was up."""
        if self._clock() - self._start > self._limit:
            problem = f"takes longer than {self._limit:.0f} seconds to read up to here: split the file"
            raise BadFile(self._path, problem, row=row)

    def watch(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items; time that their user spends between them does not count.

        Raises:
            BadFile: the items took too long to read.
        """
        for item in items:
            self.check(getattr(item, "row", None))
            handed_over = self._clock()
            yield item
            self._start += self._clock() - handed_over


def _size(path: Path) -> int:
    """Bytes of the file or of all files in the folder; 0 where there is none, which its reader will tell."""
    try:
        if path.is_dir():
            return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        return path.stat().st_size
    except OSError:
        return 0

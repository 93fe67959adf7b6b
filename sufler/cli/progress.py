"""Progress, on standard error: a bar where a person watches, a line where a log does."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LINE_AFTER = 3.0  # seconds; work that is done sooner is not worth a line in a log


@contextmanager
def progress_bar(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar that is told how many were done since it was last told."""
    if not sys.stderr.isatty():
        yield _logged(what, total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)


def _logged(what: str, total: int | None) -> Callable[[int], None]:
    told = time.monotonic()
    done = 0

    def advance(count: int) -> None:
        nonlocal told, done
        done += count
        if time.monotonic() - told > _LINE_AFTER:
            told = time.monotonic() + 10 * _LINE_AFTER  # the next one later
            sys.stderr.write(f"{what}: {done}{f' of {total}' if total else ''}\n")
            sys.stderr.flush()

    return advance

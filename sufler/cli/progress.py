"""Progress on standard error: a bar in a terminal, lines in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LINE_AFTER = 3.0  # seconds; shorter work is not worth a line in a log


@contextmanager
def progress_bar(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show progress. Call the yielded function with the number of items done since the last call."""
    if not sys.stderr.isatty():
        yield _log_progress(label, total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        task = progress.add_task(label, total=total)
        yield lambda count: progress.advance(task, count)


def _log_progress(label: str, total: int | None) -> Callable[[int], None]:
    next_line = time.monotonic()
    done = 0

    def advance(count: int) -> None:
        nonlocal next_line, done
        done += count
        if time.monotonic() - next_line > _LINE_AFTER:
            next_line = time.monotonic() + 10 * _LINE_AFTER  # the next line comes later
            sys.stderr.write(f"{label}: {done}{f' of {total}' if total else ''}\n")
            sys.stderr.flush()

    return advance

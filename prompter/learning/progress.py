"""The progress of a run, for the job's row and a bar on the screen."""

from collections.abc import Callable
from typing import Any

from prompter.jobs import Job
from prompter.models.article_vectors import ProgressBar


class Progress:
    """Reports progress to the job and, if there is one, to the bar on the screen."""

    def __init__(self, job: Job, bar: ProgressBar | None, step: str, total: int | None) -> None:
        self._job = job
        self._shown = bar(step.capitalize(), total) if bar else None

    def __enter__(self) -> Callable[[int], None]:
        show = self._shown.__enter__() if self._shown else None

        def advance(more: int) -> None:
            self._job.advance(more)
            if show:
                show(more)

        return advance

    def __exit__(self, *error: Any) -> None:
        if self._shown:
            self._shown.__exit__(*error)

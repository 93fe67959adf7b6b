"""What is learned from now, and what is kept back to see whether it has helped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from prompter.lessons import Lesson


@dataclass(frozen=True, kw_only=True)
class TimeSplit:
    """Verdicts to learn from, and newer ones that neither the champion nor the candidate has learned."""

    to_learn: tuple[Lesson, ...]
    to_test: tuple[Lesson, ...]
    n_new: int  # since the champion learned

    @property
    def until(self) -> datetime | None:
        """When the last verdict that is learned came in; None: there is none."""
        return self.to_learn[-1].decided_at if self.to_learn else None


def split_by_time(lessons: Sequence[Lesson], *, since: datetime | None, test_share: float) -> TimeSplit:
    """Keep back the newest `test_share` of what came in after `since`; next time it is learned.

    `lessons` may come in any order; of those that came in at the same moment, the turn's number decides.
    """
    ordered = sorted(lessons, key=lambda one: (one.decided_at, one.turn_id))
    n_new = sum(since is None or one.decided_at > since for one in ordered)
    n_test = int(test_share * n_new)
    cut = len(ordered) - n_test
    return TimeSplit(to_learn=tuple(ordered[:cut]), to_test=tuple(ordered[cut:]), n_new=n_new)

"""Learning from verdicts: start a run, and split verdicts into training and test sets by time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from prompter.domain.account import Account
from prompter.domain.job import JobKind, StoredJob
from prompter.domain.model_version import StoredVersion
from prompter.jobs import Jobs
from prompter.labels.conflicts import Disagreements, disagreements
from prompter.labels.from_verdicts import LabeledQuestion
from prompter.labels.regression_cases import Pins
from prompter.models.version_diff import ChangedQuestion, diff_version
from prompter.storage import Store


@dataclass(frozen=True, kw_only=True)
class TimeSplit:
    """Verdicts to learn from, and newer verdicts that neither champion nor candidate has learned."""

    to_learn: tuple[LabeledQuestion, ...]
    to_test: tuple[LabeledQuestion, ...]
    n_new: int  # since the champion was trained

    @property
    def until(self) -> datetime | None:
        """Time of the newest training verdict, or None if there is none."""
        return self.to_learn[-1].decided_at if self.to_learn else None


def split_by_time(
    labels: Sequence[LabeledQuestion], *, since: datetime | None, holdout_share: float
) -> TimeSplit:
    """Hold out the newest `holdout_share` of the verdicts given after `since`. The next run learns them.

    `labels` may come in any order. Labels of the same moment are ordered by turn id.
    """
    ordered = sorted(labels, key=lambda label: (label.decided_at, label.turn_id))
    n_new = sum(since is None or label.decided_at > since for label in ordered)
    n_test = int(holdout_share * n_new)
    cut = len(ordered) - n_test
    return TimeSplit(to_learn=tuple(ordered[:cut]), to_test=tuple(ordered[cut:]), n_new=n_new)


class Learning:
    """The supervisors' use cases of learning. `pins` are answers that no version may unlearn."""

    def __init__(self, store: Store) -> None:
        self.pins = Pins(store)
        self._store = store
        self._jobs = Jobs(store)

    def start(self, account: Account | None) -> StoredJob:
        """Enqueue a learning run, or return the job that waits or runs already."""
        return self._jobs.enqueue(JobKind.LEARN, account)

    def jobs(self) -> list[StoredJob]:
        """Return the last learning runs, newest first."""
        return self._jobs.list_recent(JobKind.LEARN)

    def diff_version(self, version_id: str) -> tuple[StoredVersion, Sequence[ChangedQuestion]]:
        """Return a version and its differences from the previous one.

        Raises:
            NotFound: when there is no such version.
        """
        return diff_version(self._store, version_id)

    def disagreements(self) -> Disagreements:
        """Return the conflicts that people should settle."""
        return disagreements(self._store)

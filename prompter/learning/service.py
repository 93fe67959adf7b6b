"""Learning from verdicts: who starts it, what is learned now, and what is kept back as a test."""

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
from prompter.models.version_diff import ChangedQuestion, what_changed
from prompter.storage import Store


@dataclass(frozen=True, kw_only=True)
class TimeSplit:
    """Verdicts to learn from, and newer ones that neither the champion nor the candidate has learned."""

    to_learn: tuple[LabeledQuestion, ...]
    to_test: tuple[LabeledQuestion, ...]
    n_new: int  # since the champion learned

    @property
    def until(self) -> datetime | None:
        """When the last verdict that is learned came in; None: there is none."""
        return self.to_learn[-1].decided_at if self.to_learn else None


def split_by_time(
    labels: Sequence[LabeledQuestion], *, since: datetime | None, holdout_share: float
) -> TimeSplit:
    """Keep back the newest `holdout_share` of what came in after `since`; next time it is learned.

    `labels` may come in any order; of those that came in at the same moment, the turn's number decides.
    """
    ordered = sorted(labels, key=lambda label: (label.decided_at, label.turn_id))
    n_new = sum(since is None or label.decided_at > since for label in ordered)
    n_test = int(holdout_share * n_new)
    cut = len(ordered) - n_test
    return TimeSplit(to_learn=tuple(ordered[:cut]), to_test=tuple(ordered[cut:]), n_new=n_new)


class Learning:
    """The use cases of supervisors who have the bot learn; `pins` are what it must never unlearn."""

    def __init__(self, store: Store) -> None:
        self.pins = Pins(store)
        self._store = store
        self._jobs = Jobs(store)

    def start(self, account: Account | None) -> StoredJob:
        """Ask for learning to begin soon; if it waits or runs already, that one is returned."""
        return self._jobs.enqueue(JobKind.LEARN, account)

    def jobs(self) -> list[StoredJob]:
        """How learning went the last times, newest first."""
        return self._jobs.last(JobKind.LEARN)

    def changed_by(self, version_id: str) -> tuple[StoredVersion, Sequence[ChangedQuestion]]:
        """What a version answers otherwise than the one before it.

        Raises:
            NotFound: there is no such version.
        """
        return what_changed(self._store, version_id)

    def disagreements(self) -> Disagreements:
        """What people should settle among themselves."""
        return disagreements(self._store)

"""Has a topic that answers alone slipped?  An e-detector on its audited answers.

At every audit a new bet is opened that fewer than `bar` are right from here on, and all bets still running
are summed up (Shiryaev–Roberts; as an e-detector: Shin, Ramdas & Rinaldo, 2024). A single bet opened at
go-live would have lost its capital in the good months. While at least `bar` are right, the first alarm
comes on the average after `threshold` audits at the earliest, and much later if more are right.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.betting import Floats, Numbers


@dataclass(frozen=True, kw_only=True)
class Detector:
    """Bets on accuracies of `bar` minus each of `below`; slips to others are found nearly as soon."""

    bar: float = 0.9
    threshold: float = 380.0
    below: tuple[float, ...] = (0.05, 0.1, 0.2)

    def levels(self, right: npt.NDArray[np.bool_]) -> Floats:
        """Return the sum of bets after each audit, for each row of `right` (streams, audits)."""
        gains = self._gains()
        capital = np.zeros((len(right), gains.shape[1]))
        levels = np.empty(right.shape)
        for t in range(right.shape[1]):
            capital = (capital + 1.0) * gains[right[:, t].astype(np.intp)]
            levels[:, t] = capital.mean(axis=1)
        return levels

    def first_alarm(self, right: npt.NDArray[np.bool_]) -> Numbers:
        """Return for each stream the number of audits after which the alarm first sounds; -1: never."""
        if right.shape[1] == 0:
            return np.full(len(right), -1)
        sounded = self.levels(right) >= self.threshold
        return np.where(sounded.any(axis=1), sounded.argmax(axis=1) + 1, -1)

    def _gains(self) -> Floats:
        """Likelihood ratios of each slip to `bar`: (wrong, right) by slip."""
        slipped = self.bar - np.array(self.below)
        return np.stack([(1 - slipped) / (1 - self.bar), slipped / self.bar])

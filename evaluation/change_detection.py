"""Detect a drop in accuracy of a topic that answers alone: an e-detector on its audited answers.

Every audit opens a new bet that from now on fewer than `bar` are right, and all running bets are summed
(Shiryaev–Roberts; as an e-detector: Shin, Ramdas & Rinaldo, 2024). A single bet opened at go-live would
have lost its capital in the good months. While at least `bar` are right, the mean time to the first false
alarm is at least `threshold` audits, and much longer if more are right.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.betting import Floats, Numbers


@dataclass(frozen=True, kw_only=True)
class Detector:
    """Bets on accuracies of `bar` minus each of `below`. Other drops are found almost as quickly."""

    bar: float
    threshold: float
    below: tuple[float, ...] = (0.05, 0.1, 0.2)

    def levels(self, right: npt.NDArray[np.bool_]) -> Floats:
        """Return the sum of bets after each audit for each row of `right` (streams, audits)."""
        gains = self._gains()
        capital = np.zeros((len(right), gains.shape[1]))
        levels = np.empty(right.shape)
        for t in range(right.shape[1]):
            capital = (capital + 1.0) * gains[right[:, t].astype(np.intp)]
            levels[:, t] = capital.mean(axis=1)
        return levels

    def first_alarm(self, right: npt.NDArray[np.bool_]) -> Numbers:
        """Return the number of audits until the first alarm for each stream, or -1 for no alarm."""
        if right.shape[1] == 0:
            return np.full(len(right), -1)
        sounded = self.levels(right) >= self.threshold
        return np.where(sounded.any(axis=1), sounded.argmax(axis=1) + 1, -1)

    def _gains(self) -> Floats:
        """Return the likelihood ratios of each drop to `bar`: (wrong, right) for each drop."""
        slipped = self.bar - np.array(self.below)
        return np.stack([(1 - slipped) / (1 - self.bar), slipped / self.bar])

"""Test many topics at once: e-BH bounds the share of wrong topics among those that go live."""

import numpy as np
import numpy.typing as npt

from evaluation.betting import Floats


def e_bh(log_e_values: Floats, *, alpha: float) -> npt.NDArray[np.bool_]:
    """Return which topics may go live. Topics lie along the last axis.

    These are the k topics with the highest e-values, for the largest k for which k topics have an e-value of
    at least n / (alpha k) (Wang & Ramdas, JRSS-B 2022). This holds for any dependence between the topics. The
    list of topics is fixed beforehand. In repeated checks, pass for a live topic the e-value that it had when
    it went live.
    """
    n = log_e_values.shape[-1]
    descending = -np.sort(-log_e_values, axis=-1)
    sizes = np.arange(1, n + 1)
    enough = descending >= np.log(n / (alpha * sizes))
    max_size = np.where(enough, sizes, 0).max(axis=-1, keepdims=True, initial=0)
    needed = np.log(max(n, 1) / (alpha * np.maximum(max_size, 1)))
    chosen: npt.NDArray[np.bool_] = (log_e_values >= needed) & (max_size > 0)
    return chosen

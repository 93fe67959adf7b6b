"""How fast, how large?  Timings in, estimates out; who measures states how."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.estimates import Estimate, bootstrap


@dataclass(frozen=True, kw_only=True)
class Timing:
    """One message, one client: milliseconds from text to triage, and those of them in the encoder."""

    total_ms: float
    encoder_ms: float
    by_first_stage: bool = False  # settled without the encoder


@dataclass(frozen=True, kw_only=True)
class LatencyReport:
    """Metrics by the names of the command line's contract; None: not measured."""

    metrics: dict[str, Estimate | None]


def evaluate_latency(timings: Sequence[Timing], *, seed: int = 0) -> LatencyReport:
    """Percentiles with bootstrap intervals."""
    total = np.array([timing.total_ms for timing in timings])
    encoder = np.array([timing.encoder_ms for timing in timings])
    rest = total - encoder
    n = len(timings)
    return LatencyReport(
        metrics={
            "p50_ms": bootstrap(lambda rows: float(np.percentile(total[rows], 50)), n, seed=seed),
            "p99_ms": bootstrap(lambda rows: float(np.percentile(total[rows], 99)), n, seed=seed),
            "encoder_p50_ms": bootstrap(lambda rows: float(np.percentile(encoder[rows], 50)), n, seed=seed),
            "rest_p50_ms": bootstrap(lambda rows: float(np.percentile(rest[rows], 50)), n, seed=seed),
            "first_stage_share": bootstrap(
                lambda rows: float(np.mean([timings[row].by_first_stage for row in rows])), n, seed=seed
            ),
        }
    )

"""Turn timings into latency estimates. The caller states how they were measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.estimates import Estimate, bootstrap


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Timing of one message from one client: total milliseconds until triage, and those in the encoder."""

    total_ms: float
    encoder_ms: float
    by_first_stage: bool = False  # decided without the encoder


@dataclass(frozen=True, kw_only=True)
class LatencyReport:
    """Metrics under their names on the command line. None: not measured."""

    metrics: dict[str, Estimate | None]


def evaluate_latency(timings: Sequence[Timing], *, seed: int = 0) -> LatencyReport:
    """Estimate percentiles with bootstrap intervals."""
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

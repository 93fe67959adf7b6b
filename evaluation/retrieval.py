"""How often is the right article suggested, and does the stated confidence hold?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evaluation.estimates import Estimate, bootstrap, share
from evaluation.reliability import brier, calibration_error
from evaluation.rows import Case


class Suggested(Protocol):
    """One suggestion; `confidence` is P(it is right)."""

    @property
    def article_id(self) -> str: ...

    @property
    def confidence(self) -> float: ...


class Suggester(Protocol):
    """What is measured."""

    def suggest(self, text: str) -> Sequence[Suggested]:
        """Suggestions, best first."""
        ...


@dataclass(frozen=True, kw_only=True)
class RetrievalFailure:
    """A case whose first suggestion is not right; `rank` is where a right one stood, None: nowhere."""

    text: str
    right: tuple[str, ...]
    suggested: str | None
    confidence: float
    rank: int | None


@dataclass(frozen=True, kw_only=True)
class RetrievalReport:
    """Metrics by the names of the command line's contract; None: not scored. Failures, surest first."""

    metrics: dict[str, Estimate | None]
    n_cases: int
    failures: tuple[RetrievalFailure, ...]


def evaluate_retrieval(
    cases: Sequence[Case],
    suggester: Suggester,
    *,
    same_answer: Mapping[str, str] | None = None,
    seed: int = 0,
) -> RetrievalReport:
    """Measure on cases.

    Precision, hits and reciprocal ranks are over the cases that have a right article; `ece` and
    `brier`, of the first suggestion's confidence, are over all: out of scope, no suggestion is right.
    `same_answer` maps an article to the one that stands for all with the same answer: suggesting
    any of those is as right.
    """
    stands_for = same_answer or {}
    ranks: list[int | None] = []
    firsts: list[tuple[str | None, float]] = []
    for case in cases:
        suggestions = suggester.suggest(case.text)
        right = {stands_for.get(article_id, article_id) for article_id in case.article_ids}
        ids = [stands_for.get(one.article_id, one.article_id) for one in suggestions]
        ranks.append(next((rank for rank, one in enumerate(ids, start=1) if one in right), None))
        firsts.append((suggestions[0].article_id, suggestions[0].confidence) if suggestions else (None, 0.0))
    in_scope = [rank for rank, case in zip(ranks, cases, strict=True) if case.article_ids]
    reciprocal = np.array([1 / rank if rank else 0.0 for rank in in_scope])
    confidences = np.array([confidence for _, confidence in firsts])
    is_right = np.array([float(rank == 1) for rank in ranks])

    def within(k: int) -> Estimate | None:
        return share(sum(rank is not None and rank <= k for rank in in_scope), len(in_scope))

    failures = [
        RetrievalFailure(
            text=case.text,
            right=tuple(sorted(case.article_ids)),
            suggested=suggested,
            confidence=confidence,
            rank=rank,
        )
        for case, rank, (suggested, confidence) in zip(cases, ranks, firsts, strict=True)
        if rank != 1
    ]
    return RetrievalReport(
        metrics={
            "p_at_1": within(1),
            "hit_at_3": within(3),
            "hit_at_5": within(5),
            "mrr": bootstrap(lambda rows: float(reciprocal[rows].mean()), len(reciprocal), seed=seed),
            "ece": calibration_error(confidences, is_right, seed=seed),
            "brier": brier(confidences, is_right, seed=seed),
        },
        n_cases=len(cases),
        failures=tuple(sorted(failures, key=lambda failure: -failure.confidence)),
    )

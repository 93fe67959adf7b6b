"""Measure how often the right article is suggested, and whether the confidence is calibrated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from evaluation.estimates import Estimate, bootstrap, share
from evaluation.outcomes import ScoredCase, columns, failures
from evaluation.reliability import brier, calibration_error
from evaluation.rows import Case


class RankedSuggestion(Protocol):
    """One suggestion. `confidence` is P(it is right)."""

    @property
    def article_id(self) -> str: ...

    @property
    def confidence(self) -> float: ...


class Suggester(Protocol):
    """A component to measure."""

    def suggest(self, text: str) -> Sequence[RankedSuggestion]:
        """Return suggestions, best first."""
        ...


@dataclass(frozen=True, kw_only=True)
class RetrievalReport:
    """Metrics under their names on the command line, and failures. None: not scored."""

    metrics: dict[str, Estimate | None]
    n_cases: int
    outcomes: tuple[ScoredCase, ...]

    @property
    def failures(self) -> tuple[ScoredCase, ...]:
        return failures(self.outcomes)


def evaluate_retrieval(
    cases: Sequence[Case],
    suggester: Suggester,
    *,
    same_answer: Mapping[str, str] | None = None,
    seed: int = 0,
) -> RetrievalReport:
    """Measure on cases. See `ask` and `retrieval_report`."""
    return retrieval_report(ask(cases, suggester, same_answer=same_answer), seed=seed)


def ask(
    cases: Sequence[Case], suggester: Suggester, *, same_answer: Mapping[str, str] | None = None
) -> list[ScoredCase]:
    """Ask for suggestions and judge the first: it is right if it is one of the case's articles.

    `same_answer` maps an article to the representative of all articles with the same answer, any of which
    counts as right. Out of scope, no suggestion is right.
    """
    stands_for = same_answer or {}
    outcomes = []
    for case in cases:
        suggestions = suggester.suggest(case.text)
        right = {stands_for.get(article_id, article_id) for article_id in case.article_ids}
        ids = [stands_for.get(suggestion.article_id, suggestion.article_id) for suggestion in suggestions]
        rank = next((rank for rank, id_ in enumerate(ids, start=1) if id_ in right), None)
        outcomes.append(
            ScoredCase(
                text=case.text,
                right=case.article_ids,
                suggested=suggestions[0].article_id if suggestions else None,
                confidence=suggestions[0].confidence if suggestions else 0.0,
                rank=rank,
                is_right=rank == 1,
                in_scope=bool(case.article_ids),
            )
        )
    return outcomes


def retrieval_report(outcomes: Sequence[ScoredCase], *, seed: int = 0) -> RetrievalReport:
    """Compute the metrics.

    Precision, hits and reciprocal ranks cover the cases that have a right article. `ece` and `brier`, of
    the first suggestion's confidence, cover all cases.
    """
    table = columns(outcomes)
    inside = table.take(table.in_scope.nonzero()[0])
    ranks = [outcome.rank for outcome in outcomes if outcome.in_scope]

    def within(k: int) -> Estimate | None:
        return share(sum(rank is not None and rank <= k for rank in ranks), len(ranks))

    return RetrievalReport(
        metrics={
            "p_at_1": within(1),
            "hit_at_3": within(3),
            "hit_at_5": within(5),
            "mrr": bootstrap(lambda rows: float(inside.reciprocal_rank[rows].mean()), len(inside), seed=seed),
            "ece": calibration_error(table.confidence, table.right, seed=seed),
            "brier": brier(table.confidence, table.right, seed=seed),
        },
        n_cases=len(outcomes),
        outcomes=tuple(outcomes),
    )

"""Measure how much the assistant improves with cases that operators confirm."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from evaluation.estimates import Estimate
from evaluation.outcomes import ScoredCase
from evaluation.retrieval import Suggester, ask, retrieval_report
from evaluation.rows import Case
from evaluation.splits import draw_confirmed, folds_of

_FOLDS = 5


class Learner(Protocol):
    """A component that learns from confirmed cases."""

    def learn_from(self, confirmed: Sequence[Case]) -> Suggester:
        """Build a suggester from the knowledge base and these cases. No cases: from the base only."""
        ...


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """Quality after `per_article` confirmed questions for each article, `n_learned` in total."""

    per_article: int
    n_learned: int
    p_at_1: Estimate | None
    hit_at_3: Estimate | None


def learning_curve(
    learner: Learner,
    learn: Sequence[Case],
    cases: Sequence[Case],
    *,
    same_answer: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Iterator[CurvePoint]:
    """Yield the quality on `cases` after 0, 1, 2, 4, 8 … confirmed questions per article, up to all."""
    sizes = Counter(case.article_ids[0] for case in learn if case.article_ids)
    max_size = max(sizes.values(), default=0)
    steps = [0]
    while steps[-1] < max_size:
        steps.append(min(max(1, 2 * steps[-1]), max_size))
    for step in steps:
        confirmed = draw_confirmed(learn, step, seed=seed)
        outcomes = ask(cases, learner.learn_from(confirmed), same_answer=same_answer)
        metrics = retrieval_report(outcomes, seed=seed).metrics
        yield CurvePoint(
            per_article=step,
            n_learned=len(confirmed),
            p_at_1=metrics["p_at_1"],
            hit_at_3=metrics["hit_at_3"],
        )


def cross_fit(
    learner: Learner, learn: Sequence[Case], *, same_answer: Mapping[str, str] | None = None, seed: int = 0
) -> list[ScoredCase]:
    """Evaluate each confirmed case with a model that learned only from other cases."""
    return [
        outcome
        for learning_cases, held_out in folds_of(learn, _FOLDS, seed=seed)
        for outcome in ask(held_out, learner.learn_from(learning_cases), same_answer=same_answer)
    ]

from collections.abc import Sequence

import pytest

from evaluation import Case, Estimate, RankedSuggestion, cross_fit, learning_curve
from tests.evaluation.test_metrics import Offer


class Rote:
    """Knows taught cases word for word, and otherwise never names the first article."""

    def __init__(self, known: dict[str, str] | None = None) -> None:
        self.known = known or {}

    def learn_from(self, confirmed: Sequence[Case]) -> "Rote":
        return Rote({case.text: case.article_ids[0] for case in confirmed})

    def suggest(self, text: str) -> Sequence[RankedSuggestion]:
        return [Offer(self.known.get(text, "none"), 0.5)]


def value(estimate: Estimate | None) -> float:
    assert estimate is not None
    return estimate.value


LEARN = [Case(text=f"{name}{n}", article_ids=(name,)) for name in "ab" for n in range(5)]


@pytest.mark.slow
def test_the_learning_curve_doubles_and_ends_with_all() -> None:
    points = list(learning_curve(Rote(), LEARN, LEARN))
    assert [point.per_article for point in points] == [0, 1, 2, 4, 5]
    assert [point.n_learned for point in points] == [0, 2, 4, 8, 10]
    assert [value(point.p_at_1) for point in points] == [0, 0.2, 0.4, 0.8, 1]


def test_calibration_rows_are_asked_of_a_model_that_has_not_learned_them() -> None:
    outcomes = cross_fit(Rote(), LEARN)
    assert sorted(outcome.text for outcome in outcomes) == sorted(case.text for case in LEARN)
    assert not any(outcome.is_right for outcome in outcomes)

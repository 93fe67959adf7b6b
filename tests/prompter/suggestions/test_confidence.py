from dataclasses import replace

import numpy as np
import pytest

from kb_index import Article, Hit
from prompter.suggestions.confidence import ConfidenceModel, features, update_model

PRIOR = ConfidenceModel(bias=-1, weight_lead=1, weight_vote=2, weight_in_scope=0.1, weight_phrasings=-0.5)
HIT = Hit(
    article=Article(id="a", question="Где", answer="Тут", topic="t", language="ru", phrasings=("да", "нет")),
    similarity=0.9, passage_similarity=0.8, word_similarity=0.7, character_similarity=0.6, vote=0.5,
    relevance=10, probability=0.75,
)  # fmt: skip


def test_confidence_is_logistic_in_its_features() -> None:
    lead, in_scope = np.log(0.75 / 0.25), np.log(0.9 / 0.1)
    assert features(HIT, in_scope=0.9) == pytest.approx((1, lead, 0.5, in_scope, np.log(3)))
    logit = -1 + lead + 2 * 0.5 + 0.1 * in_scope - 0.5 * np.log(3)
    assert PRIOR.confidence(HIT, in_scope=0.9) == pytest.approx(1 / (1 + np.exp(-logit)))
    assert features(HIT, in_scope=None)[3] == 0


@pytest.mark.parametrize("better", [{"vote": 0.9}, {"probability": 0.9}])
def test_a_nearer_hit_is_never_less_probable(better: dict[str, float]) -> None:
    assert PRIOR.confidence(replace(HIT, **better), in_scope=0.5) > PRIOR.confidence(HIT, in_scope=0.5)  # type: ignore[arg-type]
    assert PRIOR.confidence(HIT, in_scope=0.9) > PRIOR.confidence(HIT, in_scope=0.1)


def test_nothing_is_certain() -> None:
    assert replace(PRIOR, bias=-1000.0).confidence(HIT, in_scope=0.5) == 0.001
    assert replace(PRIOR, bias=1000.0).confidence(HIT, in_scope=0.5) == 0.999


def outcomes(n: int, truth: ConfidenceModel) -> tuple[list[tuple[float, ...]], list[bool]]:
    random = np.random.default_rng(0)
    hits = [
        replace(HIT, vote=float(vote), probability=float(probability))
        for vote, probability in random.uniform(0.05, 0.95, (n, 2))
    ]
    right = [bool(random.random() < truth.confidence(hit, in_scope=0.9)) for hit in hits]
    return [features(hit, in_scope=0.9) for hit in hits], right


def test_no_outcome_leaves_the_prior_and_many_overrule_it() -> None:
    assert update_model(PRIOR, [], []) == PRIOR
    truth = replace(PRIOR, bias=0.5, weight_vote=4.0)
    few = update_model(PRIOR, *outcomes(20, truth))
    many = update_model(PRIOR, *outcomes(5000, truth))
    told = truth.confidence(HIT, in_scope=0.9)
    assert abs(many.confidence(HIT, in_scope=0.9) - told) < 0.02
    assert PRIOR.confidence(HIT, in_scope=0.9) < few.confidence(HIT, in_scope=0.9) < 1


def test_outcomes_cannot_make_nearness_a_fault() -> None:
    rows, right = outcomes(2000, PRIOR)
    model = update_model(PRIOR, rows, [not is_right for is_right in right])
    assert (model.weight_lead, model.weight_vote) == (0, 0)

"""Fit the ranking weights of the signals to verdicts, starting from the shipped ones."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from kb_index import Hit, Weights

Floats = npt.NDArray[np.float64]

SIGNALS = {  # the value in a hit that each weight applies to
    "weight_question": "similarity",
    "weight_passage": "passage_similarity",
    "weight_words": "word_similarity",
    "weight_characters": "character_similarity",
    "weight_votes": "vote",
    "weight_lda": "lda_score",
}


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The hits of one utterance, and which of them were right."""

    signals: Floats  # shape (hits, signals)
    offset: Floats  # shape (hits,): the rest of relevance, such as language
    is_right: npt.NDArray[np.bool_]  # shape (hits,)


def ranking(hits: Sequence[Hit], right: frozenset[str], weights: Weights) -> Ranking:
    """Split the hits' relevance under `weights` into its signals."""
    signals = np.array([[getattr(hit, name) for name in SIGNALS.values()] for hit in hits], dtype=np.float64)
    relevance = np.array([hit.relevance for hit in hits], dtype=np.float64)
    signals = signals.reshape(len(hits), len(SIGNALS))
    return Ranking(
        signals=signals,
        offset=relevance - signals @ _coefficients(weights),
        is_right=np.array([hit.article.id in right for hit in hits], dtype=np.bool_),
    )


def fit_weights(
    rankings: Sequence[Ranking], prior: Weights, *, strength: float, counts: Sequence[float] | None = None
) -> Weights:
    """Return the most probable weights of a conditional logit model (McFadden, 1974), given a Gaussian prior.

    The prior is centred on `prior`. Its standard deviation is the weight itself divided by the square
    root of `strength`, as if that many fully informative rankings had been seen. Weights stay at least
    0: nearer is never worse. Rankings in which nothing or everything is right carry no information.
    `counts` is the number of rankings that each one counts as.
    """
    from scipy import optimize

    weighed = zip(rankings, counts or [1.0] * len(rankings), strict=True)
    kept = [
        (ranking, count)
        for ranking, count in weighed
        if ranking.is_right.any() and not ranking.is_right.all()
    ]
    useful, weight = [ranking for ranking, _ in kept], np.array([count for _, count in kept])
    centre = _coefficients(prior)
    if not useful:
        return prior
    hits = max(len(ranking.offset) for ranking in useful)
    signals = np.zeros((len(useful), hits, len(SIGNALS)))
    offset = np.full((len(useful), hits), -np.inf)
    is_right = np.zeros((len(useful), hits), dtype=np.bool_)
    for row, ranking in enumerate(useful):
        signals[row, : len(ranking.offset)] = ranking.signals
        offset[row, : len(ranking.offset)] = ranking.offset
        is_right[row, : len(ranking.offset)] = ranking.is_right
    deviation = np.maximum(centre, 1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        relevance = signals @ weights + offset
        predicted, right = _softmax(relevance), _softmax(np.where(is_right, relevance, -np.inf))
        surprise = _log_sum(relevance) - _log_sum(np.where(is_right, relevance, -np.inf))
        value = float(weight @ surprise)
        gradient = np.einsum("r,rh,rhs->s", weight, predicted - right, signals)
        away = (weights - centre) / deviation
        return value + strength * float(away @ away) / 2, gradient + strength * away / deviation

    found = optimize.minimize(loss, centre, jac=True, bounds=[(0, None)] * len(centre)).x
    prior_values = {field.name: getattr(prior, field.name) for field in fields(Weights)}
    return replace(Weights(**prior_values), **dict(zip(SIGNALS, map(float, found), strict=True)))


def rerank(hits: Sequence[Hit], old: Weights, new: Weights) -> tuple[Hit, ...]:
    """Reorder hits that were found with `old` weights by `new` weights.

    The result differs from a new search only where that would have ranked other articles in detail.
    """
    if not hits:
        return ()
    signals = np.array([[getattr(hit, name) for name in SIGNALS.values()] for hit in hits], dtype=np.float64)
    relevance = np.array([hit.relevance for hit in hits], dtype=np.float64)
    relevance += signals @ (_coefficients(new) - _coefficients(old))
    odds = np.exp(relevance - relevance.max())
    probabilities = odds / odds.sum()
    return tuple(
        replace(hits[place], relevance=float(relevance[place]), probability=float(probabilities[place]))
        for place in np.argsort(-relevance, kind="stable").tolist()
    )


def _coefficients(weights: Weights) -> Floats:
    return np.array([getattr(weights, name) for name in SIGNALS], dtype=np.float64)


def _log_sum(relevance: Floats) -> Floats:
    best = relevance.max(axis=1)
    return np.asarray(best + np.log(np.exp(relevance - best[:, None]).sum(axis=1)))


def _softmax(relevance: Floats) -> Floats:
    shifted = np.exp(relevance - relevance.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))

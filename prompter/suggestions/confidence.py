"""Calibrate confidence: the probability that a suggestion is right."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from math import exp, log
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from kb_index import Hit

Floats = npt.NDArray[np.float64]

_NEVER_SURER = 1e-3  # neither right nor wrong is ever certain
# Standard deviations of the prior: how far a team's verdicts may move each coefficient. A team's knowledge
# base differs from those used for fitting about as much as these differ from each other.
_DEVIATIONS = (0.7, 0.2, 1.5, 0.05, 0.2)

FEATURES = ("constant", "lead", "vote", "in_scope", "phrasings")  # in the order of the coefficients


@dataclass(frozen=True, kw_only=True)
class ConfidenceModel:
    """A logistic model of "this suggestion is right". The shipped one was fitted on open data.

    Each coefficient is in log-odds per unit of its feature, see `features`. How and on which data they
    were fitted is described in docs/reference/tuning.md.
    """

    STORED_NAMES: ClassVar[Mapping[str, str]] = {
        "weight_lead": "on_lead",
        "weight_vote": "on_vote",
        "weight_in_scope": "on_in_scope",
        "weight_phrasings": "on_phrasings",
    }

    bias: float
    weight_lead: float
    weight_vote: float
    weight_in_scope: float
    weight_phrasings: float

    def confidence(self, hit: Hit, *, in_scope: float | None) -> float:
        """Return P(the suggestion is right), .001 to .999."""
        constant, lead, vote, scope, phrasings = features(hit, in_scope=in_scope)
        logit = (
            self.bias * constant
            + self.weight_lead * lead
            + self.weight_vote * vote
            + self.weight_in_scope * scope
            + self.weight_phrasings * phrasings
        )
        return min(1 - _NEVER_SURER, max(_NEVER_SURER, 1 / (1 + exp(-max(-30.0, min(30.0, logit))))))


def features(hit: Hit, *, in_scope: float | None) -> tuple[float, float, float, float, float]:
    """Return the model's features, a constant first.

    - lead: the log-odds of the search's own probability, which compares the found articles with each other
    - vote: whether any of them fits at all
    - the log-odds that the utterance is in scope, or 0 if unknown
    - the number of the article's phrasings: the nearest of many is nearer by chance
    """
    return (
        1.0,
        _log_odds(hit.probability),
        hit.vote,
        0.0 if in_scope is None else _log_odds(in_scope),
        log(1 + len(hit.article.phrasings)),
    )


def update_model(
    prior: ConfidenceModel,
    rows: Sequence[Sequence[float]],
    right: Sequence[bool],
    *,
    counts: Sequence[float] | None = None,
) -> ConfidenceModel:
    """Return the most probable coefficients, given outcomes and a Gaussian prior around `prior`'s.

    `rows` are the features of suggestions by a model that had not learned their outcome. Otherwise the
    model would become overconfident. A longer lead, more votes and a higher probability of being in
    scope never make a suggestion less probable. `counts` is the number of outcomes that each row counts
    as.
    """
    from scipy import optimize

    if not rows:
        return prior
    matrix, labels = np.array(rows, dtype=np.float64), np.array(right, dtype=np.float64)
    weight = np.ones(len(labels)) if counts is None else np.array(counts)
    centre, deviation = np.array(astuple(prior)), np.array(_DEVIATIONS)

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        logits = matrix @ coefficients
        away = (coefficients - centre) / deviation
        value = float(weight @ (np.logaddexp(0, logits) - labels * logits) + away @ away / 2)
        error = weight * (1 / (1 + np.exp(-np.clip(logits, -30, 30))) - labels)
        return value, matrix.T @ error + away / deviation

    bounds = [(None, None), (0, None), (0, None), (0, None), (None, None)]
    bias, lead, vote, in_scope, phrasings = optimize.minimize(
        loss, centre, jac=True, bounds=bounds
    ).x.tolist()
    return ConfidenceModel(
        bias=bias, weight_lead=lead, weight_vote=vote, weight_in_scope=in_scope, weight_phrasings=phrasings
    )


def _log_odds(probability: float) -> float:
    bounded = min(1 - _NEVER_SURER, max(_NEVER_SURER, probability))
    return log(bounded / (1 - bounded))

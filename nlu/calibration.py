"""From a model's leave-one-out values to probabilities that can be believed."""

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from nlu.intent_model import Floats, ScopeRule

_FEWEST = 20  # examples with another one of their intent; with fewer the priors below hold
_PRIOR_TEMPERATURE = 0.12  # what few-shot sets arrive at
PRIOR_SCOPE = ScopeRule(bias=-6.5, on_margin=6.0, on_nearness=9.0)
_RIDGE = 1e-3  # keeps separable data from sending coefficients to infinity


def temperature(held_out: Floats, targets: npt.NDArray[np.intp]) -> float:
    """Divisor of the values that makes their softmax most likely.

    `held_out` (examples, classes) are leave-one-out values. An example without another one of its
    intent says nothing here: held out, its intent would be unknown.
    """
    counts = np.bincount(targets)
    usable = counts[targets] > 1
    if usable.sum() < _FEWEST or len(counts) < 2:
        return _PRIOR_TEMPERATURE
    values, right = held_out[usable].astype(np.float64), targets[usable]

    def loss(log_temperature: float) -> float:
        logits = values / np.exp(log_temperature)
        chosen = logits[np.arange(len(right)), right]
        return float(np.mean(special.logsumexp(logits, axis=1) - chosen))

    return float(np.exp(optimize.minimize_scalar(loss, bounds=(-6.0, 2.0), method="bounded").x))


def scope_rule(
    held_out: Floats,
    targets: npt.NDArray[np.intp],
    nearest: Floats,
    out_of_scope: tuple[Floats, Floats] | None = None,
) -> ScopeRule:
    """Learn when no known intent is meant; not a single example of that is needed.

    Each example is read twice: as it is, and as if its own intent did not exist, which makes it an
    utterance close to the domain that no intent covers. `out_of_scope` are values (texts, classes)
    and nearness (texts,) of real ones, if there are any; together they weigh as much as the others.
    """
    counts = np.bincount(targets)
    usable = counts[targets] > 1
    if usable.sum() < _FEWEST or len(counts) < 3:
        return PRIOR_SCOPE
    values, right, near = held_out[usable], targets[usable], nearest[usable]
    without_own = values.copy()
    without_own[np.arange(len(right)), right] = -np.inf
    inside = np.column_stack([values.max(axis=1), near.max(axis=1)])
    outside = np.column_stack([without_own.max(axis=1), near[:, 1]])
    features = np.concatenate([inside, outside]).astype(np.float64)
    labels = np.repeat([1.0, 0.0], len(right))
    weights = np.full(len(labels), 1 / len(labels))
    if out_of_scope is not None and len(out_of_scope[0]):
        real = np.column_stack([out_of_scope[0].max(axis=1), out_of_scope[1]])
        features = np.concatenate([features, real])
        labels = np.concatenate([labels, np.zeros(len(real))])
        weights[len(right) :] /= 2
        weights = np.concatenate([weights, np.full(len(real), 1 / (4 * len(real)))])

    def loss(coefficients: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        logits = coefficients[0] + features @ coefficients[1:]
        error = special.expit(logits) - labels
        value = (
            np.mean(np.logaddexp(0, logits) - labels * logits) + _RIDGE * (coefficients[1:] ** 2).sum() / 2
        )
        gradient = np.concatenate(
            [[error.mean()], features.T @ error / len(labels) + _RIDGE * coefficients[1:]]
        )
        return float(value), gradient

    bounds = [(None, None), (0, None), (0, None)]  # a nearer utterance is never less in scope
    bias, on_margin, on_nearness = optimize.minimize(loss, np.zeros(3), jac=True, bounds=bounds).x
    return ScopeRule(bias=float(bias), on_margin=float(on_margin), on_nearness=float(on_nearness))

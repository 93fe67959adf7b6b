"""Turn a model's leave-one-out values into calibrated probabilities."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from nlu.intent_model import Floats, ScopeRule

_MIN_EXAMPLES = 20  # examples whose intent has further examples; with fewer, the priors below apply
_PRIOR_TEMPERATURE = 0.12  # typical result on few-shot sets
PRIOR_SCOPE = ScopeRule(bias=-6.5, on_margin=6.0, on_nearness=9.0)
_PLAYED_COUNT = 20  # number of real out-of-scope examples that weigh as much as all simulated ones
_RIDGE = 1e-3  # keeps separable data from sending coefficients to infinity


def temperature(held_out: Floats, targets: npt.NDArray[np.intp]) -> float:
    """Return the divisor of the values that maximises the likelihood of their softmax.

    `held_out` (examples, classes) are leave-one-out values. The only example of an intent is ignored:
    when it is held out, its intent is unknown.
    """
    counts = np.bincount(targets)
    usable = counts[targets] > 1
    if usable.sum() < _MIN_EXAMPLES or len(counts) < 2:
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
    nearness: tuple[Floats, Floats],
    out_of_scope: tuple[Floats, Floats] | None = None,
    *,
    false_rejection_rate: float,
) -> ScopeRule:
    """Learn to detect utterances that mean no known intent, without needing any example of them.

    `nearness` gives for each example its nearness to all other examples, and to those of other intents. Each
    example is used twice: unchanged, and as if its own intent did not exist, which simulates an utterance
    close to the domain that no intent covers. Simulated examples determine the steepness of the rule, but not
    the relative weight of margin and nearness: equal weights do best on intents left out of other sets.
    `out_of_scope`, the values (texts, classes) and nearness (texts,) of real examples, determines that, too.
    At most the share `false_rejection_rate` of the held-out examples gets less than 0.5.
    """
    counts = np.bincount(targets)
    usable = counts[targets] > 1
    if usable.sum() < _MIN_EXAMPLES or len(counts) < 3:
        return PRIOR_SCOPE
    values, right = held_out[usable], targets[usable]
    without_own = values.copy()
    without_own[np.arange(len(right)), right] = -np.inf
    inside = np.column_stack([values.max(axis=1), nearness[0][usable]]).astype(np.float64)
    played = np.column_stack([without_own.max(axis=1), nearness[1][usable]]).astype(np.float64)
    if out_of_scope is None or not len(out_of_scope[0]):
        sums = [inside.sum(axis=1, keepdims=True), played.sum(axis=1, keepdims=True)]
        bias, slope = _logistic(sums, [0.5, 0.5])
        on_margin = on_nearness = slope
    else:
        real = np.column_stack([out_of_scope[0].max(axis=1), out_of_scope[1]]).astype(np.float64)
        believed = len(real) / (len(real) + _PLAYED_COUNT)
        groups, weights = [inside, played, real], [0.5, (1 - believed) / 2, believed / 2]
        bias, on_margin, on_nearness = _logistic(groups, weights)
    lowest = float(np.quantile(inside @ [on_margin, on_nearness], false_rejection_rate))
    return ScopeRule(bias=max(bias, -lowest), on_margin=on_margin, on_nearness=on_nearness)


def _logistic(groups: Sequence[npt.NDArray[np.float64]], weights: Sequence[float]) -> list[float]:
    """Return bias and non-negative coefficients of a weighted logistic regression of two groups."""
    features = np.concatenate(groups)
    labels = np.repeat([1.0] + [0.0] * (len(groups) - 1), [len(group) for group in groups])
    shares = np.concatenate(
        [np.full(len(group), weight / len(group)) for group, weight in zip(groups, weights, strict=True)]
    )

    def loss(coefficients: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        logits = coefficients[0] + features @ coefficients[1:]
        error = shares * (special.expit(logits) - labels)
        value = (shares * (np.logaddexp(0, logits) - labels * logits)).sum()
        penalty = _RIDGE * (coefficients[1:] ** 2).sum() / 2
        return float(value + penalty), np.concatenate(
            [[error.sum()], features.T @ error + _RIDGE * coefficients[1:]]
        )

    start = np.zeros(1 + features.shape[1])
    bounds = [(None, None)] + [(0, None)] * features.shape[1]  # higher nearness never means less in scope
    found: list[float] = optimize.minimize(loss, start, jac=True, bounds=bounds).x.tolist()
    return found

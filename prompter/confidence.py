"""How probable is it that a suggestion is right, before any operator has said so?"""

from dataclasses import dataclass
from math import exp, log

from kb_index import Hit

_NEVER_SURER = 1e-3  # no prior says 0 or 1


@dataclass(frozen=True, kw_only=True)
class ConfidencePrior:
    """A logistic model of "this suggestion is right", fitted on open data (docs/reference/tuning.md).

    Each coefficient is in log-odds for one unit of its feature; see `features`.
    """

    bias: float
    on_lead: float
    on_similarity: float
    on_passage: float
    on_words: float

    def confidence(self, hit: Hit) -> float:
        """P(the suggestion is right), .001 to .999."""
        coefficients = (self.on_lead, self.on_similarity, self.on_passage, self.on_words)
        values = features(hit)
        logit = self.bias + sum(a * b for a, b in zip(coefficients, values, strict=True))
        return min(1 - _NEVER_SURER, max(_NEVER_SURER, 1 / (1 + exp(-max(-30.0, min(30.0, logit))))))


def features(hit: Hit) -> tuple[float, float, float, float]:
    """What the prior looks at: how far the article is ahead of the others, and how near it is at all.

    The lead is the log-odds of the search's own probability, which only compares articles with each
    other; the similarities say whether any of them fits.
    """
    probability = min(1 - _NEVER_SURER, max(_NEVER_SURER, hit.probability))
    return (
        log(probability / (1 - probability)),
        hit.similarity,
        hit.passage_similarity,
        hit.word_similarity,
    )

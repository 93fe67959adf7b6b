"""A fitted intent classifier as plain arrays: loads fast, predicts without scikit-learn."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlu.encoders.encoder import Vectors
from nlu.kernel import MeaningKernel, Vocabulary, nearness
from nlu.ngrams import Grams, TextGrams

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class IntentPrediction:
    """The prediction for one utterance.

    `confidence` is the probability of `intent` given that a known intent is meant, and `in_scope` is the
    probability that a known intent is meant. `runner_up` is None if there is only one intent.
    """

    intent: str
    confidence: float
    runner_up: str | None
    runner_up_confidence: float
    in_scope: float
    probabilities: Floats  # of each class, in the order of IntentModel.classes; they sum to 1


@dataclass(frozen=True, kw_only=True)
class ScopeRule:
    """P(a known intent is meant) = 1 / (1 + exp(-(bias + on_margin · margin + on_nearness · nearness))).

    `margin` is the best intent's value (about 1 for an utterance like its examples, 0 for no intent
    in particular), `nearness` the similarity in meaning to the nearest examples (1.0 is identical).
    """

    bias: float
    on_margin: float
    on_nearness: float

    def probability(self, margin: Floats, nearness: Floats) -> Floats:
        logit = self.bias + self.on_margin * margin + self.on_nearness * nearness
        return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30, 30))), dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class LexicalWeights:
    """Weights of each bucket for each class. `weights` has shape (buckets, classes)."""

    vocabulary: Vocabulary
    weights: Floats

    def values(self, grams: Grams) -> Floats:
        """Return each class's value, shape (texts, classes)."""
        if len(grams) == 1:  # summing rows is faster than setting up scipy's product
            columns, weights = self.vocabulary.row(grams)
            return (weights @ self.weights[columns])[None, :]
        return np.asarray(self.vocabulary.rows(grams) @ self.weights, dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class IntentModel:
    """Kernel ridge regression of each intent's membership, with a temperature on top.

    The meaning part compares with every example: `weights` has shape (examples, classes). The
    lexical part is linear, so it no longer needs the examples. `temperature` divides the values
    before the softmax.
    """

    classes: tuple[str, ...]
    meaning: MeaningKernel
    weights: Floats
    words: LexicalWeights
    characters: LexicalWeights
    temperature: float
    scope: ScopeRule

    def values(self, vectors: Vectors, grams: TextGrams) -> tuple[Floats, Floats]:
        """Return each class's value, shape (texts, classes), and each text's nearness, shape (texts,)."""
        similarities = self.meaning.similarities(vectors)
        values = similarities @ self.weights
        values += self.words.values(grams.words)
        values += self.characters.values(grams.characters)
        return values, nearness(similarities)

    def probabilities(self, vectors: Vectors, grams: TextGrams) -> tuple[Floats, Floats]:
        """Return P(class | in scope), shape (texts, classes), and P(in scope), shape (texts,)."""
        values, near = self.values(vectors, grams)
        return softmax(values / self.temperature), self.scope.probability(values.max(axis=1), near)

    def predict(self, vector: Vectors, grams: TextGrams) -> IntentPrediction:
        """Predict one utterance. `vector` has shape (dimensions,)."""
        probabilities, in_scope = self.probabilities(vector[None, :], grams)
        row = probabilities[0]
        best = int(row.argmax())
        remaining = row.copy()
        remaining[best] = -1
        second = int(remaining.argmax()) if len(row) > 1 else None
        return IntentPrediction(
            intent=self.classes[best],
            confidence=float(row[best]),
            runner_up=None if second is None else self.classes[second],
            runner_up_confidence=0.0 if second is None else float(row[second]),
            in_scope=float(in_scope[0]),
            probabilities=row,
        )


def softmax(logits: Floats) -> Floats:
    """Return the softmax of each row."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)

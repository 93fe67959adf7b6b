"""The estimator that learns an `IntentModel` with calibrated confidence."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import linalg
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from nlu import calibration
from nlu.encoders.encoder import Encoder, Vectors
from nlu.errors import BadTrainingData
from nlu.intent_model import Floats, IntentModel, LexicalWeights
from nlu.kernel import MeaningKernel, held_out_nearness, lexical_rows, lower_triangle
from nlu.ngrams import NgramHasher, TextGrams
from nlu.text import clean

_NOT_WORD = re.compile(r"[\W_]+")
_NAMES_COUNT = 6  # weight of a name, in examples: 4 to 16 give equal results (docs/reference/tuning.md)
_MAX_CELLS = 25_000_000  # numbers in a lexical part's weights: 100 MB


class IntentClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """Kernel ridge regression on meaning (dense), words and spelling together.

    One ridge problem has a closed solution, and so have its leave-one-out predictions: probabilities
    are calibrated on the model's held-out prediction for each example. On the same features, this beats
    logistic regression and a linear SVM from 5 to 130 examples per intent (docs/reference/tuning.md),
    because the kernel on the dense part is not linear.

    An intent's name serves as one more example, which cannot be mislabelled: at 5 examples per intent that
    adds 2 points.

    Args:
        encoder: encodes texts whose vectors are not passed in.
        lexical_weight: share of words and character n-grams, 0 to 1; the rest is meaning.
        sharpness: how fast similarity of meaning falls with the angle.
        ridge: penalty; increase it for noisy labels.
        false_rejection_rate: share of in-scope questions that may be classified as out of scope.
        max_examples: limit above which examples are dropped, from the largest intents first.
        seed: seed of the random choice of dropped examples.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        lexical_weight: float = 0.2,
        sharpness: float = 2.0,
        ridge: float = 0.3,
        false_rejection_rate: float = 0.02,
        max_examples: int = 12_000,
        seed: int = 0,
    ) -> None:
        self.encoder = encoder
        self.lexical_weight = lexical_weight
        self.sharpness = sharpness
        self.ridge = ridge
        self.false_rejection_rate = false_rejection_rate
        self.max_examples = max_examples
        self.seed = seed

    def fit(
        self,
        X: Sequence[str],  # noqa: N803
        y: Sequence[str],
        vectors: Vectors | None = None,
        *,
        outside: Sequence[str] = (),
    ) -> Self:
        """Learn from texts `X` with intents `y`.

        `vectors` are those of the cleaned texts encoded as "query", shape (len(X), dimensions).
        `outside` are texts that no intent covers, if available. They teach the limits of the scope.

        Raises:
            BadTrainingData: when there are no examples, or the numbers of texts and intents differ.
        """
        texts, intents = [clean(text) for text in X], [str(intent) for intent in y]
        if len(texts) != len(intents):
            raise BadTrainingData(f"{len(texts)} texts with {len(intents)} intents")
        if not texts:
            raise BadTrainingData("no training examples")
        kept = self._choose(texts, intents)
        texts, intents = [texts[row] for row in kept], [intents[row] for row in kept]
        ridge = np.full(len(texts), self.ridge, dtype=np.float32)
        vectors = self.encoder.encode(texts, kind="query") if vectors is None else vectors[kept]
        self.classes_, targets = np.unique(np.array(intents, dtype=object), return_inverse=True)
        n, n_classes = len(texts), len(self.classes_)
        named = [
            (number, text)
            for number, class_name in enumerate(self.classes_)
            if (text := name_text(class_name))
        ]
        if named and len(texts) + len(named) <= self.max_examples:
            numbers, names = zip(*named, strict=True)
            texts = [*texts, *names]
            targets = np.concatenate([targets, numbers])
            vectors = np.concatenate([vectors, self.encoder.encode(names, kind="query")])
            ridge = np.concatenate([ridge, np.full(len(names), self.ridge / _NAMES_COUNT, dtype=np.float32)])
        grams = self._hasher.analyze(texts)
        meaning = MeaningKernel.fit(vectors, sharpness=self.sharpness)
        (words, word_rows), (characters, character_rows) = lexical_rows(
            grams, max_buckets=_MAX_CELLS // n_classes
        )
        matrix = lower_triangle(meaning, word_rows, character_rows, self.lexical_weight)
        weights, held_out = _solve(matrix, targets, n_classes, ridge)
        held_out, text_targets = (
            held_out[:n],
            targets[:n],
        )  # customers do not write names: they train the model but are not evidence
        lexical = self.lexical_weight / 2
        self.model_ = IntentModel(
            classes=tuple(self.classes_),
            meaning=meaning,
            weights=(1 - self.lexical_weight) * weights,
            words=LexicalWeights(vocabulary=words, weights=lexical * (word_rows.T @ weights)),
            characters=LexicalWeights(vocabulary=characters, weights=lexical * (character_rows.T @ weights)),
            temperature=calibration.temperature(held_out, text_targets),
            scope=calibration.PRIOR_SCOPE,
        )
        other_nearness, other_classes = held_out_nearness(meaning, targets)
        out_of_scope = self.model_.values(*self._read(outside, None)) if outside else None
        scope = calibration.scope_rule(
            held_out,
            text_targets,
            (other_nearness[:n], other_classes[:n]),
            out_of_scope,
            false_rejection_rate=self.false_rejection_rate,
        )
        self.model_ = replace(self.model_, scope=scope)
        self.n_features_in_ = 1
        return self

    def predict_proba(self, X: Sequence[str], vectors: Vectors | None = None) -> Floats:  # noqa: N803
        """Return P(intent | a known intent is meant), shape (len(X), len(classes_))."""
        check_is_fitted(self)
        return self.model_.probabilities(*self._read(X, vectors))[0]

    def predict_in_scope(self, X: Sequence[str], vectors: Vectors | None = None) -> Floats:  # noqa: N803
        """Return P(a known intent is meant), shape (len(X),)."""
        check_is_fitted(self)
        return self.model_.probabilities(*self._read(X, vectors))[1]

    def predict(self, X: Sequence[str], vectors: Vectors | None = None) -> npt.NDArray[np.object_]:  # noqa: N803
        """Return the likeliest intent of each text."""
        classes: npt.NDArray[np.object_] = self.classes_[self.predict_proba(X, vectors).argmax(axis=1)]
        return classes

    @property
    def _hasher(self) -> NgramHasher:
        return NgramHasher()

    def _read(self, texts: Sequence[str], vectors: Vectors | None) -> tuple[Vectors, TextGrams]:
        cleaned = [clean(text) for text in texts]
        if vectors is None:
            vectors = self.encoder.encode(cleaned, kind="query")
        return vectors, self._hasher.analyze(cleaned)

    def _choose(self, texts: list[str], intents: list[str]) -> list[int]:
        """Choose the rows to learn from: distinct, and limited in number for large intents."""
        first = {pair: row for row, pair in reversed(list(enumerate(zip(texts, intents, strict=True))))}
        rows = np.array(sorted(first.values()))
        if len(rows) <= self.max_examples:
            return [int(row) for row in rows]
        shuffled = np.random.default_rng(self.seed).permutation(rows)
        seen: dict[str, int] = {}
        turn = []  # for each row, the number of earlier rows of its intent
        for row in shuffled.tolist():
            turn.append(seen.setdefault(intents[row], 0))
            seen[intents[row]] += 1
        chosen = shuffled[np.argsort(turn, kind="stable")[: self.max_examples]]
        return sorted(int(row) for row in chosen)


def name_text(intent: str) -> str:
    """Return the words of an intent's name as one more example, empty if the name says nothing.

    >>> name_text("card_payment_fee_charged"), name_text("topic:доставка"), name_text("faq/17")
    ('card payment fee charged', 'доставка', '')
    """
    words = _NOT_WORD.sub(" ", intent.rpartition(":")[2]).split()
    return clean(" ".join(words)) if any(len(word) > 3 and word.isalpha() for word in words) else ""


def _solve(
    matrix: Floats, targets: npt.NDArray[np.intp], n_classes: int, ridge: Floats
) -> tuple[Floats, Floats]:
    """Solve (matrix + diag(ridge)) weights = memberships. `matrix` is overwritten.

    Returns:
        weights and leave-one-out values, both of shape (examples, classes). Leave-one-out: Rasmussen
        & Williams, Gaussian Processes for Machine Learning (2006), eq. 5.12.
    """
    n = len(targets)
    memberships = np.full((n, n_classes), -1 / n_classes, dtype=np.float32)
    memberships[np.arange(n), targets] += 1
    matrix.flat[:: n + 1] += ridge
    # LAPACK is column-major: our lower triangle is its upper triangle
    factor = linalg.cholesky(matrix.T, lower=False, overwrite_a=True, check_finite=False)
    weights = linalg.cho_solve((factor, False), memberships, check_finite=False)
    held_out = memberships - weights / _inverse_diagonal(factor)[:, None]
    return np.asarray(weights, dtype=np.float32), np.asarray(held_out, dtype=np.float32)


def _inverse_diagonal(factor: Floats) -> Floats:
    """Return the diagonal of (Uᵀ U)⁻¹ for the upper triangular U, which is overwritten."""
    inverse, failed = linalg.lapack.strtri(factor, lower=0, overwrite_c=1)
    if failed:
        raise BadTrainingData("the examples cannot be told apart; raise classifier.ridge")
    return np.asarray(np.einsum("ij,ij->i", inverse, inverse), dtype=np.float32)

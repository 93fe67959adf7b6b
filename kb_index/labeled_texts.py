"""Score articles by the texts that people have labelled as right or wrong for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self

import numpy as np
import numpy.typing as npt

from kb_index.faiss_index import FaissIndex
from kb_index.lexical import Floats, Integers
from kb_index.vector_index import Vectors

_AS_IF_ALIKE = 200  # pseudo-texts that differ evenly in all directions: few labels have little weight
_AS_IF_ANYWHERE = 1  # pseudo-texts of each article at the overall mean: the mean of few is uncertain


class Encodes(Protocol):
    """The encoding models that labelled texts need."""

    @property
    def dimensions(self) -> int: ...

    def clean(self, text: str, /) -> str: ...

    def encode(self, cleaned: Sequence[str], *, kind: Literal["query", "passage"]) -> Vectors: ...


@dataclass(frozen=True, kw_only=True)
class LabeledText:
    """A person's labels for a text: each article in `right` answers it, none in `wrong` does."""

    text: str = field(repr=False)
    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    def shares(self) -> dict[str, float]:
        """Return the weight for each article: 1.0 in total for the right ones, -1.0 for each wrong one."""
        return dict.fromkeys(self.wrong, -1.0) | dict.fromkeys(self.right, 1 / max(1, len(self.right)))


@dataclass(frozen=True, kw_only=True)
class DiscriminantScorer:
    """The means of each article's judged texts, and the directions in which such texts vary.

    Two texts that ask for the same thing differ a lot in some directions (who asks, how politely) and
    hardly in others. Votes treat a distance in any direction alike; this scorer adds what they miss.
    """

    row_of: Mapping[str, int]  # by the article's id
    sums: Floats  # shape (articles, dimensions): sum of the vectors of each article's texts
    counts: Floats  # shape (articles,): a text that several articles answer counts as a fraction for each
    precision: Floats  # shape (dimensions, dimensions): inverse covariance within articles / dimensions

    @classmethod
    def of(cls, texts: Sequence[LabeledText], vectors: Vectors) -> "DiscriminantScorer":
        """Build the scorer from texts with a right article. `vectors` has shape (len(texts), dimensions)."""
        kept = [number for number, text in enumerate(texts) if text.right]
        row_of = {id_: row for row, id_ in enumerate(sorted({id_ for n in kept for id_ in texts[n].right}))}
        pairs = [(n, row_of[id_], 1 / len(texts[n].right)) for n in kept for id_ in texts[n].right]
        numbers, rows = (np.array([pair[i] for pair in pairs], dtype=np.int64) for i in (0, 1))
        share = np.array([pair[2] for pair in pairs], dtype=np.float32)
        sums = np.zeros((len(row_of), vectors.shape[1]), dtype=np.float32)
        np.add.at(sums, rows, vectors[numbers] * share[:, None])
        counts = np.bincount(rows, weights=share, minlength=len(row_of)).astype(np.float32)
        return cls(
            row_of=row_of,
            sums=sums,
            counts=counts,
            precision=_precision(vectors[kept], sums, counts),
        )

    def lda_score(
        self, vector: Vectors, ids: Sequence[str], text_sums: Vectors, texts: Integers, *, centre: Vectors
    ) -> Floats:
        """Return the similarity of `vector` to the texts of each article.

        The score is that of linear discriminant analysis (Fisher, 1936).

        Args:
            vector: shape (dimensions,).
            ids: ids of the articles.
            text_sums: sums of the vectors of each article's own texts, shape (articles, dimensions).
            texts: the number of these texts, shape (articles,).
            centre: subtracted from all vectors.

        Returns:
            shape (articles,): log-density per dimension up to a constant; only differences are meaningful.
        """
        sums, counts = text_sums - centre * texts[:, None], texts.astype(np.float32)
        known = [(place, self.row_of[id_]) for place, id_ in enumerate(ids) if id_ in self.row_of]
        if known:
            places, rows = np.array(known, dtype=np.int64).T
            sums[places] += self.sums[rows] - centre * self.counts[rows, None]
            counts[places] += self.counts[rows]
        means = sums / (counts + _AS_IF_ANYWHERE)[:, None]
        weighed = means @ self.precision
        return np.asarray(weighed @ (vector - centre) - (weighed * means).sum(axis=1) / 2, dtype=np.float32)


class LabeledTexts:
    """Judged texts with their vectors. Immutable.

    They are kept separate from the authors' phrasings, because a single wrong label must not win alone.
    """

    def __init__(
        self,
        texts: Sequence[LabeledText],
        vectors: Vectors,
        *,
        cleaned: Sequence[str] = (),
        hnsw_above: int = 5000,
    ) -> None:
        """Store texts and their `vectors`, encoded as "query" after cleaning: shape (len(texts), dimensions).

        Without `cleaned` the encoded texts are unknown, and retraining cannot reuse the vectors.
        """
        if len(texts) != len(vectors) or (cleaned and len(texts) != len(cleaned)):
            raise ValueError(f"{len(texts)} texts, {len(cleaned)} cleaned, with {len(vectors)} vectors")
        self.texts = tuple(texts)
        self.cleaned = tuple(cleaned)
        self._none = vectors[:0]
        self.scorer = DiscriminantScorer.of(self.texts, vectors)
        self.index = FaissIndex(vectors.shape[1], hnsw_above=hnsw_above)
        if len(vectors):
            self.index.add(np.arange(len(vectors)), vectors)

    def __len__(self) -> int:
        return len(self.texts)

    @classmethod
    def build(
        cls,
        texts: Sequence[LabeledText],
        *,
        reader: Encodes,
        cleaned: Sequence[str] | None = None,
        known: "LabeledTexts | None" = None,
    ) -> Self:
        """Encode each text once, except those that `known`, made with the same encoder, already holds.

        `cleaned` are the texts as cleaned by `reader`, if that has already been done.
        """
        if cleaned is None:
            cleaned = [reader.clean(labeled.text) for labeled in texts]
        distinct = dict.fromkeys(cleaned)
        places = {
            text: place for place, text in enumerate(known.cleaned if known else ()) if text in distinct
        }
        missing = [text for text in distinct if text not in places]
        parts = [np.zeros((0, reader.dimensions), dtype=np.float32)]
        if known is not None and places:
            parts.append(known.index.vectors(np.array(list(places.values()), dtype=np.int64)))
        if missing:
            parts.append(reader.encode(missing, kind="query"))
        row_of = {text: row for row, text in enumerate([*places, *missing])}
        vectors = np.concatenate(parts)[[row_of[text] for text in cleaned]]
        return cls(texts, vectors, cleaned=cleaned)

    def vectors(self) -> Vectors:
        """Return all vectors, shape (texts, dimensions)."""
        return self.index.vectors(np.arange(len(self))) if len(self) else self._none

    def select(self, numbers: Sequence[int]) -> "LabeledTexts":
        """Return a copy with these texts only."""
        kept = np.array(numbers, dtype=np.int64)
        vectors = self.index.vectors(kept) if len(kept) else self._none
        return LabeledTexts(
            [self.texts[number] for number in numbers],
            vectors,
            cleaned=[self.cleaned[number] for number in numbers] if self.cleaned else (),
        )

    def find_nearest(self, vector: Vectors, k: int) -> Integers:
        """Return the numbers of up to `k` texts, nearest first."""
        if not len(self):
            return np.zeros(0, dtype=np.int64)
        numbers: Integers = self.index.search(vector[None, :], k)[1][0]
        return numbers[numbers >= 0]


def votes(
    vector: Vectors,
    texts: Vectors,
    shares: npt.NDArray[np.float32],
    *,
    centre: Vectors,
    sharpness: float,
    ridge: float,
) -> Floats:
    """Score articles by their labelled neighbours: kernel ridge regression on the neighbours alone.

    A neighbour that contradicts several others is outvoted. The weight of a lone neighbour depends on its
    similarity. Solving for the nearest few gives the same result as solving for all
    (docs/reference/tuning.md), and adding a text requires no training.

    Args:
        vector: shape (dimensions,).
        texts: the neighbours' vectors, shape (texts, dimensions).
        shares: share of each text for each article, shape (texts, articles); 1.0 means no other article.
        centre: subtracted from all vectors, because what all texts share is uninformative.
        sharpness: the kernel is exp(sharpness · (cosine - 1)).
        ridge: regularisation; a higher value is smoother and suits noisy verdicts.

    Returns:
        shape (articles,): near 1 for the article of similar texts, 0 for the others.
    """
    rows = np.vstack([texts, vector[None, :]]) - centre
    products = rows @ rows.T
    lengths = np.sqrt(np.maximum(products.diagonal(), 1e-18))
    kernel = np.exp(sharpness * (products / lengths / lengths[:, None] - 1))
    kernel_of_texts, kernel_of_query = kernel[:-1, :-1], kernel[:-1, -1]
    kernel_of_texts.flat[:: len(kernel_of_texts) + 1] += ridge
    return np.asarray(np.linalg.solve(kernel_of_texts, kernel_of_query) @ shares, dtype=np.float32)


def _precision(vectors: Vectors, sums: Floats, counts: Floats) -> Floats:
    """Return the inverse of the within-article covariance, shrunk to a spherical one (Friedman, 1989)."""
    n, dimensions = vectors.shape
    middle = vectors.mean(axis=0) if n else np.zeros(dimensions, dtype=np.float32)
    apart, moved = vectors - middle, sums - counts[:, None] * middle
    # One pseudo-text at a distance of 1: the variance of few texts is unknown and never 0
    variance = (float((apart * apart).sum()) + 1) / (n + 1) / dimensions
    freedom = max(0, n - len(counts)) + _AS_IF_ALIKE
    spherical = _AS_IF_ALIKE * variance
    if n + len(counts) < dimensions // 2:
        inverse = _invert_low_rank(spherical, plus=apart, minus=moved / np.sqrt(counts)[:, None])
    else:
        within = (apart.T @ apart - moved.T @ (moved / counts[:, None])).astype(np.float64)
        within.flat[:: dimensions + 1] += spherical
        inverse = np.linalg.inv(within)
    return np.asarray(inverse * (freedom / dimensions), dtype=np.float32)


def _invert_low_rank(diagonal: float, *, plus: npt.NDArray[Any], minus: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the inverse of diagonal · I + plus.T @ plus - minus.T @ minus (Woodbury, 1950).

    Fast where both have few rows, whatever the number of dimensions.
    """
    rows = np.concatenate([plus, minus]).astype(np.float64)
    small = rows @ rows.T
    small.flat[:: len(rows) + 1] += diagonal * np.repeat([1.0, -1.0], [len(plus), len(minus)])
    inverse = rows.T @ np.linalg.solve(small, rows) / -diagonal
    inverse.flat[:: rows.shape[1] + 1] += 1 / diagonal
    return inverse


def centre_of(vectors: Vectors, *, as_if: int = 5) -> Vectors:
    """Return the mean vector, with `as_if` pseudo-texts at the origin: few texts share things by chance."""
    if not len(vectors):
        return np.zeros(vectors.shape[1], dtype=np.float32)
    return np.asarray(vectors.sum(axis=0) / (len(vectors) + as_if), dtype=np.float32)

"""Kernels for the similarity of two utterances: meaning (dense vectors), words, and spelling."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nlu.encoders.encoder import Vectors
from nlu.ngrams import Grams, TextGrams

if TYPE_CHECKING:
    from scipy import sparse  # only for training: answering does not need it

NEIGHBOURS = 5  # a single near example may be a coincidence
_BLOCK = 1024  # rows of a similarity matrix computed at once


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The buckets that count, ascending, and their rarity: ln((1 + n) / (1 + texts with it)) + 1."""

    buckets: npt.NDArray[np.uint32]
    rarity: npt.NDArray[np.float32]

    @classmethod
    def fit(cls, grams: Grams, *, max_buckets: int) -> "Vocabulary":
        """Collect the buckets of these texts, at most the `max_buckets` most frequent."""
        buckets, texts_with = np.unique(grams.buckets, return_counts=True)
        if len(buckets) > max_buckets:
            kept = np.sort(np.argsort(-texts_with, kind="stable")[:max_buckets])
            buckets, texts_with = buckets[kept], texts_with[kept]
        rarity = np.log((1 + len(grams)) / (1 + texts_with)) + 1
        return cls(buckets=buckets, rarity=rarity.astype(np.float32))

    def rows(self, grams: Grams) -> "sparse.csr_array":
        """Return texts as rows of length 1, weighted by rarity. Unknown buckets are left out."""
        from scipy import sparse

        columns, known = self._look_up(grams.buckets)
        starts = np.concatenate([[0], np.cumsum(known)])[grams.starts]
        weights = self.rarity[columns].astype(np.float64)
        text_of = np.repeat(np.arange(len(grams)), np.diff(starts))
        squares = np.bincount(text_of, weights=weights**2, minlength=len(grams))
        weights = (weights / np.sqrt(np.maximum(squares, 1e-12))[text_of]).astype(np.float32)
        shape = (len(grams), len(self.buckets))
        return sparse.csr_array((weights, columns.astype(np.int32), starts.astype(np.int32)), shape=shape)

    def row(self, grams: Grams) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """Return columns and weights of a single text."""
        columns, _ = self._look_up(grams.buckets)
        weights = self.rarity[columns]
        return columns, weights / np.float32(np.sqrt(max(float(weights @ weights), 1e-12)))

    def _look_up(self, buckets: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """Return the columns of the known buckets, and a mask of which buckets are known."""
        if not len(self.buckets):
            return np.zeros(0, dtype=np.intp), np.zeros(len(buckets), dtype=np.bool_)
        places = np.minimum(np.searchsorted(self.buckets, buckets), len(self.buckets) - 1)
        known = self.buckets[places] == buckets
        return places[known], known


@dataclass(frozen=True, kw_only=True)
class MeaningKernel:
    """exp(sharpness · (cosine - 1)) after subtracting the fitted texts' mean. 1.0 is identical.

    Encoders such as E5 place all texts in a narrow cone, so their common vector is uninformative.
    """

    sharpness: float
    centre: npt.NDArray[np.float32]
    vectors: Vectors  # of the fitted texts: centred, rows of length 1

    @classmethod
    def fit(cls, vectors: Vectors, *, sharpness: float) -> "MeaningKernel":
        # a single text is its own mean: centring would leave nothing
        centre = vectors.mean(axis=0) if len(vectors) > 1 else np.zeros(vectors.shape[1], dtype=np.float32)
        return cls(sharpness=sharpness, centre=centre, vectors=_unit(vectors - centre))

    def similarities(self, vectors: Vectors) -> npt.NDArray[np.float32]:
        """Return the kernel values of other texts (rows) with the fitted texts (columns)."""
        return self.of_cosines(_unit(vectors - self.centre) @ self.vectors.T)

    def of_cosines(self, cosines: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Convert cosines to kernel values in place."""
        cosines -= 1
        cosines *= self.sharpness
        return np.exp(cosines, out=cosines)


def lower_triangle(
    meaning: MeaningKernel, words: "sparse.csr_array", characters: "sparse.csr_array", lexical_weight: float
) -> npt.NDArray[np.float32]:
    """Return the kernel matrix of the fitted texts, as a lower triangle.

    Its cells are (1 - lexical_weight) · meaning + lexical_weight · mean of both lexical cosines.

    Only the lower triangle is filled, a block of rows at a time, which halves the work and needs no second
    matrix.
    """
    from scipy import sparse

    n = len(meaning.vectors)
    matrix = np.zeros((n, n), dtype=np.float32)
    lexical = sparse.csr_array(sparse.hstack([words, characters]) * np.float32(np.sqrt(lexical_weight / 2)))
    for start in range(0, n, _BLOCK):
        end = min(start + _BLOCK, n)
        block = meaning.of_cosines(meaning.vectors[start:end] @ meaning.vectors[:end].T)
        block *= 1 - lexical_weight
        if lexical_weight:
            block += (lexical[start:end] @ lexical[:end].T).toarray()
        matrix[start:end, :end] = block
    return matrix


def nearness(similarities: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the mean kernel value of each row's nearest examples, at most `NEIGHBOURS` of them."""
    columns = similarities.shape[1]
    if columns > NEIGHBOURS:
        similarities = np.partition(similarities, columns - NEIGHBOURS, axis=1)[:, -NEIGHBOURS:]
    return np.asarray(similarities.mean(axis=1), dtype=np.float32)


def held_out_nearness(
    meaning: MeaningKernel, targets: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return each fitted text's nearness to the other texts, and to those of other classes only.

    Both have shape (texts,). Excluded texts count as a kernel value of 0.
    """
    n = len(targets)
    other_nearness, other_classes = np.empty(n, dtype=np.float32), np.empty(n, dtype=np.float32)
    for start in range(0, n, _BLOCK):
        end = min(start + _BLOCK, n)
        block = meaning.of_cosines(meaning.vectors[start:end] @ meaning.vectors.T)
        block[np.arange(end - start), np.arange(start, end)] = 0
        other_nearness[start:end] = nearness(block)
        block[targets[start:end, None] == targets[None, :]] = 0
        other_classes[start:end] = nearness(block)
    return other_nearness, other_classes


def lexical_rows(
    grams: TextGrams, *, max_buckets: int
) -> "tuple[tuple[Vocabulary, sparse.csr_array], tuple[Vocabulary, sparse.csr_array]]":
    """Fit words and characters, and return the vocabulary and rows of each."""
    words, characters = (
        Vocabulary.fit(grams.words, max_buckets=max_buckets),
        Vocabulary.fit(grams.characters, max_buckets=max_buckets),
    )
    return (words, words.rows(grams.words)), (characters, characters.rows(grams.characters))


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)

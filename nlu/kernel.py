"""How alike two utterances are: meaning (dense vectors), words, and spelling."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from nlu.encoders.encoder import Vectors
from nlu.ngrams import Grams, TextGrams

_BLOCK = 1024  # rows of a similarity matrix computed at once


@dataclass(frozen=True, kw_only=True)
class LexicalRows:
    """Bags of buckets as rows of length 1, weighted by rarity: tf-idf with presence instead of counts.

    `vocabulary` are the buckets that the fitted texts hold, ascending; `rarity` is their
    ln((1 + n) / (1 + texts with it)) + 1; `postings` has a column for each of them.
    """

    vocabulary: npt.NDArray[np.uint32]
    rarity: npt.NDArray[np.float32]
    postings: sparse.csc_array  # float32 (texts, vocabulary)

    @classmethod
    def fit(cls, grams: Grams) -> "LexicalRows":
        vocabulary, columns = np.unique(grams.buckets, return_inverse=True)
        texts_with = np.bincount(columns, minlength=len(vocabulary))
        rarity = (np.log((1 + len(grams)) / (1 + texts_with)) + 1).astype(np.float32)
        rows = _rows(grams.starts, columns, rarity)
        return cls(vocabulary=vocabulary, rarity=rarity, postings=rows.tocsc())

    def transform(self, grams: Grams) -> sparse.csr_array:
        """Rows for other texts; what no fitted text holds is left out."""
        places = np.minimum(np.searchsorted(self.vocabulary, grams.buckets), max(len(self.vocabulary) - 1, 0))
        known = (
            self.vocabulary[places] == grams.buckets
            if len(self.vocabulary)
            else np.zeros(len(grams.buckets), dtype=bool)
        )
        starts = np.concatenate([[0], np.cumsum(known)])[grams.starts]
        return _rows(starts, places[known], self.rarity, len(self.vocabulary))

    def similarities(self, grams: Grams) -> npt.NDArray[np.float32]:
        """Cosines of other texts (rows) with the fitted ones (columns)."""
        rows = self.transform(grams)
        if len(grams) > 1:
            return np.asarray((rows @ self.postings.T).toarray(), dtype=np.float32)
        # one text: adding up its columns beats scipy's set-up
        starts = self.postings.indptr
        spans = [np.arange(starts[column], starts[column + 1]) for column in rows.indices]
        if not spans:
            return np.zeros((1, self.postings.shape[0]), dtype=np.float32)
        places = np.concatenate(spans)
        weights = self.postings.data[places] * np.repeat(rows.data, [len(span) for span in spans])
        total = np.bincount(self.postings.indices[places], weights=weights, minlength=self.postings.shape[0])
        return total[None, :].astype(np.float32)


def _rows(
    starts: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    rarity: npt.NDArray[np.float32],
    width: int | None = None,
) -> sparse.csr_array:
    weights = rarity[columns] if len(columns) else np.zeros(0, dtype=np.float32)
    squares = np.concatenate([[0.0], np.cumsum(weights.astype(np.float64) ** 2)])
    lengths = np.sqrt(np.maximum(squares[starts[1:]] - squares[starts[:-1]], 1e-12))
    weights = (weights / np.repeat(lengths, np.diff(starts))).astype(np.float32)
    shape = (len(starts) - 1, len(rarity) if width is None else width)
    return sparse.csr_array((weights, columns.astype(np.int32), starts.astype(np.int32)), shape=shape)


@dataclass(frozen=True, kw_only=True)
class UtteranceKernel:
    """(1 - lexical_weight) · exp(sharpness · (cosine - 1)) + lexical_weight · mean of the lexical cosines.

    The cosine is taken after subtracting the fitted texts' mean vector: encoders such as E5 put all
    texts into a narrow cone, and what they share says nothing. 1.0 is identical.
    """

    lexical_weight: float
    sharpness: float
    centre: npt.NDArray[np.float32]
    vectors: Vectors  # centred, rows of length 1
    words: LexicalRows
    characters: LexicalRows

    @classmethod
    def fit(
        cls, vectors: Vectors, grams: TextGrams, *, lexical_weight: float, sharpness: float
    ) -> "UtteranceKernel":
        # one text has nothing in common with others: centring it would leave nothing of it
        centre = vectors.mean(axis=0) if len(vectors) > 1 else np.zeros(vectors.shape[1], dtype=np.float32)
        return cls(
            lexical_weight=lexical_weight,
            sharpness=sharpness,
            centre=centre,
            vectors=_unit(vectors - centre),
            words=LexicalRows.fit(grams.words),
            characters=LexicalRows.fit(grams.characters),
        )

    def cosines(self, vectors: Vectors) -> npt.NDArray[np.float32]:
        """Centred cosines of other texts (rows) with the fitted ones (columns)."""
        return np.asarray(_unit(vectors - self.centre) @ self.vectors.T, dtype=np.float32)

    def similarities(self, vectors: Vectors, grams: TextGrams) -> npt.NDArray[np.float32]:
        """Kernel values of other texts (rows) with the fitted ones (columns)."""
        total = self.cosines(vectors)
        np.exp(self.sharpness * (total - 1), out=total)
        total *= 1 - self.lexical_weight
        if self.lexical_weight:
            total += self.lexical_weight / 2 * self.words.similarities(grams.words)
            total += self.lexical_weight / 2 * self.characters.similarities(grams.characters)
        return total

    def gram_matrix(self) -> npt.NDArray[np.float32]:
        """Kernel values of the fitted texts with each other, a block of rows at a time."""
        n = len(self.vectors)
        matrix = np.empty((n, n), dtype=np.float32)
        word_rows, character_rows = self.words.postings.tocsr(), self.characters.postings.tocsr()
        word_columns, character_columns = word_rows.T.tocsr(), character_rows.T.tocsr()
        for start in range(0, n, _BLOCK):
            rows = slice(start, min(start + _BLOCK, n))
            block = matrix[rows]
            np.matmul(self.vectors[rows], self.vectors.T, out=block)
            np.exp(self.sharpness * (block - 1), out=block)
            block *= 1 - self.lexical_weight
            if self.lexical_weight:
                block += self.lexical_weight / 2 * (word_rows[rows] @ word_columns).toarray()
                block += self.lexical_weight / 2 * (character_rows[rows] @ character_columns).toarray()
        return matrix


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)

"""Which texts share words and spelling with an utterance?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


class Bags(Protocol):
    """Hashed words or n-grams of texts: text i holds `buckets[starts[i]:starts[i + 1]]`, each once."""

    @property
    def starts(self) -> Integers: ...

    @property
    def buckets(self) -> npt.NDArray[np.uint32]: ...


class TextBags(Protocol):
    """Both kinds for the same texts."""

    @property
    def words(self) -> Bags: ...

    @property
    def characters(self) -> Bags: ...


Analyze = Callable[[Sequence[str]], TextBags]


@dataclass(frozen=True, kw_only=True)
class Query:
    """What an utterance shares with the index: columns and their weights."""

    columns: Integers
    weights: Floats


@dataclass(frozen=True, kw_only=True)
class LexicalIndex:
    """Tf-idf cosines with presence instead of counts.

    Only which buckets a text holds is kept, in both directions (by text and by bucket), not a weight
    for each: a weight is the bucket's rarity as in BM25, ln(1 + (n - held + 0.5) / (held + 0.5)) if
    `held` of n texts hold it, divided by the text's length: what nearly every text holds counts for
    nearly nothing.
    """

    vocabulary: npt.NDArray[np.uint32]  # ascending
    rarity: Floats  # of each bucket of the vocabulary
    lengths: Floats  # of each text's weights
    starts: Integers  # text i holds columns[starts[i]:starts[i + 1]]
    columns: npt.NDArray[np.int32]
    posting_starts: Integers  # column j is held by postings[posting_starts[j]:posting_starts[j + 1]]
    postings: npt.NDArray[np.int32]

    @classmethod
    def build(cls, bags: Bags) -> Self:
        n_texts = len(bags.starts) - 1
        vocabulary, columns = np.unique(bags.buckets, return_inverse=True)
        texts_with = np.bincount(columns, minlength=len(vocabulary))
        rarity = np.log(1 + (n_texts - texts_with + 0.5) / (texts_with + 0.5)).astype(np.float32)
        text_of = np.repeat(np.arange(n_texts, dtype=np.int32), np.diff(bags.starts))
        squares = np.bincount(text_of, weights=rarity[columns] ** 2, minlength=n_texts)
        return cls(
            vocabulary=vocabulary,
            rarity=rarity,
            lengths=np.sqrt(np.maximum(squares, 1e-12)).astype(np.float32),
            starts=bags.starts,
            columns=columns.astype(np.int32),
            posting_starts=np.concatenate([[0], np.cumsum(texts_with)]).astype(np.int64),
            postings=text_of[np.argsort(columns, kind="stable")],
        )

    def query(self, bags: Bags) -> Query:
        """Look up one utterance's buckets; those that no text holds add to its length, as the rarest."""
        if not len(self.vocabulary) or not len(bags.buckets):
            return Query(columns=np.zeros(0, dtype=np.int64), weights=np.zeros(0, dtype=np.float32))
        places = np.minimum(np.searchsorted(self.vocabulary, bags.buckets), len(self.vocabulary) - 1)
        columns = places[self.vocabulary[places] == bags.buckets]
        weights = self.rarity[columns]
        unknown = (len(bags.buckets) - len(columns)) * np.log(1 + (len(self.lengths) + 0.5) / 0.5) ** 2
        length = np.sqrt(float(weights @ weights) + unknown)
        return Query(columns=columns.astype(np.int64), weights=(weights / length).astype(np.float32))

    def similarities(self, query: Query, texts: Integers) -> Floats:
        """Cosines of the utterance with `texts`."""
        weight_of = np.zeros(len(self.vocabulary), dtype=np.float32)
        weight_of[query.columns] = query.weights * self.rarity[query.columns]
        counts = self.starts[texts + 1] - self.starts[texts]
        places = _ranges(self.starts[texts], counts)
        row_of = np.repeat(np.arange(len(texts)), counts)
        sums = np.bincount(row_of, weights=weight_of[self.columns[places]], minlength=len(texts))
        return (sums / self.lengths[texts]).astype(np.float32)

    def candidates(self, query: Query, k: int, *, most_postings: int) -> Integers:
        """Return up to `k` texts that share the rarest buckets with the utterance, best first.

        Buckets are followed from the rarest on until `most_postings` have been read: common ones
        cost most and tell least.
        """
        order = np.argsort(-query.weights, kind="stable")
        columns, weights = query.columns[order], query.weights[order]
        counts = self.posting_starts[columns + 1] - self.posting_starts[columns]
        affordable = int(np.searchsorted(np.cumsum(counts), most_postings, side="right"))
        columns, weights, counts = columns[:affordable], weights[:affordable], counts[:affordable]
        if not len(columns):
            return np.zeros(0, dtype=np.int64)
        places = _ranges(self.posting_starts[columns], counts)
        sums = np.bincount(
            self.postings[places],
            weights=np.repeat(weights * self.rarity[columns], counts),
            minlength=len(self.lengths),
        )
        values = sums / self.lengths
        k = min(k, len(values))
        best = np.argpartition(-values, k - 1)[:k]
        best = best[values[best] > 0]
        return np.asarray(best[np.argsort(-values[best], kind="stable")], dtype=np.int64)


def _ranges(starts: Integers, counts: Integers) -> Integers:
    """Concatenate arange(start, start + count) of all pairs."""
    if not len(counts):
        return np.zeros(0, dtype=np.int64)
    ends = np.cumsum(counts)
    places: Integers = np.arange(int(ends[-1])) + np.repeat(starts - (ends - counts), counts)
    return places

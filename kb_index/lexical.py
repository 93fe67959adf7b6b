"""Find texts that share words and spelling with an utterance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


class Bags(Protocol):
    """Hashed words or n-grams of texts: text i holds the distinct `buckets[starts[i]:starts[i + 1]]`."""

    @property
    def starts(self) -> Integers: ...

    @property
    def buckets(self) -> npt.NDArray[np.uint32]: ...


class TextBags(Protocol):
    """The word buckets and the character buckets of the same texts."""

    @property
    def words(self) -> Bags: ...

    @property
    def characters(self) -> Bags: ...


Analyze = Callable[[Sequence[str]], TextBags]


@dataclass(frozen=True, kw_only=True)
class KeptBags:
    """Stored bags, see `Bags`."""

    starts: Integers
    buckets: npt.NDArray[np.uint32]


def concatenate(first: Bags, second: Bags) -> KeptBags:
    """Concatenate two bags."""
    starts = np.concatenate([first.starts, first.starts[-1] + second.starts[1:]]).astype(np.int64)
    return KeptBags(starts=starts, buckets=np.concatenate([first.buckets, second.buckets]))


@dataclass(frozen=True, kw_only=True)
class Query:
    """The features that an utterance shares with the index: columns, ascending, and their weights."""

    columns: Integers
    weights: Floats
    top: "Query | None" = None  # the same for the top layer, see `LexicalLayers`


@dataclass(frozen=True, kw_only=True)
class LexicalIndex:
    """Tf-idf cosines with presence instead of counts.

    The index stores which buckets a text holds, in both directions (by text and by bucket), but no weights.
    A weight is the bucket's rarity as in BM25, ln(1 + (n - held + 0.5) / (held + 0.5)) if `held` of n
    texts hold it, divided by the text's length. A bucket that nearly every text holds has a weight near 0.
    """

    vocabulary: npt.NDArray[np.uint32]  # ascending
    rarity: Floats  # rarity of each bucket of the vocabulary
    lengths: Floats  # norm of each text's weights
    starts: Integers  # text i holds columns[starts[i]:starts[i + 1]]
    columns: npt.NDArray[np.int32]
    posting_starts: Integers  # column j is held by postings[posting_starts[j]:posting_starts[j + 1]]
    postings: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.lengths)

    @classmethod
    def build(cls, bags: Bags, *, like: "LexicalIndex | None" = None) -> Self:
        """Index texts. Buckets that `like` knows keep the rarity that they have there."""
        n_texts = len(bags.starts) - 1
        vocabulary, columns = np.unique(bags.buckets, return_inverse=True)
        texts_with = np.bincount(columns, minlength=len(vocabulary))
        rarity = _rarity(texts_with, n_texts + (len(like) if like else 0))
        if like is not None:
            found_at, known = like._look_up(vocabulary)
            rarity[known] = like.rarity[found_at]
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

    def bags(self, texts: Integers) -> KeptBags:
        """Return the bags from which `texts` were built."""
        counts = self.starts[texts + 1] - self.starts[texts]
        columns = self.columns[ranges(self.starts[texts], counts)]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return KeptBags(starts=starts, buckets=self.vocabulary[columns])

    def query(self, bags: Bags) -> Query:
        """Look up an utterance's buckets. Unknown buckets add to its length as the rarest."""
        columns, known = self._look_up(bags.buckets)
        weights = self.rarity[columns]
        length = _length(weights, int((~known).sum()), len(self))
        return Query(columns=columns, weights=(weights / length).astype(np.float32))

    def _look_up(self, buckets: npt.NDArray[np.uint32]) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """Return the columns of the known buckets, and a mask of which buckets are known."""
        if not len(self.vocabulary):
            return np.zeros(0, dtype=np.int64), np.zeros(len(buckets), dtype=np.bool_)
        places = np.minimum(np.searchsorted(self.vocabulary, buckets), len(self.vocabulary) - 1)
        known = self.vocabulary[places] == buckets
        return places[known].astype(np.int64), known

    def similarities(self, query: Query, texts: Integers) -> Floats:
        """Return the cosines of the utterance with `texts`."""
        if not len(query.columns):
            return np.zeros(len(texts), dtype=np.float32)
        counts = self.starts[texts + 1] - self.starts[texts]
        held = self.columns[ranges(self.starts[texts], counts)]
        places = np.minimum(np.searchsorted(query.columns, held), len(query.columns) - 1)
        weights = (query.weights * self.rarity[query.columns])[places]
        weights[query.columns[places] != held] = 0
        row_of = np.repeat(np.arange(len(texts)), counts)
        sums = np.bincount(row_of, weights=weights, minlength=len(texts))
        return (sums / self.lengths[texts]).astype(np.float32)

    def candidates(self, query: Query, k: int, *, max_postings: int) -> Integers:
        """Return up to `k` texts that share the rarest buckets with the utterance, best first.

        Postings are read from the rarest bucket on until `max_postings` have been read. Common buckets
        cost the most and say the least.
        """
        return _best(*self.partial_cosines(query, max_postings=max_postings), k)

    def partial_cosines(self, query: Query, *, max_postings: int) -> tuple[Integers, Floats]:
        """Return the numbers of the texts from which `candidates` chooses, and their partial cosines."""
        order = np.argsort(-query.weights, kind="stable")
        columns, weights = query.columns[order], query.weights[order]
        counts = self.posting_starts[columns + 1] - self.posting_starts[columns]
        affordable = int(np.searchsorted(np.cumsum(counts), max_postings, side="right"))
        columns, weights, counts = columns[:affordable], weights[:affordable], counts[:affordable]
        places = ranges(self.posting_starts[columns], counts)
        sums = np.bincount(
            self.postings[places],
            weights=np.repeat(weights * self.rarity[columns], counts),
            minlength=len(self),
        )
        texts = np.flatnonzero(sums)
        return texts, (sums[texts] / self.lengths[texts]).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class LexicalLayers:
    """A large base index with a layer of newer texts on top. Texts that are not `live` are removed.

    A few changes cost almost nothing and do not disturb searches of the base index. Buckets that the
    base knows keep their old rarity. Nothing else differs from a rebuilt index.
    """

    base: LexicalIndex
    top: LexicalIndex
    live: npt.NDArray[np.bool_]  # by number of the text, the base's texts first

    @classmethod
    def layer_over(
        cls, index: "LexicalIndex | LexicalLayers", bags: Bags, live: npt.NDArray[np.bool_]
    ) -> Self:
        """Put the texts of `bags` on top. `live` covers all texts, the new ones last."""
        if isinstance(index, LexicalLayers):
            bags = concatenate(index.top.bags(np.arange(len(index.top))), bags)
            index = index.base
        return cls(base=index, top=LexicalIndex.build(bags, like=index), live=live)

    def __len__(self) -> int:
        return len(self.live)

    def bags(self, texts: Integers) -> KeptBags:
        """Return the bags from which `texts`, in ascending order, were built."""
        n = len(self.base)
        return concatenate(self.base.bags(texts[texts < n]), self.top.bags(texts[texts >= n] - n))

    def query(self, bags: Bags) -> Query:
        """See `LexicalIndex.query`."""
        columns, known = self.base._look_up(bags.buckets)
        top_columns, top_known = self.top._look_up(bags.buckets)
        weights, top_weights = self.base.rarity[columns], self.top.rarity[top_columns]
        only_top = top_weights[~known[top_known]]
        unknown = int((~known & ~top_known).sum())
        length = _length(np.concatenate([weights, only_top]), unknown, len(self))
        top = Query(columns=top_columns, weights=(top_weights / length).astype(np.float32))
        return Query(columns=columns, weights=(weights / length).astype(np.float32), top=top)

    def similarities(self, query: Query, texts: Integers) -> Floats:
        """See `LexicalIndex.similarities`."""
        on_top = texts >= len(self.base)
        if query.top is None or not on_top.any():
            return self.base.similarities(query, texts)
        result = np.empty(len(texts), dtype=np.float32)
        result[~on_top] = self.base.similarities(query, texts[~on_top])
        result[on_top] = self.top.similarities(query.top, texts[on_top] - len(self.base))
        return result

    def candidates(self, query: Query, k: int, *, max_postings: int) -> Integers:
        """See `LexicalIndex.candidates`."""
        texts, values = self.base.partial_cosines(query, max_postings=max_postings)
        if query.top is not None:
            top_texts, top_values = self.top.partial_cosines(query.top, max_postings=max_postings)
            texts = np.concatenate([texts, top_texts + len(self.base)])
            values = np.concatenate([values, top_values])
        live = self.live[texts]
        return _best(texts[live], values[live], k)


def _rarity(texts_with: npt.NDArray[np.intp], n_texts: int) -> Floats:
    return np.asarray(np.log(1 + (n_texts - texts_with + 0.5) / (texts_with + 0.5)), dtype=np.float32)


def _length(weights: Floats, unknown: int, n_texts: int) -> float:
    """Return the length of an utterance with these known buckets and this number of unknown buckets."""
    squares = float(weights @ weights) + unknown * np.log(1 + (n_texts + 0.5) / 0.5) ** 2
    return float(np.sqrt(max(squares, 1e-12)))


def _best(texts: Integers, values: Floats, k: int) -> Integers:
    """Return the `k` texts with the highest values, best first. Equal values keep their order."""
    if len(texts) > k:
        lowest = np.partition(values, len(values) - k)[len(values) - k]
        texts, values = texts[values >= lowest], values[values >= lowest]
    return np.asarray(texts[np.argsort(-values, kind="stable")][:k], dtype=np.int64)


def ranges(starts: Integers, counts: Integers) -> Integers:
    """Concatenate arange(start, start + count) for all pairs."""
    if not len(counts):
        return np.zeros(0, dtype=np.int64)
    ends = np.cumsum(counts)
    places: Integers = np.arange(int(ends[-1])) + np.repeat(starts - (ends - counts), counts)
    return places

"""Find texts that are nearly the same, character by character.

Two texts are nearly the same if the sets of their character 3-grams overlap by `NEAR` (Jaccard) and they
name the same numbers. All such pairs are found exactly, yet without comparing everything with everything:
sets with such an overlap must share one of their rarest members (prefix filtering; Chaudhuri, Ganti &
Kaushik, ICDE 2006; Bayardo, Ma & Srikant, WWW 2007).
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kb_index.text import normalize, numbers

if TYPE_CHECKING:
    from scipy import sparse

NEAR = 0.8  # Jaccard similarity of character 3-grams, 1.0 is identical
MAX_PAIRS = 5  # per text: reports 1,000 problems for 1,000 copies, not 500,000
_BLOCK = 128  # rows compared at a time
_PAIRS = 65_536  # pairs compared at a time


def are_similar(answer: str, other_answer: str) -> bool:
    """Return True if two answers say the same, judged by letters and numbers."""
    first, second = normalize(answer), normalize(other_answer)
    if first == second:
        return True
    if numbers(first) != numbers(second):
        return False
    left, right = _grams(first), _grams(second)
    return len(left & right) >= NEAR * len(left | right)


def _grams(text: str) -> set[str]:
    padded = f" {text} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}


def near_pairs(texts: Sequence[str], classes: Sequence[Hashable]) -> Iterator[tuple[int, int, float]]:
    """Yield all i < j of the same class and numbers with a Jaccard similarity of at least `NEAR`.

    At most the `MAX_PAIRS` nearest are yielded for each i. The texts must be normalized by `normalize`.
    """
    from scipy import sparse

    if not texts:
        return
    grams = [_grams(text) for text in texts]
    frequency = Counter(chain.from_iterable(grams))
    by_rarity = sorted(frequency, key=lambda gram: (frequency[gram], gram))
    column = {gram: number for number, gram in enumerate(by_rarity)}
    rows = [np.array(sorted(column[gram] for gram in members), np.int32) for members in grams]
    sizes = np.array([len(row) for row in rows])
    kinds = [(class_, numbers(text)) for class_, text in zip(classes, texts, strict=True)]
    numbered = {name: number for number, name in enumerate(dict.fromkeys(kinds))}
    kind = np.array([numbered[name] for name in kinds])
    # |A∩B| >= NEAR·|A| for every near B, so B also holds one of A's |A| - ceil(NEAR·|A|) + 1 rarest.
    prefixes = [row[: len(row) - int(np.ceil(NEAR * len(row) - 1e-9)) + 1] for row in rows]
    full, rare = _matrix(rows, len(column)), _matrix(prefixes, len(column))
    rare_columns = sparse.csr_matrix(rare.T)
    for start in range(0, len(texts), _BLOCK):
        candidates = sparse.coo_matrix(rare[start : start + _BLOCK] @ rare_columns)
        pair_rows, partners = candidates.row.astype(np.int64) + start, candidates.col.astype(np.int64)
        larger, smaller = (
            np.maximum(sizes[pair_rows], sizes[partners]),
            np.minimum(sizes[pair_rows], sizes[partners]),
        )
        possible = (
            (pair_rows < partners) & (kind[pair_rows] == kind[partners]) & (smaller >= NEAR * larger - 1e-9)
        )
        pair_rows, partners = pair_rows[possible], partners[possible]
        similarity = np.concatenate(
            [
                _jaccard(full, sizes, pair_rows[at : at + _PAIRS], partners[at : at + _PAIRS])
                for at in range(0, len(pair_rows) or 1, _PAIRS)
            ]
        )
        near = similarity >= NEAR - 1e-9
        yield from find_nearest(pair_rows[near], partners[near], similarity[near])


def _jaccard(
    full: "sparse.csr_matrix", sizes: NDArray[np.int64], rows: NDArray[np.int64], partners: NDArray[np.int64]
) -> NDArray[np.floating[Any]]:
    """Return the similarity of every row in `rows` to the row in the same place of `partners`."""
    shared = np.asarray(full[rows].multiply(full[partners]).sum(axis=1)).ravel()
    similarity: NDArray[np.floating[Any]] = shared / (sizes[rows] + sizes[partners] - shared)
    return similarity


def find_nearest(
    rows: NDArray[np.int64], partners: NDArray[np.int64], similarity: NDArray[np.floating[Any]]
) -> Iterator[tuple[int, int, float]]:
    """Return the `MAX_PAIRS` most similar `partners` for every row in `rows`."""
    seen: dict[int, int] = defaultdict(int)
    for place in np.lexsort((partners, -similarity, rows)):
        first = int(rows[place])
        if seen[first] < MAX_PAIRS:
            seen[first] += 1
            yield first, int(partners[place]), float(similarity[place])


def _matrix(rows: Sequence[NDArray[np.int32]], width: int) -> "sparse.csr_matrix":
    from scipy import sparse

    ends = np.cumsum([0, *(len(row) for row in rows)])
    members = np.concatenate(rows)
    return sparse.csr_matrix((np.ones(len(members), np.float32), members, ends), shape=(len(rows), width))

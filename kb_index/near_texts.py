"""Find texts that are nearly the same, character by character or but for typing errors.

Two texts are nearly the same if the sets of their character 3-grams overlap by `NEAR` (Jaccard) and they
name the same numbers. All such pairs are found exactly, yet without comparing everything with everything:
sets with such an overlap must share one of their rarest members (prefix filtering; Chaudhuri, Ganti &
Kaushik, ICDE 2006; Bayardo, Ma & Srikant, WWW 2007).
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from kb_index.text import normalize, numbers

if TYPE_CHECKING:
    from scipy import sparse

NEAR = 0.8  # Jaccard similarity of character 3-grams, 1.0 is identical
MAX_PAIRS = 5  # per text: reports 1,000 problems for 1,000 copies, not 500,000
_MIN_LETTERS = 5  # shorter words that differ by a letter are different words
_NEIGHBOURS = 20
_MAX_TEXTS_WITH_AN_ERROR = 2  # a form that more texts have is a word of its own
_PREFIXES = (
    "", *"в во вы от ото за на по под при пере пре про с со у из ис до раз рас не без бес о об".split(),
    *"un re in im en dis de ex".split(),
)  # fmt: skip
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


def misspelled_pairs(texts: Sequence[str], classes: Sequence[Hashable]) -> Iterator[tuple[int, int, float]]:
    """Yield i < j of the same class and numbers whose words differ only as by typing errors.

    One letter more, less, another or swapped makes an error, in words of `_MIN_LETTERS` letters or more; at
    most a third of the words, but always one, may have one. A text is compared with the `_NEIGHBOURS` that
    follow it among those that may be alike. The texts must be normalized by `normalize`.
    """
    words = [text.split() for text in texts]
    in_texts = Counter(word for line in words for word in set(line))
    cluster = _clusters(in_texts)
    alike: dict[Hashable, list[int]] = defaultdict(list)
    for number, (line, class_) in enumerate(zip(words, classes, strict=True)):
        alike[class_, tuple(cluster.get(word, word) for word in line)].append(number)
    for group in alike.values():
        for at, first in enumerate(group):
            for second in group[at + 1 : at + 1 + _NEIGHBOURS]:
                if _is_misspelled(words[first], words[second], in_texts):
                    yield first, second, NEAR


def near_questions(questions: Sequence[str], others: Sequence[str]) -> dict[str, str]:
    """Return one of the others that asks nearly the same, by question. Most have none."""
    texts = [normalize(text) for text in (*questions, *others)]
    classes = [0] * len(texts)
    found: dict[str, str] = {}
    for first, second, _ in chain(near_pairs(texts, classes), misspelled_pairs(texts, classes)):
        if first < len(questions) <= second:
            found.setdefault(questions[first], others[second - len(questions)])
    return found


def _clusters(words: Iterable[str]) -> dict[str, str]:
    """Return a word that stands for all that are one typing error apart, and for theirs, by word.

    Two such words have a form in common in which no letter or one letter of them is left out.
    """
    root: dict[str, str] = {}

    def find(word: str) -> str:
        while root[word] != word:
            root[word] = word = root[root[word]]
        return word

    by_form: dict[str, list[str]] = defaultdict(list)
    for word in sorted(words):
        if len(word) < _MIN_LETTERS - 1 or not word.isalpha():
            continue
        root[word] = word
        for form in {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}:
            for other in by_form[form]:
                if OSA.distance(word, other, score_cutoff=1) == 1:
                    root[find(word)] = find(other)
            if len(by_form[form]) < _NEIGHBOURS:
                by_form[form].append(word)
    return {word: find(word) for word in root}


def _is_misspelled(first: Sequence[str], second: Sequence[str], in_texts: Mapping[str, int]) -> bool:
    different = [(left, right) for left, right in zip(first, second, strict=True) if left != right]
    if not 1 <= len(different) <= max(1, len(first) // 3):
        return False
    return all(
        max(len(left), len(right)) >= _MIN_LETTERS
        and min(in_texts[left], in_texts[right]) <= _MAX_TEXTS_WITH_AN_ERROR
        and OSA.distance(left, right, score_cutoff=1) == 1
        and not _differ_in_prefix(left, right)
        for left, right in different
    )


def _differ_in_prefix(left: str, right: str) -> bool:
    """Return True for words of one stem that mean different things: включить and выключить."""
    stems = [
        {word[len(prefix) :] for prefix in _PREFIXES if word.startswith(prefix)} for word in (left, right)
    ]
    return any(len(stem) > 1 for stem in stems[0] & stems[1])


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

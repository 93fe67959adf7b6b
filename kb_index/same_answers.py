"""Group answers that say the same.

Customers see only one answer of a group, and it counts once. Answers say the same if they differ only in
case, punctuation, ё, a greeting, template fields, or one word. A negation, a number or a different name is
a difference (`Включить` and `Отключить`), an inflected form is not.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

_FIELD = re.compile(r"\{[^{}\s]*\}")
_WORD = re.compile(r"\w+(?:['’]\w+)?")
_GREETING = re.compile(
    r"^\W*(?:здравствуйте|добр(?:ый|ого|ое)\s+(?:день|дня|вечер|утро)|привет|уважаем\w+(?:\s+клиент\w*)?"
    r"|hello|hi|good\s+(?:morning|afternoon|day|evening)|dear\s+customer)\b\W*",
    re.IGNORECASE,
)
_NO = frozenset(
    "не ни нет нельзя невозможно никогда без кроме no not never none cannot without except unless".split()
)
_MIN_WORDS = 6  # in shorter answers one different word is too much
_SAME_STEM = 4  # minimum number of letters that forms of a word have in common


def answer_key(answer: str) -> str:
    """Return a key that is equal for answers differing only in case, punctuation, greeting and fields."""
    return " ".join(_words(answer)) or " ".join(answer.lower().split())


def answer_groups(answers: Iterable[str]) -> npt.NDArray[np.int64]:
    """Number the answers so that equivalent answers share a number. Empty answers stay alone."""
    words = [tuple(answer_key(answer).split()) for answer in answers]
    first: dict[tuple[str, ...], int] = {}
    group = np.array(
        [first.setdefault(word, row) if word else row for row, word in enumerate(words)], np.int64
    )
    for row, other_row in _find_one_word_apart(words, sorted(first.values())):
        low, high = sorted((_root(group, row), _root(group, other_row)))
        group[high] = low
    return np.array([_root(group, row) for row in range(len(group))], dtype=np.int64)


def _words(answer: str) -> list[str]:
    text = _GREETING.sub("", _FIELD.sub(" ", answer))
    return _WORD.findall(text.casefold().replace("ё", "е"))


def _root(group: npt.NDArray[np.int64], row: int) -> int:
    while group[row] != row:
        row = int(group[row])
    return row


def _find_one_word_apart(words: Sequence[tuple[str, ...]], rows: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Find answers one word apart by the bags of words without one word: linear in the words."""
    rows = [row for row in rows if len(words[row]) >= _MIN_WORDS]
    if len(rows) < 2:
        return
    number_of: dict[str, int] = {}
    flat = np.array([number_of.setdefault(word, len(number_of)) for row in rows for word in words[row]])
    mixed = np.random.default_rng(0).integers(1, 2**63, len(number_of), dtype=np.uint64)[flat]
    counts = np.array([len(words[row]) for row in rows])
    starts = np.cumsum(counts) - counts
    bags = np.add.reduceat(mixed, starts)  # a sum, modulo 2**64: the order of words is compared below
    owner = np.concatenate([np.arange(len(rows)), np.repeat(np.arange(len(rows)), counts)])
    keys = np.concatenate([bags, np.repeat(bags, counts) - mixed])
    order = np.argsort(keys, kind="stable")
    same = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    for place in same.tolist():
        first, second = rows[owner[order[place]]], rows[owner[order[place + 1]]]
        if first != second and _differ_harmlessly(words[first], words[second]):
            yield first, second


def _differ_harmlessly(first: Sequence[str], second: Sequence[str]) -> bool:
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    end = 0
    while end < min(len(first), len(second)) - start and first[-1 - end] == second[-1 - end]:
        end += 1
    left, right = first[start : len(first) - end], second[start : len(second) - end]
    if len(left) > 1 or len(right) > 1 or any(_says_much(word) for word in (*left, *right)):
        return False
    if left and right:
        return (
            left[0][:_SAME_STEM] == right[0][:_SAME_STEM] and min(len(left[0]), len(right[0])) >= _SAME_STEM
        )
    return True


def _says_much(word: str) -> bool:
    return word in _NO or word.endswith(("n't", "n’t")) or any(character.isdigit() for character in word)

"""Make typing errors on a Russian or Latin keyboard, for training and for measurement."""

import re
from collections.abc import Iterable

import numpy as np

_KEYBOARDS = (
    ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
    ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
)
_WORD = re.compile(r"[^\W\d_]{4,}")  # shorter words often become other words


def with_typos(text: str, random: np.random.Generator, *, share: float) -> str:
    """Misspell that share of the words of at least four letters, with one error per word."""
    return _WORD.sub(lambda match: misspell(match[0], random) if random.random() < share else match[0], text)


def misspell(word: str, random: np.random.Generator) -> str:
    """Swap two letters, omit one, double one or hit an adjacent key, with equal probability."""
    kind, place = int(random.integers(4)), int(random.integers(1, len(word)))
    before, letter, after = word[:place], word[place], word[place + 1 :]
    match kind:
        case 0:
            return before[:-1] + letter + before[-1] + after
        case 1:
            return before + after
        case 2:
            return before + letter * 2 + after
        case _:
            keys = _BESIDE.get(letter, letter)
            return before + keys[int(random.integers(len(keys)))] + after


def _beside(keyboards: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Map each letter to the letters on adjacent keys."""
    return {
        letter: "".join(
            other_letter
            for rows_away, other_row in enumerate(rows)
            for places_away, other_letter in enumerate(other_row)
            if other_letter != letter and abs(rows_away - row) <= 1 and abs(places_away - place) <= 1
        )
        for rows in keyboards
        for row, letters in enumerate(rows)
        for place, letter in enumerate(letters)
    }


_BESIDE = _beside(_KEYBOARDS)

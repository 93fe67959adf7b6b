"""Word and letter probabilities in Russian, English and other languages.

scripts/learn_spelling.py learns them.
"""

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nlu.respelling.transliteration import keys_of_latin, letter_by_letter

STATISTICS = Path(__file__).with_name("statistics.npz")
WORD_UNIT = 1 / 12  # nats; costs are stored as integer multiples of this unit
LETTER_UNIT = 1 / 16
NEIGHBOURS = ("pl", "cs", "sk", "sl", "sh")  # their words in Latin letters resemble Russian words
ORDER = 3  # a letter is predicted from the two before it

_UNKNOWN = 5.0  # nats: -log P(a word is not in the table)
_REMEMBERED = 20_000  # cached words


class Alphabet(Enum):
    """Letters that words are made of. Code 0 marks a word's end (and precedes its first letter)."""

    RUSSIAN = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
    LATIN = "abcdefghijklmnopqrstuvwxyz"

    @property
    def size(self) -> int:
        return len(self.value) + 1

    @property
    def codes(self) -> dict[str, int]:
        return {letter: place + 1 for place, letter in enumerate(self.value)}

    def holds(self, word: str) -> bool:
        return set(word) <= set(self.value)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A possible reading of a word. `cost` is its -log probability in nats: lower is likelier."""

    word: str
    cost: float


class Lexicon:
    """A hash table of words, and letter statistics for words that it lacks.

    `languages` has a bit for each of the NEIGHBOURS, from 2 on, and 1 for a word of any other language.
    """

    def __init__(
        self,
        alphabet: Alphabet,
        hashes: npt.NDArray[np.uint32],
        costs: npt.NDArray[np.uint8],
        letters: npt.NDArray[np.uint8],
        languages: npt.NDArray[np.uint8] | None = None,
    ) -> None:
        self.alphabet = alphabet
        self._codes = alphabet.codes
        self._size = alphabet.size
        self._contexts = alphabet.size ** (ORDER - 1)
        self._hashes = array("I", hashes.tobytes())
        self._costs = costs.tobytes()
        self._letters = letters.tobytes()
        self._languages = languages.tobytes() if languages is not None else None
        self.cost: Callable[[str], float] = lru_cache(_REMEMBERED)(self._cost)

    def knows(self, word: str) -> bool:
        """Return True if the table contains the word. One in 25,000 strings that are no word also passes."""
        return _find(self._hashes, hash_of(word)) is not None

    def find_known(self, words: Sequence[str]) -> list[Reading]:
        """Return those of `words` that the table contains, with their costs."""
        hashes = np.array([hash_of(word) for word in words], dtype=np.uint32)
        table = np.frombuffer(self._hashes, dtype=np.uint32)
        places = np.minimum(np.searchsorted(table, hashes), len(table) - 1)
        return [
            Reading(word=words[place], cost=self._costs[places[place]] * WORD_UNIT)
            for place in np.flatnonzero(table[places] == hashes).tolist()
        ]

    def _cost(self, word: str) -> float:
        """Return -log P(word) in nats. `word` consists of letters of the alphabet."""
        known = _find(self._hashes, hash_of(word))
        return self._costs[known] * WORD_UNIT if known is not None else self.cost_of_letters(word)

    def costs(self, word: str) -> tuple[float, ...]:
        """Return -log P(word) in a text in each of the NEIGHBOURS, or in any other language."""
        known = _find(self._hashes, hash_of(word))
        if known is None or self._languages is None:
            return (self.cost(word),) * len(NEIGHBOURS)
        spelt, mask = self.cost_of_letters(word), self._languages[known]
        return tuple(
            self._costs[known] * WORD_UNIT if mask & (1 | 2 << place) else spelt
            for place in range(len(NEIGHBOURS))
        )

    def cost_of_letters(self, word: str) -> float:
        """Return -log P(a word that the table does not contain)."""
        context, total = 0, 0
        for letter in word:
            place = context * self._size + self._codes[letter]
            total += self._letters[place]
            context = place % self._contexts
        return _UNKNOWN + (total + self._letters[context * self._size]) * LETTER_UNIT


class Spelling:
    """The language statistics for respelling."""

    def __init__(self, arrays: Any) -> None:
        self.latin = Lexicon(
            Alphabet.LATIN,
            arrays["latin_hashes"],
            arrays["latin_costs"],
            arrays["latin_letters"],
            arrays["latin_languages"],
        )
        self.english = Lexicon(
            Alphabet.LATIN, arrays["english_hashes"], arrays["english_costs"], arrays["english_letters"]
        )
        self.cyrillic = Lexicon(
            Alphabet.RUSSIAN, arrays["cyrillic_hashes"], arrays["cyrillic_costs"], arrays["russian_letters"]
        )
        self._words = arrays["words"].tobytes().decode().split("\n")
        self._word_costs = arrays["word_costs"].tobytes()
        self._keys = array("I", arrays["keys"].tobytes())
        self._word_of_key = array("I", arrays["word_of_key"].tobytes())
        self.transliterated: Callable[[str], Reading] = lru_cache(_REMEMBERED)(self._transliterate)

    def _transliterate(self, word: str) -> Reading:
        """Return the likeliest Russian word that `word` spells in Latin letters."""
        found = [_find(self._keys, hash_of(key)) for key in keys_of_latin(word)]
        known = [self._word_of_key[place] for place in found if place is not None]
        if known:
            best = min(known, key=self._word_costs.__getitem__)
            return Reading(word=self._words[best], cost=self._word_costs[best] * WORD_UNIT)
        read = letter_by_letter(word)
        return Reading(word=read, cost=self.cyrillic.cost_of_letters(read))


def hash_of(word: str) -> int:
    return zlib.crc32(word.encode())


def _find(ordered: "array[int]", value: int) -> int | None:
    place = bisect_left(ordered, value)
    return place if place < len(ordered) and ordered[place] == value else None


@cache
def spelling() -> Spelling:
    """Load the shipped statistics once."""
    with np.load(STATISTICS, allow_pickle=False) as arrays:
        return Spelling(arrays)

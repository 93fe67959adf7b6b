"""Find the possible readings of one piece of a message, and the likelihood of each."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from nlu.respelling import keyboard
from nlu.respelling.statistics import NEIGHBOURS, Reading, spelling

# In nats; tuned on training rows: docs/reference/tuning.md.
_MARK_INSIDE = 4.0  # -log P(this mark or digit in the middle of a word)
_MARK_AROUND = 1.0  # -log P(this mark before or after a word)
_SPELLING = 0.15  # per letter: a Russian word has several spellings in Latin letters
_MARK_KEPT = {",": 4.0, ".": 4.0}  # -log P(this key, a letter in the other layout, was intended as a mark)
_MARK_KEPT_ELSE = 6.0

_MAX_LENGTH = 40  # characters; longer pieces are addresses and codes
_MAX_MARKS = 3
_NO_KEYS = "!?()/&…«»„“”‘’—–*+=%#$№\\|^"  # marks around words that are not letters in either layout
_MARKS = "`[];',.~{}:\"<>"  # marks that are letters on a Russian keyboard
_OPENING = frozenset("[{<'\"`")
_LATIN = re.compile("[a-z]")
_LATIN_WORD = re.compile("[a-z]+")
_KEYS = re.compile(rf"[a-z\-{re.escape(_MARKS)}]+")
_RUSSIAN = re.compile("[а-яё]+(?:-[а-яё]+)*")
_TRANSLITERATED = re.compile("[46]?[a-z'`]+(?:[46][a-z'`]*)?(?:-[a-z'`]+)*")
_RUSSIAN_ENDS = str.maketrans("/&", ".?")  # these marks have other keys in the Russian layout


class Way(Enum):
    """A way in which a message can differ from the intended text."""

    LATIN_LAYOUT = "Russian, typed in the Latin layout"
    RUSSIAN_LAYOUT = "English, typed in the Russian layout"
    TRANSLITERATION = "Russian, in Latin letters"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A run of characters without spaces, and its possible readings.

    `costs` are -log P(the piece as written), in nats, in a message in each of the NEIGHBOURS of Russian
    or in any other language.
    """

    costs: tuple[float, ...]
    meant: dict[Way, Reading]


_PLAIN = Piece(costs=(0.0,) * len(NEIGHBOURS), meant={})  # says nothing about the way the message is written


@lru_cache(maxsize=20_000)
def piece_of(text: str) -> Piece:
    """Read a run of lower-case characters without spaces.

    >>> piece_of("njdfh").meant[Way.LATIN_LAYOUT].word
    'товар'
    """
    if len(text) > _MAX_LENGTH or "@" in text:
        return _PLAIN
    before, core, after = _apart(text, _NO_KEYS)
    if core.isascii() and _LATIN.search(core):
        meant = {}
        if _KEYS.fullmatch(core):
            reading = _in_russian_layout(core)
            meant[Way.LATIN_LAYOUT] = _put_between(before, reading, after.translate(_RUSSIAN_ENDS))
        if found := _transliterate(core):
            meant[Way.TRANSLITERATION] = _put_between(before, found, after)
        return Piece(costs=_costs_of_latin(core), meant=meant)
    before, core, after = _apart(text, _NO_KEYS + _MARKS)
    if _RUSSIAN.fullmatch(core):
        reading = _put_between(before, _in_latin_layout(core), after)
        return Piece(costs=(_cost_of_russian(core),) * len(NEIGHBOURS), meant={Way.RUSSIAN_LAYOUT: reading})
    return _PLAIN


def _apart(text: str, marks: str) -> tuple[str, str, str]:
    """Split into the marks before, the body, and the marks after."""
    core = text.strip(marks)
    start = text.index(core)
    return text[:start], core, text[start + len(core) :]


def _put_between(before: str, reading: Reading, after: str) -> Reading:
    return Reading(word=f"{before}{reading.word}{after}", cost=reading.cost)


def _cost_of_russian(text: str) -> float:
    return sum(spelling().cyrillic.cost(part) for part in text.replace("ё", "е").split("-") if part)


def _costs_of_latin(core: str) -> tuple[float, ...]:
    before, inside, after = _apart(core, _MARKS)
    inside = inside.replace("'", "")
    odd = sum(mark not in _OPENING for mark in before)
    odd += sum(not ("a" <= character <= "z" or character == "-") for character in inside)
    marks = _MARK_INSIDE * odd + _MARK_AROUND * (len(before) + len(after))
    words = [spelling().latin.costs(word) for word in _LATIN_WORD.findall(inside)]
    return tuple(marks + sum(costs) for costs in zip(*words, strict=True))


def _in_russian_layout(core: str) -> Reading:
    """Convert to the Russian layout. Marks at the ends may be letters there, or just marks."""
    before, _, after = _apart(core, _MARKS)
    readings = []
    for start in range(min(1, len(before)) + 1):
        for kept_after in range(min(_MAX_MARKS, len(after)) + 1):
            end = len(core) - kept_after
            word = keyboard.to_russian(core[start:end]).replace("ё", "е")
            kept = core[:start] + core[end:]
            cost = _cost_of_russian(word) + sum(_MARK_KEPT.get(mark, _MARK_KEPT_ELSE) for mark in kept)
            readings.append(Reading(word=f"{core[:start]}{word}{core[end:]}", cost=cost))
    return min(readings, key=lambda reading: reading.cost)


def _transliterate(core: str) -> Reading | None:
    before, body, after = _apart(core, '[];,.~{}:"<>')  # ' and ` stand for ь
    if not _TRANSLITERATED.fullmatch(body):
        return None
    parts = [spelling().transliterated(part) for part in body.split("-")]
    cost = sum(part.cost for part in parts) + _SPELLING * len(body) + _MARK_AROUND * len(before + after)
    return Reading(word=before + "-".join(part.word for part in parts) + after, cost=cost)


def _in_latin_layout(core: str) -> Reading:
    latin = keyboard.to_latin(core)
    inside = latin.rstrip(",.;'")
    letters = inside.replace("'", "").replace("-", "")
    odd = sum(not ("a" <= character <= "z") for character in letters)
    words = sum(spelling().english.cost(word) for word in _LATIN_WORD.findall(inside.replace("'", "")))
    return Reading(word=latin, cost=words + _MARK_INSIDE * odd + _MARK_AROUND * (len(latin) - len(inside)))

"""Is it a word of some language?  And if it is none: of which word could it be a mistyped one?"""

from functools import lru_cache

from nlu.respelling.statistics import Alphabet, Lexicon, spelling

# Tuned on training rows: docs/reference/tuning.md.
_MISTYPED = 12.0  # nats: how much likelier the word must be than the letters as they stand
_MIN_LENGTH = 6  # letters; shorter ones that nobody knows are names more often than typos

_REMEMBERED = 20_000  # words


def is_known(word: str) -> bool:
    """Whether it is a word; so is whatever has letters that we have no list of words for.

    >>> is_known("товар"), is_known("тваор"), is_known("grüße")
    (True, False, True)
    """
    lexicon = _lexicon(word, latin=spelling().latin)
    return lexicon is None or lexicon.knows(word)


@lru_cache(maxsize=_REMEMBERED)
def likeliest_known(word: str) -> str | None:
    """The likeliest Russian or English word that one slip of the finger makes `word` of; None: no such one.

    A name or a rare form may be one letter away from a word as well: the word must be far likelier.
    Norvig, How to Write a Spelling Corrector (2007): every slip is undone, as the lists hold hashes only.

    >>> likeliest_known("вренуть"), likeliest_known("transactoin"), likeliest_known("severok")
    ('вернуть', 'transaction', None)
    """
    lexicon = _lexicon(word, latin=spelling().english)
    if lexicon is None or len(word) < _MIN_LENGTH:
        return None
    spelt = lexicon.cost_of_letters(word)
    found = [
        reading
        for reading in lexicon.known_among(_one_slip_away(word, lexicon.alphabet.value))
        # letters that read worse than those of `word` belong to no word: only their hash is that of one
        if reading.cost + _MISTYPED <= spelt and lexicon.cost_of_letters(reading.word) < spelt
    ]
    return min(found, key=lambda reading: (reading.cost, reading.word)).word if found else None


def reads_worse(word: str, meant: str, *, by: float) -> bool:
    """Whether the letters of `word` are that many nats less likely than those of `meant`, known or not.

    A word that was mistyped twice looks like one: "заблокируй" is not a mistyped "забронируй".
    """
    lexicon = _lexicon(word, latin=spelling().latin)
    if lexicon is None or not lexicon.alphabet.holds(meant):
        return False
    return lexicon.cost_of_letters(word) - lexicon.cost_of_letters(meant) >= by


def _lexicon(word: str, *, latin: Lexicon) -> Lexicon | None:
    if Alphabet.RUSSIAN.holds(word):
        return spelling().cyrillic
    return latin if Alphabet.LATIN.holds(word) else None


def _one_slip_away(word: str, letters: str) -> list[str]:
    """All strings with one letter left out, put in or replaced, or with two neighbours swapped."""
    parts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    shorter = {before + after[1:] for before, after in parts if after}
    swapped = {before + after[1] + after[0] + after[2:] for before, after in parts if len(after) > 1}
    replaced = {before + letter + after[1:] for before, after in parts if after for letter in letters}
    longer = {before + letter + after for before, after in parts for letter in letters}
    return list((shorter | swapped | replaced | longer) - {word})

"""Recognise known words, and find the known word of which another is a typo."""

from functools import lru_cache

from nlu.respelling.statistics import Alphabet, Lexicon, spelling

# Tuned on training rows: docs/reference/tuning.md.
_MISTYPED = 12.0  # nats by which the word must be likelier than the letters as written
_MIN_LENGTH = 6  # letters; shorter unknown words are more often names than typos

_REMEMBERED = 20_000  # cached words


def is_known(word: str) -> bool:
    """Return True for a known word, and for any word in a script without a word list.

    >>> is_known("товар"), is_known("тваор"), is_known("grüße")
    (True, False, True)
    """
    lexicon = _lexicon(word, latin=spelling().latin)
    return lexicon is None or lexicon.knows(word)


@lru_cache(maxsize=_REMEMBERED)
def likeliest_word(word: str) -> str | None:
    """Return the likeliest Russian or English word one typo away from `word`, or None.

    A name or a rare form may also be one letter away from a word, so the word must be far likelier.
    All edits are tried, because the lists hold hashes only (Norvig, How to Write a Spelling Corrector, 2007).

    >>> likeliest_word("вренуть"), likeliest_word("transactoin"), likeliest_word("severok")
    ('вернуть', 'transaction', None)
    """
    lexicon = _lexicon(word, latin=spelling().english)
    if lexicon is None or len(word) < _MIN_LENGTH:
        return None
    spelt = lexicon.cost_of_letters(word)
    found = [
        reading
        for reading in lexicon.find_known(_single_edits(word, lexicon.alphabet.value))
        # letters less likely than those of `word` are no word but a hash collision
        if reading.cost + _MISTYPED <= spelt and lexicon.cost_of_letters(reading.word) < spelt
    ]
    return min(found, key=lambda reading: (reading.cost, reading.word)).word if found else None


def reads_worse(word: str, meant: str, *, by: float) -> bool:
    """Return True if the letters of `word` are `nats` less likely than those of `meant`.

    Whether the words are known does not matter. This confirms double typos: "заблокируй" reads well, so it
    is not a mistyped "забронируй".
    """
    lexicon = _lexicon(word, latin=spelling().latin)
    if lexicon is None or not lexicon.alphabet.holds(meant):
        return False
    return lexicon.cost_of_letters(word) - lexicon.cost_of_letters(meant) >= by


def _lexicon(word: str, *, latin: Lexicon) -> Lexicon | None:
    if Alphabet.RUSSIAN.holds(word):
        return spelling().cyrillic
    return latin if Alphabet.LATIN.holds(word) else None


def _single_edits(word: str, letters: str) -> list[str]:
    """Return all strings with one letter deleted, inserted or replaced, or two neighbours swapped."""
    parts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    shorter = {before + after[1:] for before, after in parts if after}
    swapped = {before + after[1] + after[0] + after[2:] for before, after in parts if len(after) > 1}
    replaced = {before + letter + after[1:] for before, after in parts if after for letter in letters}
    longer = {before + letter + after for before, after in parts for letter in letters}
    return list((shorter | swapped | replaced | longer) - {word})

"""Match Russian words written in Latin letters, where spellings and sounds are many to many."""

import re
from itertools import product

# A key is shared by all usual spellings of a word. Words of both scripts are mapped to it: ь and ъ are
# dropped (nobody types them), and и, й, ы are merged, as are е and э, ш and щ.
_RUSSIAN_SOUNDS = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "Z", "з": "z", "и": "I",
    "й": "I",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
    "ф": "f",
    "х": "h", "ц": "C", "ч": "4", "ш": "6", "щ": "6", "ъ": "", "ы": "I", "ь": "", "э": "e", "ю": "Iu",
    "я": "Ia",
}  # fmt: skip
_LATIN_SOUNDS = {
    "shch": "6", "sch": "6", "tch": "4", "sh": "6", "ch": "4", "zh": "Z", "kh": "h", "ts": "C", "tz": "C",
    "4": "4", "6": "6", "'": "", "`": "", "y": "I", "i": "I", "q": "k",
}  # fmt: skip
_AMBIGUOUS = {
    "j": ("I", "Z"),
    "w": ("v", "6"),
    "x": ("h", "ks"),
    "c": ("k", "C"),
    "yo": ("e", "Io"),
    "jo": ("e", "Io"),
}
_LATIN_PIECE = re.compile("shch|sch|tch|sh|ch|zh|kh|ts|tz|[yj]o|.")
_MAX_VARIANTS = 8
_REPEATED = re.compile(r"([^aeou])\1+")

# How a spelling is read if no known word has its key.
_LETTERS = {
    "shch": "щ", "sch": "щ", "sh": "ш", "ch": "ч", "zh": "ж", "kh": "х", "ts": "ц", "tz": "ц",
    "ya": "я", "ja": "я", "yu": "ю", "ju": "ю", "yo": "е", "jo": "е", "je": "е",
    "iy": "ий", "yy": "ый", "dj": "дж", "a": "а", "b": "б", "c": "к", "d": "д", "e": "е", "f": "ф",
    "g": "г", "h": "х",
    "i": "и", "k": "к", "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "q": "к", "r": "р", "s": "с",
    "t": "т",
    "u": "у", "v": "в", "w": "ш", "x": "х", "z": "з", "4": "ч", "6": "ш", "'": "ь", "`": "ь",
}  # fmt: skip
_AFTER_VOWEL_OR_NOT = {"y": ("й", "ы"), "j": ("й", "ж"), "ye": ("е", "ые"), "ia": ("я", "ия")}
_LETTER_PIECE = re.compile("shch|sch|sh|ch|zh|kh|ts|tz|ya|ja|yu|ju|yo|jo|ye|je|ia|iy|yy|dj|.")


def key_of_russian(word: str) -> str:
    """Return the key that the Latin spellings of a Russian word share.

    >>> key_of_russian("вернуть")
    'vernut'
    """
    return _merge("".join(_RUSSIAN_SOUNDS.get(letter, letter) for letter in word))


def keys_of_latin(word: str) -> list[str]:
    """Return the keys of the Russian words that `word` may spell, none if it is too ambiguous.

    >>> keys_of_latin("mojno")
    ['moIno', 'moZno']
    """
    if word == "y":
        return ["u"]
    choices = [
        _AMBIGUOUS.get(piece) or (_LATIN_SOUNDS.get(piece, piece),) for piece in _LATIN_PIECE.findall(word)
    ]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > _MAX_VARIANTS:
        return []
    return list(dict.fromkeys(_merge("".join(sounds)) for sounds in product(*choices)))


def letter_by_letter(word: str) -> str:
    """Transliterate a spelling without knowing the word.

    >>> letter_by_letter("severok")
    'северок'
    """
    read = ""
    for piece in _LETTER_PIECE.findall(word):
        after_vowel = not read or read[-1] in "аеиоуыэюя"
        choice = _AFTER_VOWEL_OR_NOT.get(piece)
        read += choice[not after_vowel] if choice else _LETTERS.get(piece, piece)
    return read


def _merge(sounds: str) -> str:
    sounds = sounds.replace("s4", "6").replace("64", "6").replace("ts", "C").replace("tC", "C")
    return _REPEATED.sub(r"\1", sounds).replace("Ie", "e")

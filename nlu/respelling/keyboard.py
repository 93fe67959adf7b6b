"""Convert text between the Russian ЙЦУКЕН and the US QWERTY keyboard layout, in lower case."""

_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_SHIFTED = {"~": "ё", "{": "х", "}": "ъ", ":": "ж", '"': "э", "<": "б", ">": "ю"}
_TO_RUSSIAN = str.maketrans(dict(zip(_LATIN, _RUSSIAN, strict=True)) | _SHIFTED)
_TO_LATIN = str.maketrans(dict(zip(_RUSSIAN, _LATIN, strict=True)))

LATIN_KEYS = frozenset(_LATIN) | frozenset(_SHIFTED)  # keys that write a letter in the Russian layout

_ENDS_RUSSIAN = {"/": ".", "&": "?"}  # the keys of marks differ, too; "?" stays, as it may be intended
_ENDS_LATIN = {",": "?"}


def to_russian(text: str) -> str:
    """Convert `text`, typed in the Latin layout, to what the same keys write in the Russian layout.

    >>> to_russian("rfr dthyenm njdfh")
    'как вернуть товар'
    """
    return text.translate(_TO_RUSSIAN)


def to_latin(text: str) -> str:
    """Convert `text`, typed in the Russian layout, to what the same keys write in the Latin layout.

    >>> to_latin("цруку шы ьн щквук")
    'where is my order'
    """
    return text.translate(_TO_LATIN)


def ending_in_russian(mark: str) -> str:
    """Return the intended mark at a word's end. Other marks are unchanged.

    >>> ending_in_russian("&")
    '?'
    """
    return _ENDS_RUSSIAN.get(mark, mark)


def ending_in_latin(mark: str) -> str:
    """Return the intended mark at the end of an English word typed in the Russian layout."""
    return _ENDS_LATIN.get(mark, mark)

"""The same keys in the other layout: Russian ЙЦУКЕН and US QWERTY, lower case."""

_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_SHIFTED = {"~": "ё", "{": "х", "}": "ъ", ":": "ж", '"': "э", "<": "б", ">": "ю"}
_TO_RUSSIAN = str.maketrans(dict(zip(_LATIN, _RUSSIAN, strict=True)) | _SHIFTED)
_TO_LATIN = str.maketrans(dict(zip(_RUSSIAN, _LATIN, strict=True)))

LATIN_KEYS = frozenset(_LATIN) | frozenset(_SHIFTED)  # that write a Russian letter in the Russian layout

_ENDS_RUSSIAN = {"/": ".", "&": "?"}  # the keys of marks differ too; "?" stays: it may well be meant
_ENDS_LATIN = {",": "?"}


def to_russian(text: str) -> str:
    """What the keys of `text`, typed in the Latin layout, write in the Russian one.

    >>> to_russian("rfr dthyenm njdfh")
    'как вернуть товар'
    """
    return text.translate(_TO_RUSSIAN)


def to_latin(text: str) -> str:
    """What the keys of `text`, typed in the Russian layout, write in the Latin one.

    >>> to_latin("цруку шы ьн щквук")
    'where is my order'
    """
    return text.translate(_TO_LATIN)


def ending_in_russian(mark: str) -> str:
    """The mark at a word's end that was meant; others are as they are.

    >>> ending_in_russian("&")
    '?'
    """
    return _ENDS_RUSSIAN.get(mark, mark)


def ending_in_latin(mark: str) -> str:
    """The same for English typed in the Russian layout."""
    return _ENDS_LATIN.get(mark, mark)

"""Convert text between the Russian ЙЦУКЕН and the US QWERTY keyboard layout, in lower case."""

_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_SHIFTED = {"~": "ё", "{": "х", "}": "ъ", ":": "ж", '"': "э", "<": "б", ">": "ю"}
_TO_RUSSIAN = str.maketrans(dict(zip(_LATIN, _RUSSIAN, strict=True)) | _SHIFTED)
_TO_LATIN = str.maketrans(dict(zip(_RUSSIAN, _LATIN, strict=True)))

LATIN_KEYS = frozenset(_LATIN) | frozenset(_SHIFTED)  # keys that write a letter in the Russian layout


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

"""Clean the names, files and languages that messengers report, so that they can be stored and shown."""

import re
import unicodedata

_MAX_NAME_LENGTH = 100  # characters
_MAX_ENDING_LENGTH = 20  # characters of a file's name that are kept with the dot before them
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def clean_name(name: str) -> str:
    """Return the name on one line, shortened and without control characters and lone surrogates.

    >>> clean_name("  Ольга\\n\\x00 Петрова ")
    'Ольга Петрова'
    """
    readable = "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in name)
    return " ".join(readable.split())[:_MAX_NAME_LENGTH].rstrip()


def clean_file_name(name: str | None) -> str | None:
    """Return a file's name on one line, or None if nothing is left. A long one keeps its ending.

    Signs that change the direction of writing are removed: they can hide the ending.

    >>> clean_file_name("чек\u202egnp.exe"), clean_file_name(" ")
    ('чекgnp.exe', None)
    """
    readable = "".join(char for char in name or "" if unicodedata.category(char) not in ("Cc", "Cf", "Cs"))
    readable = " ".join(readable.split())
    stem, dot, ending = readable.rpartition(".")
    if len(readable) > _MAX_NAME_LENGTH and dot and len(ending) < _MAX_ENDING_LENGTH:
        return f"{stem[: _MAX_NAME_LENGTH - len(ending) - 2]}….{ending}"
    return readable[:_MAX_NAME_LENGTH] or None


def clean_language(tag: str | None) -> str | None:
    """Return the language tag, or None if it is not a valid one.

    >>> clean_language("pt-BR"), clean_language("*"), clean_language(None)
    ('pt-BR', None, None)
    """
    return tag if tag is not None and _LANGUAGE.fullmatch(tag) else None

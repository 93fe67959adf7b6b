"""Clean the names and languages that messengers report, so that they can be stored and shown."""

import re
import unicodedata

_MAX_NAME_LENGTH = 100  # characters
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def clean_name(name: str) -> str:
    """Return the name on one line, shortened and without control characters and lone surrogates.

    >>> clean_name("  Ольга\\n\\x00 Петрова ")
    'Ольга Петрова'
    """
    readable = "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in name)
    return " ".join(readable.split())[:_MAX_NAME_LENGTH].rstrip()


def clean_language(tag: str | None) -> str | None:
    """Return the language tag, or None if it is not a valid one.

    >>> clean_language("pt-BR"), clean_language("*"), clean_language(None)
    ('pt-BR', None, None)
    """
    return tag if tag is not None and _LANGUAGE.fullmatch(tag) else None

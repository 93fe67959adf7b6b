"""Texts in a form in which they can be compared."""

import re


def normal(text: str) -> str:
    """Return the words in small letters, with е for ё and without punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold().replace("ё", "е")))


def numbers(text: str) -> tuple[str, ...]:
    """The numbers that the text names."""
    return tuple(sorted(re.findall(r"\d+", text)))

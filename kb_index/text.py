"""Normalise texts for comparison."""

import re


def normalize(text: str) -> str:
    """Return the words in lower case, with е for ё and without punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold().replace("ё", "е")))


def numbers(text: str) -> tuple[str, ...]:
    """Return the numbers in the text."""
    return tuple(sorted(re.findall(r"\d+", text)))

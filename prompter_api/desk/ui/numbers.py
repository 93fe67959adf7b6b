"""Parse numbers that a browser sends."""


def number_of(text: str | None) -> int | None:
    """Return the number that a browser sent, or None if it is not a number or is longer than any id."""
    return int(text) if text is not None and text.removeprefix("-").isdecimal() and len(text) < 19 else None

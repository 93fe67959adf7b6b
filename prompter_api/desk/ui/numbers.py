"""Numbers that a browser sends."""


def number_of(text: str | None) -> int | None:
    """A number the browser sent; None where it is none, or longer than any id."""
    return int(text) if text is not None and text.removeprefix("-").isdecimal() and len(text) < 19 else None

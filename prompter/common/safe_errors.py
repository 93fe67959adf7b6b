"""Describe unexpected errors without their texts, which may hold customers' words or a token."""

import traceback
from pathlib import PurePath

_INNERMOST = 12  # logged calls of each error


def describe_without_content(error: BaseException) -> str:
    """Return the error's type and origin without its text, which may hold customers' words or a token.

    >>> try:
    ...     {}["где мой заказ"]
    ... except KeyError as error:
    ...     describe_without_content(error).startswith("KeyError at ")
    True
    """
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    place = PurePath(frames[-1].filename)
    return f"{type(error).__name__} at {place.parent.name}/{place.name}:{frames[-1].lineno}"


def trace(error: BaseException) -> list[str]:
    """Return the types and places of an error and its causes, outermost first."""
    lines: list[str] = []
    current: BaseException | None = error
    while current is not None and len(lines) < 100:
        lines.append(type(current).__qualname__)
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(current.__traceback__, limit=-_INNERMOST)
        ]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return lines

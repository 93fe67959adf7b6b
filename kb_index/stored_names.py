"""Names of settings as they are stored on disk.

A setting may be renamed in the program. Saved indexes, model folders and fingerprints keep the name that it
had when it was first saved. Otherwise every index would be rebuilt and every model would look different.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Protocol, TypeVar


class DiskRecord(Protocol):
    """A dataclass whose fields may have other names on disk. `STORED_NAMES` maps those that differ."""

    STORED_NAMES: ClassVar[Mapping[str, str]]
    __dataclass_fields__: ClassVar[dict[str, Any]]


S = TypeVar("S", bound=DiskRecord)


def to_stored(value: DiskRecord) -> dict[str, Any]:
    """Return the fields under their names on disk."""
    return {
        value.STORED_NAMES.get(field.name, field.name): getattr(value, field.name) for field in fields(value)
    }


def from_stored(kind: type[S], values: Mapping[str, Any]) -> S:
    """Build a value from fields under their names on disk.

    Raises:
        TypeError: when a field is missing or unknown.
    """
    names = {stored: name for name, stored in kind.STORED_NAMES.items()}
    return kind(**{names.get(stored, stored): value for stored, value in values.items()})


def stored_text(value: DiskRecord) -> str:
    """Return the text by which fingerprints and saved indexes identify the value."""
    inside = ", ".join(f"{name}={field!r}" for name, field in to_stored(value).items())
    return f"{type(value).__name__}({inside})"

"""Typed values of JSON columns that keep unknown keys unchanged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, Self


@dataclass(frozen=True)
class _Missing:
    """Stands for a field that was not given. Readers see `default`."""

    default: Any


def json_key(default: Any = None, *, read: Callable[[Any], Any] = lambda value: value) -> Any:
    """Declare a field that is a key of the JSON.

    `read` converts the JSON value to the field's. `default` is the value for rows without the key.
    """
    return field(default=_Missing(default), metadata={"read": read})


def json_list(item: Callable[[Any], Any]) -> Any:
    """Declare a field that is a list in the JSON and a tuple here, of members converted by `item`."""
    return json_key((), read=lambda values: tuple(item(value) for value in values))


@dataclass(frozen=True, kw_only=True)
class JsonRecord:
    """Base of frozen dataclasses whose fields are declared with `json_key` and `json_list`.

    Rows of earlier versions lack later keys, and rows of later versions may have more. Both are read,
    and written back as they were: a key that was not given is not written until it has another value.

    >>> @dataclass(frozen=True, kw_only=True)
    ... class Example(JsonRecord):
    ...     name: str = json_key("")
    ...     turns: tuple[int, ...] = json_list(int)
    >>> old = Example.from_json({"name": "returns", "colour": "red"})
    >>> old.turns, old.to_json()
    ((), {'name': 'returns', 'colour': 'red'})
    >>> Example(name="returns", turns=()).to_json()
    {'name': 'returns', 'turns': []}
    """

    absent: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    others: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        missing = {name for name in self._keys() if isinstance(getattr(self, name), _Missing)}
        for name in missing:
            object.__setattr__(self, name, getattr(self, name).default)
        object.__setattr__(self, "absent", self.absent | missing)

    @classmethod
    def _keys(cls) -> dict[str, Callable[[Any], Any]]:
        """Return the functions that read the keys, by key."""
        return {field.name: field.metadata["read"] for field in fields(cls) if "read" in field.metadata}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a record from a row's JSON."""
        keys = cls._keys()
        known = {name: keys[name](value) for name, value in data.items() if name in keys}
        return cls(**known, others={name: value for name, value in data.items() if name not in keys})

    def to_json(self) -> dict[str, Any]:
        """Return the JSON that a row keeps and the API shows."""
        defaults = {
            field.name: field.default.default for field in fields(self) if isinstance(field.default, _Missing)
        }
        values = {name: getattr(self, name) for name in self._keys()}
        written = {
            name: _plain(value)
            for name, value in values.items()
            if name not in self.absent or value != defaults[name]
        }
        return {**written, **self.others}


def _plain(value: Any) -> Any:
    match value:
        case JsonRecord():
            return value.to_json()
        case Enum():
            return value.value
        case tuple():
            return [_plain(item) for item in value]
        case Mapping():
            return dict(value)
        case _:
            return value

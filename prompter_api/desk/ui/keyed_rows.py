"""Rows that keep their elements while other rows are added and removed."""

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, Protocol, TypeVar

from prompter_api.desk.ui.elements import Tag


class Row(Protocol):
    """A row with its own element."""

    @property
    def element(self) -> Tag: ...


K = TypeVar("K", bound=Hashable)
R = TypeVar("R", bound=Row)


class KeyedRows(Generic[K, R]):
    """Rows by key. Only differences are created, moved or deleted, so that focus is not lost."""

    def __init__(self, place: Tag, make: Callable[[K], R]) -> None:
        self._place = place
        self._make = make
        self._rows: dict[K, R] = {}
        self._order: list[K] = []

    def show(self, keys: Sequence[K]) -> list[R]:
        """Show the rows of these keys in order, create missing ones in the place, and return all."""
        wanted = set(keys)
        for gone in [key for key in self._order if key not in wanted]:
            self._rows.pop(gone).element.delete()
            self._order.remove(gone)
        for place, key in enumerate(keys):
            if key not in self._rows:
                with self._place:
                    self._rows[key] = self._make(key)
                self._order.append(key)
            if self._order[place] != key:
                self._order.remove(key)
                self._order.insert(place, key)
                self._rows[key].element.move(target_index=place)
        return [self._rows[key] for key in keys]

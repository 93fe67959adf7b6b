"""Keys and clicks of an operator, as the browser reports them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prompter_api.desk.operator.keyboard import Mode, action_of
from prompter_api.desk.ui.numbers import number_of


@dataclass(frozen=True, kw_only=True)
class InputEvent:
    """A key or click with the requested action and the state of the screen at that moment."""

    do: str
    data: Mapping[str, str]
    turn_id: int | None
    seen_message_id: int | None
    escapes: int  # how often Escape was pressed on this page

    @classmethod
    def read(cls, sent: object, mode: Mode) -> "InputEvent | None":
        """Parse the browser's data, which may be anything. Return None if it has no meaning."""
        if not isinstance(sent, dict):
            return None
        data = _texts(sent)
        if data.get("do") == "key":
            meaning = action_of(mode, data.get("key", ""))
            if meaning is None:
                return None
            data |= meaning
        return cls(
            do=data.get("do", ""),
            data=data,
            turn_id=number_of(data.get("turn")),
            seen_message_id=number_of(data.get("seen")),
            escapes=number_of(data.get("escapes")) or 0,
        )

    def number(self, name: str) -> int | None:
        return number_of(self.data.get(name))


def _texts(sent: Mapping[Any, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in sent.items() if value is not None}

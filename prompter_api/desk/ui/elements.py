"""HTML elements that treat text as text.

NiceGUI parses property strings as a small language and executes properties whose name starts with a
colon. So customers' words are passed as values only, never through `.props(...)` or `ui.html`.
"""

from collections.abc import Iterable
from typing import Any

from nicegui.elements.mixins.text_element import TextElement


class Tag(TextElement):
    """An HTML element. `data_do="open"` becomes the attribute `data-do`, and None omits an attribute.

    `data_do` names the action of a click. One listener in desk.js reports it, with the turn and the
    messages that were on the screen at that moment.
    """

    def __init__(self, tag: str, text: str = "", *, classes: str = "", **attributes: object) -> None:
        super().__init__(tag=tag, text=text)
        if classes:
            self.classes(classes)
        if tag == "button":
            attributes.setdefault("type", "button")
        self.set(**attributes)

    def set(self, **attributes: object) -> None:
        """Change attributes. Only differences are sent to the browser."""
        for name, value in attributes.items():
            key, text = name.rstrip("_").replace("_", "-"), None if value is None else _attribute(value)
            if self.props.get(key) != text:
                self.props.set_optional(key, text)

    def say(self, text: str) -> None:
        """Change the text. An unchanged text sends nothing."""
        if self.text != text:
            self.text = text

    def toggle(self, name: str, on: bool) -> None:
        """Add or remove a class."""
        if on != (name in self._classes):
            self.classes(**{"add" if on else "remove": name})


def _attribute(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def draw_keys(keys: Iterable[str]) -> list[Tag]:
    """Draw keys of the keyboard as hints inside a button."""
    return [Tag("kbd", key, aria_hidden=True) for key in keys]


Attributes = dict[str, Any]

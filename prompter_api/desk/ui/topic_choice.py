"""A field for an article's topic: an existing topic, or explicitly a new one.

A topic is created by its first article. If the field were free text, each typing error would create a
topic, which then starts without evidence.
"""

from collections.abc import Iterable

from nicegui import ui

from prompter.text.translations import Translations
from prompter_api.desk.ui.labels import TopicLabel

_NEW = ""  # no topic has this id


class TopicChoice:
    """A list of topics by title. Its last line opens a field for the id of a new topic."""

    def __init__(self, topics: Iterable[str], topic_label: TopicLabel, t: Translations) -> None:
        self._label, self._t = topic_label, t
        self._select = ui.select({}, label=t.gettext("Topic"), on_change=lambda _: self._show_new())
        self._select.props("stack-label").classes("w-full")
        self._new = ui.input(t.gettext("New topic: a short name, such as gift_cards")).props("stack-label")
        self._new.classes("w-full")
        self.offer(topics)
        self._show_new()

    @property
    def value(self) -> str:
        """The topic's id, or an empty text while none is chosen."""
        return str((self._new.value if self._select.value == _NEW else self._select.value) or "").strip()

    @value.setter
    def value(self, topic: str) -> None:
        if topic:
            self.offer([*self._topics, topic])
            self._select.value = topic
        else:
            self._select.value = None

    def offer(self, topics: Iterable[str]) -> None:
        """Offer these topics. The current choice stays."""
        self._topics = sorted(set(topics), key=lambda topic: self._label(topic).casefold())
        options = {topic: self._label(topic) for topic in self._topics}
        self._select.set_options(options | {_NEW: self._t.gettext("New topic…")}, value=self._select.value)

    def _show_new(self) -> None:
        self._new.set_visibility(self._select.value == _NEW)

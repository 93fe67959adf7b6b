"""Titles of topics, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from prompter.domain.dialogue import TOPICS


def readable_id(topic: str) -> str:
    """Return a topic's id as a title, for topics without one.

    >>> readable_id("order_status"), readable_id("dialogue/order_status"), readable_id("ОМС и ДМС")
    ('Order status', 'Order status', 'ОМС и ДМС')
    """
    words = " ".join(topic.removeprefix(TOPICS).replace("_", " ").split())
    return words[:1].upper() + words[1:] or topic


@dataclass(frozen=True, kw_only=True)
class TopicTitles:
    """The titles that people have given to topics, groups of topics and dialogues.

    `given` maps a topic's id to its titles by language. `language` is the installation's.
    """

    given: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    language: str = ""

    def title(self, topic: str, language: str) -> str | None:
        """Return the title in this language or in the installation's, or None if there is neither."""
        titles = self.given.get(topic, {})
        return titles.get(language) or titles.get(self.language)

    def label(self, topic: str, language: str) -> str:
        """Return the title as `title` finds it, or a readable form of the id.

        >>> titles = TopicTitles(given={"returns": {"ru": "Возврат"}}, language="ru")
        >>> [titles.label(topic, "en") for topic in ("returns", "gift_cards")]
        ['Возврат', 'Gift cards']
        """
        return self.title(topic, language) or readable_id(topic)

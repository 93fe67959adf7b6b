"""What is a topic called, in the language of whoever reads it?"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from prompter.domain.dialogue import TOPICS


def readable_id(topic: str) -> str:
    """A topic's id as a title, for where nobody has given one.

    >>> readable_id("order_status"), readable_id("dialogue/order_status"), readable_id("ОМС и ДМС")
    ('Order status', 'Order status', 'ОМС и ДМС')
    """
    words = " ".join(topic.removeprefix(TOPICS).replace("_", " ").split())
    return words[:1].upper() + words[1:] or topic


@dataclass(frozen=True, kw_only=True)
class TopicTitles:
    """The titles that people have given to topics, groups of topics and dialogues.

    `given` has them by the topic's id and by language; `language` is the installation's.
    """

    given: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    language: str = ""

    def title(self, topic: str, language: str) -> str | None:
        """The title in this language, or else in the installation's; None: nobody has given one."""
        titles = self.given.get(topic, {})
        return titles.get(language) or titles.get(self.language)

    def label(self, topic: str, language: str) -> str:
        """The title as `title` finds it, or else the id in a readable form.

        >>> titles = TopicTitles(given={"returns": {"ru": "Возврат"}}, language="ru")
        >>> [titles.label(topic, "en") for topic in ("returns", "gift_cards")]
        ['Возврат', 'Gift cards']
        """
        return self.title(topic, language) or readable_id(topic)

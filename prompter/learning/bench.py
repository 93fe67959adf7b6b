"""The shared environment in which champion and candidate are compared."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from kb_index import ArticleSearch
from nlu.encoders.caching import CachingEncoder
from nlu.reader import TextReader
from nlu.text import looks_empty
from prompter.models import builder
from prompter.models.version_folders import Version
from prompter.suggestions.assistant import Assistant
from prompter.suggestions.ranker_training import RankerState


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The articles and encoder with which champion and candidate are measured. Each text is encoded once."""

    champion: Version
    reader: TextReader
    encoder: CachingEncoder  # of the reader
    search: ArticleSearch

    def clean_texts(self, texts: Sequence[str]) -> list[str]:
        """Return the distinct texts as the encoder receives them."""
        cleaned = dict.fromkeys(self.reader.clean(text) for text in texts)
        return [text for text in cleaned if not looks_empty(text)]

    def assistant(self, version: Version, learned: RankerState | None) -> Assistant:
        knowledge = builder.assistant_state(
            version.config, self.reader, self.search, version.intents, learned, made_by=version.id
        )
        return builder.assemble(version.config, knowledge)


class CountedAssistant:
    """An assistant that reports each answer as progress."""

    def __init__(self, assistant: Assistant, advance: Callable[[int], None]) -> None:
        self._assistant = assistant
        self._advance = advance

    def suggest(self, text: str) -> Sequence[Any]:
        suggestions = self._assistant.suggest(text)
        self._advance(1)
        return suggestions


def first_article(assistant: CountedAssistant, text: str) -> str | None:
    suggestions = assistant.suggest(text)
    return suggestions[0].article_id if suggestions else None


def small_matrices() -> AbstractContextManager[Any]:
    """Limit BLAS to one thread: on small matrices, threads only wait for each other."""
    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits

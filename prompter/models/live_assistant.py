"""The assistant that answers: it follows articles and model versions, whichever process changes them."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import structlog

from kb_index import Article, ArticleSearch
from nlu.errors import IncompatibleModel
from nlu.reader import TextReader
from prompter.models import builder
from prompter.models.encoder_factory import Encoders
from prompter.models.recipe import ModelConfig
from prompter.models.version_folders import ModelVersions, Version, index_name
from prompter.storage import Store
from prompter.suggestions.assistant import Assistant, AssistantState

log = structlog.get_logger(__name__)


class ArticleSource(Protocol):
    """Where the articles come from."""

    def revision(self) -> int:
        """Another number whenever the articles have changed."""

    def articles(self) -> Iterator[Article]:
        """All of them."""


class LiveAssistant:
    """Opens an assistant that follows articles and model versions, whichever process changes them."""

    def __init__(
        self,
        config: ModelConfig,
        store: Store,
        encoders: Encoders,
        *,
        articles: ArticleSource,
        parse: Callable[[str], Mapping[str, float]] | None = None,
    ) -> None:
        self._config = config
        self._encoders = encoders
        self._base = articles
        self._versions = ModelVersions(config, store, encoders)
        self._lock = threading.Lock()  # of what is known
        # Before anything is read: what changes meanwhile is news.
        self._revision = self._base.revision()
        self._articles = list(self._base.articles())
        self._corrector = builder.corrector_of(config, self._articles)
        self._version = self._versions.in_use(self._articles)
        use = self._versions.record.in_use()
        self._number = use.number if use and use.version == self._version.id else 0
        self._lately = {self._version.id: self._version}
        self._search = self._versions.open_search(self._version.config, self._articles)
        self.assistant = builder.assemble(config, self._knowledge(), parse=parse)

    def reload_articles(self) -> bool:
        """Look once for articles that have changed; True if there were any."""
        revision = self._base.revision()
        if revision == self._revision:
            return False
        articles = list(self._base.articles())
        corrector = builder.corrector_of(self._config, articles)
        # New texts are encoded here, which may take long: a version that comes into use must not wait.
        version, previous = self._version, self._search
        search = self._versions.open_search(version.config, articles, previous)
        with self._lock:
            if self._is_of_another_index(version):
                search = self._versions.open_search(self._version.config, articles, self._search)
            self._search, self._articles, self._corrector = search, articles, corrector
            self.assistant.replace_knowledge(self._knowledge())
        self._revision = revision
        return True

    def reload_version(self) -> bool:
        """Look once whether another model version is to answer; True if it does now.

        One that cannot be read is not used: the one that answers goes on.
        """
        number = self._versions.record.number()
        if number == self._number:
            return False
        use = self._versions.record.in_use()
        if use is None:
            return False
        try:
            version = self._lately.get(use.version) or self._versions.load(use.version)
        except IncompatibleModel as reason:
            log.error("model_version_unreadable", version=use.version, reason=str(reason))
            self._number = number
            return False
        with self._lock:
            before, self._version = self._version, version
            if self._is_of_another_index(before):
                self._search = self._versions.open_search(version.config, self._articles, self._search)
            self.assistant.replace_knowledge(self._knowledge())
        self._lately = {before.id: before, version.id: version}  # going back takes no time
        self._number = number
        log.info("model_version_in_use", version=version.id, reason=use.reason.value)
        return True

    def with_version(self, version_id: str) -> Assistant:
        """An assistant that answers with another version, and the articles of now.

        Raises:
            IncompatibleModel: the version cannot be read.
        """
        version = self._versions.load(version_id)
        with self._lock:
            search = self._search
            if self._is_of_another_index(version):
                search = self._versions.open_search(version.config, self._articles)
            return builder.assemble(version.config, self._knowledge(version, search))

    def _is_of_another_index(self, other: Version) -> bool:
        names = [
            index_name(version.config, self._encoders.of_articles(version.config))
            for version in (self._version, other)
        ]
        return names[0] != names[1]

    def _knowledge(
        self, version: Version | None = None, search: ArticleSearch | None = None
    ) -> AssistantState:
        """What is known with a version, the one in use unless another is named."""
        version = version or self._version
        reader = TextReader(self._encoders.of(version.config), corrector=self._corrector)
        return builder.assistant_state(
            version.config,
            reader,
            search or self._search,
            version.intents,
            version.learned,
            model=version.model,
            made_by=version.id,
        )

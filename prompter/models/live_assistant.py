"""The live assistant, which follows changes of articles and model versions by any process."""

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
    """The source of the articles."""

    def revision(self) -> int:
        """Return a number that differs whenever the articles have changed."""

    def articles(self) -> Iterator[Article]:
        """Yield all articles."""


class LiveAssistant:
    """Provides an assistant that follows changes of articles and model versions by any process."""

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
        self._lock = threading.Lock()  # guards the assistant's state
        # Before anything is read, so that a change in the meantime is noticed later.
        self._revision = self._base.revision()
        self._articles = list(self._base.articles())
        self._corrector = builder.corrector_of(config, self._articles)
        self._version = self._versions.load_current(self._articles)
        use = self._versions.record.current_activation()
        self._number = use.number if use and use.version == self._version.id else 0
        self._lately = {self._version.id: self._version}
        self._search = self._versions.open_search(self._version.config, self._articles)
        self.assistant = builder.assemble(config, self._knowledge(), parse=parse)

    def reload_articles(self) -> bool:
        """Check once for changed articles. Return True if there were any."""
        revision = self._base.revision()
        if revision == self._revision:
            return False
        articles = list(self._base.articles())
        corrector = builder.corrector_of(self._config, articles)
        # New texts are encoded here, which may take long: a new version must not wait for it.
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
        """Check once for a new model version. Return True if it answers now.

        An unreadable version is not used: the current version continues to answer.
        """
        number = self._versions.record.number()
        if number == self._number:
            return False
        use = self._versions.record.current_activation()
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
        self._lately = {before.id: before, version.id: version}  # a rollback is immediate
        self._number = number
        log.info("model_version_in_use", version=version.id, reason=use.reason.value)
        return True

    def with_version(self, version_id: str) -> Assistant:
        """Return an assistant with another version and the current articles.

        Raises:
            IncompatibleModel: when the version cannot be read.
        """
        version = self._versions.load(version_id)
        with self._lock:
            search = self._search
            if self._is_of_another_index(version):
                search = self._versions.open_search(version.config, self._articles)
            return builder.assemble(version.config, self._knowledge(version, search))

    def _is_of_another_index(self, version: Version) -> bool:
        names = [
            index_name(version.config, self._encoders.of_articles(version.config))
            for version in (self._version, version)
        ]
        return names[0] != names[1]

    def _knowledge(
        self, version: Version | None = None, search: ArticleSearch | None = None
    ) -> AssistantState:
        """Return the assistant's state with a version, by default the one in use."""
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

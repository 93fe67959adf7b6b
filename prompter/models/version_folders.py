"""Model versions on disk: created and kept below `data_dir`/models, and read by every process."""

import hashlib
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from kb_index import Article, ArticleSearch
from nlu.artifacts import Manifest, Part, data_hash, describe, load_version, save_version
from nlu.encoders.encoder import Encoder
from nlu.errors import IncompatibleModel
from nlu.intent_file import intents_of
from nlu.intent_file import part_of as part_of_intents
from nlu.intent_model import IntentModel
from nlu.reader import TextReader
from prompter.domain.model_version import ActivationReason, Origin, StoredVersion, VersionState
from prompter.models import builder
from prompter.models.encoder_factory import Encoders
from prompter.models.recipe import ModelConfig
from prompter.models.registry import Versions
from prompter.storage import Store
from prompter.suggestions.ranker_training import RankerState
from prompter.suggestions.serialization import part_of as part_of_learned
from prompter.suggestions.serialization import ranker_state_of

_INTENTS, _LEARNED = "intents", "learned"
_LEFT_BEHIND = 3600  # seconds after which a half-written folder counts as abandoned

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Version:
    """Everything that answers depend on, except the articles. `config` holds the version's recipe."""

    id: str
    model: str  # id that readiness is tested for
    config: ModelConfig
    intents: IntentModel
    learned: RankerState | None
    manifest: Manifest


class ModelVersions:
    """Creates, keeps and reads versions. `prompter.models.registry` knows which one answers."""

    def __init__(self, config: ModelConfig, store: Store, encoders: Encoders) -> None:
        self._config = config
        self._encoders = encoders
        self._folder = config.versions_dir
        self.record = Versions(store, settings=config.recipe.digest)

    def load_current(self, articles: Sequence[Article]) -> Version:
        """Return the current version, making one if there is none or the model settings have changed.

        A new version learns from `articles`. If the current version cannot be read, this is logged and
        the previous one is used.
        """
        use = self.record.current_activation()
        if use is None:
            return self._make_and_use(articles, Origin.FIRST, ActivationReason.FIRST, previous=None, after=0)
        try:
            version = self.load(use.version)
        except IncompatibleModel as reason:
            log.error("model_version_unreadable", version=use.version, reason=str(reason))
            return self._replace_damaged(articles, after=use.number)
        if self.record.have_settings_changed(use) or not self._is_readable(version):
            log.info("model_version_remade", version=version.id, reason="settings or program have changed")
            return self._make_and_use(
                articles, Origin.SETTINGS, ActivationReason.SETTINGS, previous=version, after=use.number
            )
        return version

    def load(self, version_id: str) -> Version:
        """Read a version from its folder.

        Raises:
            IncompatibleModel: when it is damaged, was changed by hand, or does not exist.
        """
        parts, manifest = load_version(self._folder / version_id)
        if manifest.id != version_id:
            raise IncompatibleModel(f"{self._folder / version_id}: holds version {manifest.id}")
        return Version(
            id=version_id,
            model=self.record.get(version_id).model,
            config=replace(self._config, recipe=self._config.recipe.with_manifest(manifest.config)),
            intents=intents_of(_part(parts, _INTENTS)),
            learned=ranker_state_of(parts[_LEARNED]) if _LEARNED in parts else None,
            manifest=manifest,
        )

    def train(self, articles: Sequence[Article]) -> Version:
        """Make a version with the current settings and the intents of these articles, and use it."""
        previous, use = self.load_current(articles), self.record.current_activation()
        return self._make_and_use(
            articles, Origin.TRAIN, ActivationReason.TRAIN, previous=previous, after=use.number if use else 0
        )

    def condition(self, version: StoredVersion) -> str | None:
        """Return the problem of a version's folder, or None if it is fine or was removed on purpose."""
        if version.state is VersionState.PRUNED:
            return None
        try:
            load_version(self._folder / version.id)
        except IncompatibleModel as reason:
            return str(reason)
        return None

    def folder(self, version_id: str) -> Path:
        """Return the version's folder."""
        return self._folder / version_id

    def open_search(
        self, config: ModelConfig, articles: Sequence[Article], previous: ArticleSearch | None = None
    ) -> ArticleSearch:
        """Index the articles. Each kind of index has its own folder, so that a rollback finds its index."""
        encoder = self._encoders.of_articles(config)
        folder = self._config.data_dir / "index" / index_name(config, encoder)
        return builder.open_search(config, articles, encoder, folder, previous)

    def make(
        self,
        config: ModelConfig,
        articles: Sequence[Article],
        *,
        made: Origin,
        previous: Version | None,
        learned: RankerState | None,
        model: str | None = None,
    ) -> Version:
        """Make a version with these settings, write it and record it. It is not used yet.

        The intents of `previous` are reused if training would see the same examples and settings.
        `model` is the id that readiness is tested for; None means that this is another model.
        """
        encoder = self._encoders.of_articles(config)
        reader = TextReader(encoder)
        examples = builder.training_examples(config, articles, reader)
        data = data_hash([example.text for example in examples], [example.intent for example in examples])
        metrics: dict[str, Any] = {"examples": len(examples)}
        if previous is not None and _has_same_intents(previous, config, reader, data):
            intents, metrics["train_seconds"] = previous.intents, 0.0
        else:
            intents, metrics["train_seconds"] = builder.fit(config, examples, encoder)
        metrics["intents"] = len(intents.classes)
        parts = {_INTENTS: part_of_intents(intents)}
        if learned is not None:
            parts[_LEARNED] = part_of_learned(learned)
            metrics["learned_texts"] = len(learned.judged)
        manifest = describe(
            reader_id=reader.id,
            data=data,
            config=config.recipe.as_json() | {"learned": learned.fingerprint if learned else None},
            created=datetime.now(tz=UTC),
            metrics=metrics,
        )
        save_version(parts, manifest, self._folder)
        model = model or builder.model_of(config, reader, learned)
        parent = previous.id if previous else None
        self.record.add(manifest.id, made=made, model=model, parent=parent)
        return self.load(manifest.id)

    def tidy(self, keep: int) -> None:
        """Remove versions beyond the last `keep`, and folders that a crash left half-written."""
        for version_id in self.record.prune(keep):
            shutil.rmtree(self._folder / version_id, ignore_errors=True)
        for leftover in self._folder.glob(".*"):
            if leftover.is_dir() and time.time() - leftover.stat().st_mtime > _LEFT_BEHIND:
                shutil.rmtree(leftover, ignore_errors=True)

    def _make_and_use(
        self,
        articles: Sequence[Article],
        made: Origin,
        reason: ActivationReason,
        *,
        previous: Version | None,
        after: int,
    ) -> Version:
        """Make a version and use it, unless another process was faster."""
        config = self._config
        learned = self._refit(previous, config, articles) if previous else None
        version = self.make(config, articles, made=made, previous=previous, learned=learned)
        if previous is not None and version.id == previous.id:
            return version  # it is current already
        if not self.record.use(version.id, after=after, reason=reason):
            return self.load_current(articles)
        return version

    def _replace_damaged(self, articles: Sequence[Article], *, after: int) -> Version:
        """Replace a damaged current version by an earlier or a new one."""
        for version_id in self.record.rollback_versions():
            try:
                version = self.load(version_id)
            except IncompatibleModel:
                continue
            if self._is_readable(version) and self.record.use(
                version_id, after=after, reason=ActivationReason.DAMAGED
            ):
                return version
        return self._make_and_use(
            articles, Origin.FIRST, ActivationReason.DAMAGED, previous=None, after=after
        )

    def _is_readable(self, version: Version) -> bool:
        """Return whether this program reads texts in the same way as the one that made the version."""
        return version.manifest.reader_id == TextReader(self._encoders.of(version.config)).id

    def _refit(
        self, previous: Version, config: ModelConfig, articles: Sequence[Article]
    ) -> RankerState | None:
        """Return the learned ranking for other settings, fitted again from the same texts if necessary."""
        if previous.learned is None:
            return None
        reader = TextReader(self._encoders.of(config), corrector=builder.corrector_of(config, articles))
        same = all(
            getattr(previous.config.recipe, name) == getattr(config.recipe, name)
            for name in ("encoder", "search", "confidence")
        )
        if same and previous.manifest.reader_id == reader.id:
            return previous.learned
        search = self.open_search(config, articles)
        texts = previous.learned.judged.texts
        learned = builder.learn_from(config, texts, reader=reader, search=search, intents=None)
        return replace(learned, until=previous.learned.until)


def check_folder(config: ModelConfig, version_id: str) -> None:
    """Check that a version can be read before it becomes current.

    Raises:
        IncompatibleModel: when it is damaged, was changed by hand, or does not exist.
    """
    load_version(config.versions_dir / version_id)


def index_name(config: ModelConfig, encoder: Encoder) -> str:
    """Return the index's name. Configurations with equal names share one index."""
    made_of = (TextReader(encoder).id, config.recipe.search.model_dump(by_alias=True))
    return hashlib.sha256(repr(made_of).encode()).hexdigest()[:12]


def _part(parts: Mapping[str, Part], name: str) -> Part:
    try:
        return parts[name]
    except KeyError:
        raise IncompatibleModel(f"the version holds no {name}") from None


def _has_same_intents(previous: Version, config: ModelConfig, reader: TextReader, data: str) -> bool:
    """Return whether training the intents again would give the same result."""
    made_with = (previous.manifest.data_hash, previous.manifest.reader_id, previous.config.recipe.classifier)
    return made_with == (data, reader.id, config.recipe.classifier)

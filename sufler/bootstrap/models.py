"""Build the assistant that answers, and the parts that learn."""

import os
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from nlu.encoders.encoder import Encoder
from prompter.common.clock import Clock, utc_now
from prompter.common.safe_errors import describe_without_content
from prompter.jobs import JobRunning
from prompter.learning.config import LearningConfig, ProposalConfig
from prompter.models import article_vectors
from prompter.models.article_vectors import ProgressBar
from prompter.models.encoder_factory import Encoders
from prompter.models.live_assistant import LiveAssistant
from prompter.models.registry import Versions
from prompter.models.version_folders import check_folder
from prompter.storage import Store
from prompter.suggestions.assistant import Assistant
from sufler.bootstrap.services import build_knowledge_base, build_readiness, open_store
from sufler.learning_scheduler import LearningScheduler, local_now
from sufler.logs import configure_logs
from sufler.rasa import wiring as dialogues
from sufler.settings import Settings

if TYPE_CHECKING:
    from prompter.learning.outcome import LearningRun
    from prompter.learning.shadow_evaluation import ShadowEvaluator

log = structlog.get_logger(__name__)


def build_versions(settings: Settings, store: Store) -> Versions:
    return Versions(
        store,
        settings=settings.models.recipe.digest,
        check=lambda version_id: check_folder(settings.models, version_id),
    )


def open_assistant(settings: Settings, store: Store, *, encoder: Encoder | None = None) -> Assistant:
    """Open the assistant on the database's articles. Index and model are stored in `data_dir`."""
    return build_live_assistant(settings, store, encoder=encoder).assistant


def embed_articles(settings: Settings, store: Store, progress_bar: ProgressBar) -> None:
    """Compute the missing vectors of texts. After an interruption it continues where it stopped."""
    article_vectors.embed_articles(
        settings.models, store, build_knowledge_base(store).articles(), progress_bar
    )


def proposal_config(settings: Settings) -> ProposalConfig:
    return ProposalConfig(
        models=settings.models, template_values=settings.templates, language=settings.language
    )


def learning_config(settings: Settings) -> LearningConfig:
    return LearningConfig(proposals=proposal_config(settings), **settings.learning.model_dump(exclude={"at"}))


def learn(
    settings: Settings,
    store: Store,
    *,
    shadow: bool | None = None,
    encoder: Encoder | None = None,
    bar: ProgressBar | None = None,
) -> "LearningRun":
    """Learn from operators' decisions. See `prompter.learning.pipeline.learn_now`."""
    from prompter.learning.pipeline import learn_now

    readiness = build_readiness(settings, store)
    return learn_now(learning_config(settings), store, readiness, shadow=shadow, encoder=encoder, bar=bar)


def learn_in_background(settings: Settings) -> None:
    """Learn once, at low priority. It runs in its own process."""
    if hasattr(os, "nice"):
        os.nice(10)
    configure_logs()
    with open_store(settings) as store:
        try:
            learn(settings, store)
        except JobRunning:
            log.info("learning_is_under_way_elsewhere")
        except Exception as error:
            log.error("learning_failed", error=describe_without_content(error))


def build_learning_scheduler(
    settings: Settings, store: Store, *, now: Callable[[], datetime] = local_now
) -> LearningScheduler:
    learn_once = partial(learn_in_background, settings)
    return LearningScheduler(store, daily_at=settings.learning.at, learn=learn_once, now=now)


def build_shadow_evaluator(
    settings: Settings, store: Store, live: LiveAssistant, *, clock: Clock = utc_now
) -> "ShadowEvaluator":
    from prompter.learning.shadow_evaluation import ShadowEvaluator

    return ShadowEvaluator(
        learning_config(settings),
        store,
        live,
        build_versions(settings, store),
        build_readiness(settings, store),
        clock=clock,
    )


def build_live_assistant(
    settings: Settings, store: Store, *, encoder: Encoder | None = None, of_articles: Encoder | None = None
) -> LiveAssistant:
    """Build the assistant that reloads articles and versions. `encoder` overrides that of the settings."""
    return LiveAssistant(
        settings.models,
        store,
        Encoders(store, given=encoder, of_articles=of_articles),
        articles=build_knowledge_base(store),
        parse=dialogues.build_parser(settings),
    )

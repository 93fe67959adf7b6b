"""Proposals for the knowledge base, from decisions and from old chats."""

from collections.abc import Callable

from kb_index import Article, ArticleSearch
from nlu.encoders.encoder import Encoder
from nlu.reader import TextReader
from prompter.knowledge.chat_history_import import History
from prompter.knowledge.draft_generation import desk_turns, drafts_of_decisions, drafts_of_history
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.knowledge.proposals import Proposals, RefreshCounts
from prompter.learning.config import ProposalConfig
from prompter.models import builder
from prompter.models.encoder_factory import Encoders
from prompter.models.recipe import ModelConfig
from prompter.models.version_folders import ModelVersions
from prompter.storage import Store
from prompter.suggestions.query_embedder import QueryEmbedder


def propose(
    config: ProposalConfig,
    store: Store,
    *,
    encoder: Encoder | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> RefreshCounts:
    """Update the proposals from operators' current decisions. `progress` is called as texts are read."""
    articles, search, embedder = _load_knowledge(config.models, store, encoder, progress)
    drafts = drafts_of_decisions(
        desk_turns(store),
        articles,
        embedder,
        search=search,
        constants=config.template_values,
        language=config.language,
    )
    return Proposals(store).refresh(drafts, encode=embedder.embed)


def propose_from_history(
    config: ProposalConfig,
    store: Store,
    history: History,
    *,
    encoder: Encoder | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> RefreshCounts:
    """Propose changes from old chats. `progress` is called as texts are read."""
    articles, search, embedder = _load_knowledge(config.models, store, encoder, progress)
    drafts = drafts_of_history(
        history.asked,
        articles,
        embedder,
        search=search,
        constants=config.template_values,
        language=config.language,
    )
    return Proposals(store).add(drafts, encode=embedder.embed)


def _load_knowledge(
    config: ModelConfig, store: Store, encoder: Encoder | None, progress: Callable[[int], None]
) -> tuple[list[Article], ArticleSearch, QueryEmbedder]:
    """Return all articles, the search over published ones, and an embedder that matches it."""
    articles = list(KnowledgeBase(store).articles())
    encoders = Encoders(store, given=encoder)
    versions = ModelVersions(config, store, encoders)
    chosen = versions.load_current(articles).config
    corrector = builder.corrector_of(chosen, articles)
    reader = TextReader(encoders.of(chosen), corrector=corrector)
    return articles, versions.open_search(chosen, articles), QueryEmbedder(reader, progress=progress)

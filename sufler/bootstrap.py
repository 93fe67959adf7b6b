"""The composition root: reads settings, chooses parts, puts them together."""

from datetime import timedelta

from prompter.accounts import Accounts
from prompter.deliveries import Deliveries
from prompter.desk import Desk
from prompter.knowledge import KnowledgeBase
from prompter.reception import Reception
from prompter.storage import Store, connect, migrate
from sufler.settings import Settings


def open_store(settings: Settings) -> Store:
    """Open the database, made and brought to this version's schema where needed."""
    if settings.database.url is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = connect(settings.database_url)
    migrate(engine)
    return Store(engine)


def build_accounts(store: Store) -> Accounts:
    return Accounts(store)


def build_knowledge_base(store: Store) -> KnowledgeBase:
    return KnowledgeBase(store)


def build_reception(settings: Settings, store: Store) -> Reception:
    return Reception(
        store,
        quiet=timedelta(seconds=settings.turns.quiet_seconds),
        longest=timedelta(seconds=settings.turns.longest_seconds),
    )


def build_desk(settings: Settings, store: Store) -> Desk:
    return Desk(
        store,
        undo=timedelta(seconds=settings.desk.undo_seconds),
        template_values=settings.templates,
    )


def build_deliveries(settings: Settings, store: Store) -> Deliveries:
    return Deliveries(
        store,
        lease=timedelta(seconds=settings.delivery.lease_seconds),
        most_attempts=settings.delivery.most_attempts,
    )

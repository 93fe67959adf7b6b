"""One store, two databases: the transactions in which use cases do their work."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from prompter.storage.accounts import AccountRows
from prompter.storage.articles import ArticleRows
from prompter.storage.conversations import ConversationRows
from prompter.storage.decisions import DecisionRows
from prompter.storage.dialogues import DialogueRows
from prompter.storage.facts import FactRows
from prompter.storage.jobs import JobRows
from prompter.storage.outbox import OutboxRows
from prompter.storage.pins import PinRows
from prompter.storage.proposals import ProposalRows
from prompter.storage.readiness import ReadinessRows
from prompter.storage.reviews import ReviewRows
from prompter.storage.shadows import ShadowRows
from prompter.storage.signals import SignalRows
from prompter.storage.versions import VersionRows
from prompter.storage.watching import WatchingRows


class Conflict(Exception):
    """Somebody else was faster: a rule of the database refused what the transaction wrote."""


class Transaction:
    """The rows of every noun, on one connection."""

    def __init__(self, connection: Connection) -> None:
        self.accounts = AccountRows(connection)
        self.articles = ArticleRows(connection)
        self.conversations = ConversationRows(connection)
        self.decisions = DecisionRows(connection)
        self.dialogues = DialogueRows(connection)
        self.facts = FactRows(connection)
        self.jobs = JobRows(connection)
        self.outbox = OutboxRows(connection)
        self.pins = PinRows(connection)
        self.proposals = ProposalRows(connection)
        self.readiness = ReadinessRows(connection)
        self.reviews = ReviewRows(connection)
        self.shadows = ShadowRows(connection)
        self.signals = SignalRows(connection)
        self.versions = VersionRows(connection)
        self.watching = WatchingRows(connection)


class Store:
    """Hands out transactions. All or nothing: an error inside one undoes all of it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent view; writes nothing."""
        with self._engine.connect() as connection:
            if self._engine.dialect.name != "sqlite":  # SQLite's readers have it anyway
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield Transaction(connection)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One use case, one transaction.

        Raises:
            Conflict: a unique index or a check refused a row; nothing was written.
        """
        with self._engine.connect() as connection:
            connection = connection.execution_options(sufler_writes=True)
            try:
                with connection.begin():
                    yield Transaction(connection)
            except IntegrityError as error:
                raise Conflict(str(error.orig)) from error

    def close(self) -> None:
        self._engine.dispose()

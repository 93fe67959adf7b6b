"""Transactions of the use cases, on SQLite or PostgreSQL."""

import copy
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from prompter.common.errors import Conflict
from prompter.storage.accounts.accounts import AccountRows
from prompter.storage.accounts.idempotency_keys import IdempotencyKeyRows
from prompter.storage.accounts.login_counts import LoginCountRows
from prompter.storage.accounts.sessions import SessionRows
from prompter.storage.conversations.conversations import ConversationRows
from prompter.storage.conversations.decisions import DecisionRows
from prompter.storage.conversations.dialogues import DialogueRows
from prompter.storage.conversations.outbox import OutboxRows
from prompter.storage.conversations.reviews import ReviewRows
from prompter.storage.conversations.signals import SignalRows
from prompter.storage.engine import TIMEOUT_SECONDS
from prompter.storage.facts import FactRows
from prompter.storage.failures import database_failures
from prompter.storage.jobs import JobRows
from prompter.storage.knowledge.articles import ArticleRows
from prompter.storage.knowledge.proposals import ProposalRows
from prompter.storage.knowledge.topic_titles import TopicTitleRows
from prompter.storage.models.monitoring import MonitoringRows
from prompter.storage.models.readiness import ReadinessRows
from prompter.storage.models.regression_cases import PinRows
from prompter.storage.models.shadows import ShadowRows
from prompter.storage.models.versions import VersionRows
from prompter.storage.writers import WriterQueue


class Transaction:
    """The rows of every noun, on one connection."""

    def __init__(self, connection: Connection) -> None:
        self.accounts = AccountRows(connection)
        self.articles = ArticleRows(connection)
        self.conversations = ConversationRows(connection)
        self.decisions = DecisionRows(connection)
        self.dialogues = DialogueRows(connection)
        self.facts = FactRows(connection)
        self.idempotency_keys = IdempotencyKeyRows(connection)
        self.jobs = JobRows(connection)
        self.login_counts = LoginCountRows(connection)
        self.outbox = OutboxRows(connection)
        self.pins = PinRows(connection)
        self.proposals = ProposalRows(connection)
        self.readiness = ReadinessRows(connection)
        self.reviews = ReviewRows(connection)
        self.sessions = SessionRows(connection)
        self.shadows = ShadowRows(connection)
        self.signals = SignalRows(connection)
        self.topic_titles = TopicTitleRows(connection)
        self.versions = VersionRows(connection)
        self.monitoring = MonitoringRows(connection)


Witness = Callable[[Transaction], None]
_witness: ContextVar[Witness | None] = ContextVar("witness", default=None)


@contextmanager
def witness_writes(witness: Witness) -> Iterator[None]:
    """Call `witness` at the end of each write transaction of this context. Its writes belong to them."""
    token = _witness.set(witness)
    try:
        yield
    finally:
        _witness.reset(token)


class Store:
    """Provides transactions. Each is all or nothing: an error inside undoes it."""

    def __init__(self, engine: Engine, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._engine = engine
        self._timeout_seconds = timeout_seconds
        self._writers = WriterQueue()

    def with_timeout(self, seconds: float) -> Self:
        """Return the same store for a caller who waits for other writers at most that long."""
        store = copy.copy(self)
        store._timeout_seconds = seconds
        return store

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a consistent read-only view.

        Raises:
            DatabaseUnavailable: when the database is unreachable, or has too many connections.
        """
        with database_failures(), self._engine.connect() as connection:
            if not self._is_sqlite:  # SQLite's readers have a consistent view anyway
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield Transaction(connection)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open the transaction of one use case.

        Raises:
            Conflict: when a unique index or a check refused a row. Nothing was written.
            DatabaseUnavailable: when the database is unreachable, full, or locked by others for longer
            than this store waits.
        """
        try:
            with database_failures(), self._writable() as connection, connection.begin():
                tx = Transaction(connection)
                yield tx
                if (witness := _witness.get()) is not None:
                    witness(tx)
        except IntegrityError as error:
            raise Conflict(str(error.orig)) from error

    @contextmanager
    def _writable(self) -> Iterator[Connection]:
        if not self._is_sqlite:  # PostgreSQL allows many writers at once
            with self._engine.connect() as connection:
                yield connection.execution_options(sufler_writes=True, sufler_timeout=self._timeout_seconds)
            return
        # Wait for the turn before connecting, so that readers find a free connection.
        with self._writers.turn(self._timeout_seconds) as seconds, self._engine.connect() as connection:
            yield connection.execution_options(sufler_writes=True, sufler_timeout=seconds)

    def overwrite_deleted(self) -> None:
        """Remove deleted data from SQLite's files, as far as no reader needs it now."""
        if self._is_sqlite:
            with self._engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def check_writable(self, *, seconds: float) -> None:
        """Write a meaningless fact, waiting at most `seconds` for other writers.

        The write has to be real: SQLite notices a full disk only when a transaction is committed.

        Raises:
            DatabaseUnavailable: when it could not be written.
        """
        with self.with_timeout(seconds).write() as tx:
            tx.facts.set("probe", secrets.token_hex(4))

    def close(self) -> None:
        self._engine.dispose()

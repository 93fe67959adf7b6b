"""Connecting to SQLite or PostgreSQL."""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import StaticPool

BUSY_SECONDS = 30  # how long a writer waits for another one


def connect(url: str, *, most: int | None = None) -> Engine:
    """Open a database; SQLite in WAL mode, every commit synced to disk, foreign keys checked.

    At most `most` connections are open at once; None: as many as SQLAlchemy allows.
    """
    pool: dict[str, Any] = {} if most is None else {"pool_size": most, "max_overflow": 0}
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True, **pool)
    in_memory = make_url(url).database in (None, "", ":memory:")
    engine = create_engine(
        url,
        hide_parameters=True,  # errors are logged; what customers wrote is not
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        **({"poolclass": StaticPool} if in_memory else pool),
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver would begin transactions by rules of its own; we begin them ourselves below.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # SQLite's own lower() knows ASCII only.
        connection.create_function("lower", 1, lambda text: text and text.lower(), deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A reader that turns into a writer half-way fails at once when another writer was faster;
        # so writers take the lock at the start, and wait for it.
        writes = connection.get_execution_options().get("sufler_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine

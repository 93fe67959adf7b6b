"""Connect to SQLite or PostgreSQL."""

from contextlib import closing
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from prompter.common.errors import PrompterError

TIMEOUT_SECONDS = 30.0  # how long background work waits for other writers; requests wait less
_STATEMENT_SECONDS = 300  # PostgreSQL ends a statement that takes longer
_POOL_SECONDS = 5.0  # how long to wait for a free connection
_CONNECT_SECONDS = 5  # limit for a server that does not answer
_MIN_MASKED_LENGTH = 3  # characters; a shorter "secret" occurs in every other word
_MASK = "***"


class BadDatabaseUrl(PrompterError):
    """The database's URL cannot be read. The message does not repeat it, as it may hold a password."""


def read_url(url: str) -> URL:
    """Parse a database URL.

    Raises:
        BadDatabaseUrl: when it is no URL, or a character of the password would be read as part of the
        address.
    """
    try:
        read = make_url(url)
    except (ArgumentError, ValueError):
        raise BadDatabaseUrl(
            "the database's URL cannot be read: it looks like postgresql+psycopg://user:password@host/name "
            "or sqlite:////folder/file.db"
        ) from None
    if "@" in (read.host or ""):
        raise BadDatabaseUrl("the database's URL cannot be read: in a password, @ is written %40, / is %2F")
    return read


def connect(url: str, *, max_connections: int | None = None) -> Engine:
    """Open a database. SQLite runs in WAL mode, syncs every commit to disk and checks foreign keys.

    At most `max_connections` connections are open at once; None means SQLAlchemy's limit. A caller who
    finds none free waits a few seconds for one. Errors never reveal the password.

    Raises:
        BadDatabaseUrl: when the URL cannot be read.
    """
    read = read_url(url)
    pool: dict[str, Any] = {"pool_timeout": _POOL_SECONDS}
    if max_connections is not None:
        pool |= {"pool_size": max_connections, "max_overflow": 0}
    try:
        make = _connect_sqlite if read.get_backend_name() == "sqlite" else _connect_server
        engine = make(read, pool)
    except NoSuchModuleError:
        problem = "the database's URL names none that Sufler knows: use sqlite:/// or postgresql+psycopg://"
        raise BadDatabaseUrl(problem) from None
    _mask_errors(engine)
    return engine


def _connect_server(url: URL, pool: dict[str, Any]) -> Engine:
    engine = create_engine(
        url,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS},
        **pool,
    )

    @event.listens_for(engine, "connect")
    def _bound_waits(connection: Any, _record: Any) -> None:
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"SET lock_timeout = {_milliseconds(TIMEOUT_SECONDS)}")
            cursor.execute(f"SET statement_timeout = {_milliseconds(_STATEMENT_SECONDS)}")
        connection.commit()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        seconds = connection.get_execution_options().get("sufler_timeout", TIMEOUT_SECONDS)
        if seconds != TIMEOUT_SECONDS:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_milliseconds(seconds)}")

    return engine


def _connect_sqlite(url: URL, pool: dict[str, Any]) -> Engine:
    in_memory = url.database in (None, "", ":memory:")
    engine = create_engine(
        url,
        hide_parameters=True,  # errors are logged, and customers' texts must not be
        connect_args={"timeout": TIMEOUT_SECONDS, "check_same_thread": False},
        **({"poolclass": StaticPool} if in_memory else pool),
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver would begin transactions by its own rules. We begin them ourselves below.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # SQLite's own lower() handles ASCII only.
        connection.create_function("lower", 1, lambda text: text and text.lower(), deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A reader that becomes a writer halfway fails at once if another writer was faster,
        # so writers take the lock at the start, and wait for it.
        options = connection.get_execution_options()
        if not options.get("sufler_writes", False):
            connection.exec_driver_sql("BEGIN")
            return
        seconds = options.get("sufler_timeout", TIMEOUT_SECONDS)
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_milliseconds(seconds)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _milliseconds(seconds: float) -> int:
    return max(1, round(1000 * seconds))  # 0 would mean no timeout, or an immediate one


def _mask_errors(engine: Engine) -> None:
    """Mask passwords in errors: a driver may repeat its connection arguments, and errors are printed."""
    passwords = [str(engine.url.password or ""), *map(str, engine.url.normalized_query.get("password", ()))]
    written = {form(password) for password in passwords for form in (str, quote, quote_plus)}
    secrets = sorted((text for text in written if len(text) >= _MIN_MASKED_LENGTH), key=len, reverse=True)
    if not secrets:
        return

    def mask(value: Any) -> Any:
        if isinstance(value, str):
            for secret in secrets:
                value = value.replace(secret, _MASK)
        return value

    @event.listens_for(engine, "handle_error")
    def _mask(context: ExceptionContext) -> None:
        for error in (context.original_exception, context.sqlalchemy_exception):
            if error is not None:
                error.args = tuple(mask(part) for part in error.args)

"""What a database's errors mean to those who do not know which one it is."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from prompter.common.errors import DatabaseBusy, DatabaseFull, DatabaseUnavailable

# Of SQLite's codes the low byte says what kind it is; PostgreSQL's have five characters.
_BUSY = {5, 6, "55P03", "57014", "40001", "40P01", "53300"}
_FULL = {13, "53100"}
_WRITING = {778, 1034, 1290}  # SQLite could not write, sync or truncate a file


@contextmanager
def database_failures() -> Iterator[None]:
    """Raise what a driver says of a database that cannot be used as an error of ours.

    Raises:
        DatabaseUnavailable: the database is away, locked by others for too long, or full.
    """
    try:
        yield
    except NoConnectionFree as error:
        raise DatabaseBusy(_message_of(error)) from error
    except (OperationalError, InterfaceError, InternalError) as error:
        raise _kind(error)(_message_of(error)) from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:  # ours: a mistake in a statement, or a rule that it breaks
            raise
        raise DatabaseUnavailable(_message_of(error)) from error


def _kind(error: DBAPIError) -> type[DatabaseUnavailable]:
    extended = getattr(error.orig, "sqlite_errorcode", None)
    code = getattr(error.orig, "sqlstate", None) if extended is None else extended & 0xFF
    if code in _FULL or extended in _WRITING:
        return DatabaseFull
    return DatabaseBusy if code in _BUSY else DatabaseUnavailable


def _message_of(error: Exception) -> str:
    return f"the database cannot be used: {' '.join(str(getattr(error, 'orig', None) or error).split())}"

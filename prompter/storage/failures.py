"""Translate database errors into the core's errors, whichever database it is."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from prompter.common.errors import DatabaseBusy, DatabaseFull, DatabaseUnavailable

# The low byte of SQLite's codes tells the kind of error. PostgreSQL's codes have five characters.
_BUSY = {5, 6, "55P03", "57014", "40001", "40P01", "53300"}
_FULL = {13, "53100"}
_WRITING = {778, 1034, 1290}  # SQLite could not write, sync or truncate a file


@contextmanager
def database_failures() -> Iterator[None]:
    """Raise driver errors about an unusable database as `DatabaseUnavailable`.

    Raises:
        DatabaseUnavailable: when the database is unreachable, locked by others for too long, or full.
    """
    try:
        yield
    except NoConnectionFree as error:
        raise DatabaseBusy(_message_of(error)) from error
    except (OperationalError, InterfaceError, InternalError) as error:
        raise _kind(error)(_message_of(error)) from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:  # our own: a mistake in a statement, or a violated constraint
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

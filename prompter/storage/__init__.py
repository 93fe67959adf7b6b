"""Where everything is kept: the only place with SQL."""

from sqlalchemy import Engine

from prompter.common.errors import Conflict
from prompter.storage.engine import BadDatabaseUrl, connect, read_url
from prompter.storage.migrate import NewerDatabase, migrate
from prompter.storage.store import Store, Transaction

__all__ = [
    "BadDatabaseUrl",
    "Conflict",
    "Engine",
    "NewerDatabase",
    "Store",
    "Transaction",
    "connect",
    "migrate",
    "read_url",
]

"""Where is everything kept?

The only package with SQL. One use case is one `Transaction` of the `Store`.

    store, engine, writers                        transactions on SQLite or PostgreSQL, writers in turn
    tables, rows, migrate, migrations             tables with their constraints, row classes, schema versions
    accounts, conversations, knowledge, models    rows by noun
    jobs, facts, failures                         background jobs, single values, database errors
    copying                                       moving all data to another database
"""

from sqlalchemy import Engine

from prompter.common.errors import Conflict
from prompter.storage.engine import BadDatabaseUrl, connect, read_url
from prompter.storage.migrate import NewerDatabase, migrate
from prompter.storage.store import Store, Transaction, witness_writes

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
    "witness_writes",
]

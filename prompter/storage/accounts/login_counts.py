"""Counts of login attempts. Names and addresses are stored as keyed hashes only."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select, update

from prompter.domain.account import LoginCount
from prompter.storage.rows import Rows
from prompter.storage.tables import login_counts

# Clocks of several machines differ a little. A moment further in the future was written before a
# clock was set back, and makes nobody wait.
_CLOCK_SKEW = timedelta(minutes=1)


class LoginCountRows(Rows):
    def get(self, keys: Collection[str], now: datetime) -> dict[str, LoginCount]:
        """Return the counts under these keys that have not expired."""
        return self._find_live(keys, now, for_update=False)

    def lock(self, keys: Collection[str], now: datetime) -> dict[str, LoginCount]:
        """Return the counts like `get`, and lock them until the transaction ends."""
        for key in sorted(keys):  # always in the same order, so that two transactions never deadlock
            row = {"key": key, "tries": 0, "since": now, "until": now}
            self._connection.execute(self._insert_new(login_counts, row))
        return self._find_live(keys, now, for_update=True)

    def _find_live(self, keys: Collection[str], now: datetime, *, for_update: bool) -> dict[str, LoginCount]:
        query = select(login_counts).where(login_counts.c.key.in_(sorted(keys))).order_by(login_counts.c.key)
        if for_update:
            query = query.with_for_update()
        return {
            row.key: LoginCount(tries=row.tries, since=row.since, until=row.until)
            for row in self._connection.execute(query)
            if row.until > now and row.since <= now + _CLOCK_SKEW
        }

    def put(self, key: str, count: LoginCount) -> None:
        """Insert or update a count."""
        values = {"tries": count.tries, "since": count.since, "until": count.until}
        self._connection.execute(self._insert_new(login_counts, {"key": key, **values}))
        self._connection.execute(update(login_counts).where(login_counts.c.key == key).values(**values))

    def forget(self, key: str) -> None:
        self._connection.execute(delete(login_counts).where(login_counts.c.key == key))

    def prune(self, now: datetime, *, limit: int) -> None:
        """Delete expired counts, and those that expire first beyond `limit`.

        Use a transaction of its own. Counts that others are writing are skipped: waiting for one while
        holding another could deadlock.
        """
        is_over = (login_counts.c.until <= now) | (login_counts.c.since > now + _CLOCK_SKEW)
        self._delete(select(login_counts.c.key).where(is_over))
        count = self._connection.scalar(select(func.count()).select_from(login_counts)) or 0
        if count > limit:
            self._delete(select(login_counts.c.key).order_by(login_counts.c.until).limit(count - limit))

    def _delete(self, keys: Select[Any]) -> None:
        free = keys.with_for_update(skip_locked=True)  # SQLite, which has one writer, omits this
        self._connection.execute(delete(login_counts).where(login_counts.c.key.in_(free)))

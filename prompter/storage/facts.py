"""Single facts about the installation, such as the revision of the knowledge base."""

from sqlalchemy import Integer, Text, cast, delete, select, update

from prompter.storage.rows import Rows
from prompter.storage.tables import facts


class FactRows(Rows):
    def get(self, name: str) -> str | None:
        return self._connection.scalar(select(facts.c.value).where(facts.c.name == name))

    def set(self, name: str, value: str) -> None:
        changed = self._connection.execute(update(facts).where(facts.c.name == name).values(value=value))
        if changed.rowcount == 0:
            self._connection.execute(facts.insert().values(name=name, value=value))

    def set_if_absent(self, name: str, value: str) -> str:
        """Set the fact unless it exists, and return its current value."""
        self._connection.execute(self._insert_new(facts, {"name": name, "value": value}))
        return self.get(name) or value

    def delete(self, name: str) -> None:
        """Delete the fact, overwriting it in the database file on SQLite."""
        is_sqlite = self._connection.dialect.name == "sqlite"
        if is_sqlite:
            self._connection.exec_driver_sql("PRAGMA secure_delete = ON")
        self._connection.execute(delete(facts).where(facts.c.name == name))
        if is_sqlite:
            self._connection.exec_driver_sql("PRAGMA secure_delete = OFF")

    def count_up(self, name: str) -> int:
        """Increment a counter and return it."""
        self._connection.execute(self._insert_new(facts, {"name": name, "value": "0"}))
        more = cast(cast(facts.c.value, Integer) + 1, Text)  # in the database, so that no count gets lost
        self._connection.execute(update(facts).where(facts.c.name == name).values(value=more))
        return int(self.get(name) or 0)

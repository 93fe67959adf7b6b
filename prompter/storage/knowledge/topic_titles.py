"""Topic titles by language."""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import delete, insert, select

from prompter.storage.rows import Rows
from prompter.storage.tables import topic_titles


class TopicTitleRows(Rows):
    def all(self) -> dict[str, dict[str, str]]:
        """Return every title by topic and language, in order of both."""
        rows = self._connection.execute(
            select(topic_titles).order_by(topic_titles.c.topic, topic_titles.c.language)
        )
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for row in rows:
            found[row.topic][row.language] = row.title
        return dict(found)

    def put(self, topic: str, titles: Mapping[str, str]) -> None:
        """Set the topic's titles by language and remove all others."""
        self._connection.execute(delete(topic_titles).where(topic_titles.c.topic == topic))
        rows = [{"topic": topic, "language": code, "title": title} for code, title in titles.items()]
        if rows:
            self._connection.execute(insert(topic_titles), rows)

"""Articles, their phrasings and versions, and the vectors of their texts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, insert, or_, select, update

from kb_index.article import Article, Status
from kb_index.marks import from_lines, to_lines
from prompter.storage.rows import Rows
from prompter.storage.tables import article_versions, articles, embeddings, phrasings

T = TypeVar("T")
_FIELDS = (
    articles.c.id, articles.c.question, articles.c.answer, articles.c.topic, articles.c.language,
    articles.c.status, articles.c.valid_from, articles.c.valid_until, articles.c.marks,
)  # fmt: skip
_BATCH = 500  # rows per statement; SQLite limits the number of variables


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """An article beside the one of the same id that is stored."""

    article: Article
    before: Article | None
    is_equal: bool  # storing it would change nothing
    is_edited: bool  # the stored one was changed or made by other means than an import
    import_source: str | None  # name of the file that the stored one was imported from


class ArticleRows(Rows):
    def get_many(self, ids: Collection[str]) -> dict[str, Article]:
        found: dict[str, Article] = {}
        for batch in _batches(sorted(ids)):
            found |= {article.id: article for article in self._load(articles.c.id.in_(batch))}
        return found

    def lock(self, article_id: str) -> Article | None:
        """Return the article, and lock it until the transaction ends."""
        self._connection.execute(select(articles.c.id).where(articles.c.id == article_id).with_for_update())
        return self.get_many([article_id]).get(article_id)

    def all(self, *, batch: int = _BATCH) -> Iterator[Article]:
        """Yield every article in order of id, read in batches to bound memory."""
        last = ""
        while page := self._load(articles.c.id > last, limit=batch):
            yield from page
            last = page[-1].id

    def ids_by_topic(self) -> list[str]:
        """Return the ids of all articles in order of topic and question."""
        order = (articles.c.topic, func.lower(articles.c.question), articles.c.id)
        return list(self._connection.scalars(select(articles.c.id).order_by(*order)))

    def count(self) -> int:
        return self._connection.scalar(select(func.count()).select_from(articles)) or 0

    def topics(self) -> list[str]:
        """Return the topics that have a published article, in order."""
        found = select(articles.c.topic).where(articles.c.status == Status.PUBLISHED.value).distinct()
        return list(self._connection.scalars(found.order_by(articles.c.topic)))

    def all_topics(self) -> list[str]:
        """Return the topics that have an article of any status, in order."""
        return list(self._connection.scalars(select(articles.c.topic).distinct().order_by(articles.c.topic)))

    def count_by_topic(self) -> dict[str, int]:
        """Count the articles of any status by topic, in order of topics."""
        n_articles = func.count().label("n_articles")
        rows = self._connection.execute(
            select(articles.c.topic, n_articles).group_by(articles.c.topic).order_by(articles.c.topic)
        )
        return {row.topic: row.n_articles for row in rows}

    def answers_of_other_topics(self, topic: str, *, limit: int = 1000) -> list[str]:
        """Return answers of published articles of other topics, without answers with template fields."""
        found = self._connection.scalars(
            select(articles.c.answer)
            .where(
                articles.c.status == Status.PUBLISHED.value,
                articles.c.topic != topic,
                articles.c.answer.not_like("%{%"),
            )
            .distinct()
            .order_by(articles.c.answer)
            .limit(limit)
        )
        return list(found)

    def find(self, text: str, *, limit: int) -> list[Article]:
        """Return published articles whose id, question or answer contains the text, ignoring case."""
        return self.page(text=text, status=Status.PUBLISHED, limit=limit)

    def _load(self, where: ColumnElement[bool], *, limit: int | None = None) -> list[Article]:
        rows = self._connection.execute(
            select(*_FIELDS).where(where).order_by(articles.c.id).limit(limit)
        ).all()
        texts = self._phrasings([row[0] for row in rows])
        return [_article(row, [text for text, _ in texts[row[0]]]) for row in rows]

    def _phrasings(self, ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """Return text and source of the articles' phrasings, in the order in which they were added."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for batch in _batches(ids):
            for row in self._connection.execute(
                select(phrasings).where(phrasings.c.article_id.in_(batch)).order_by(phrasings.c.id)
            ):
                found[row.article_id].append((row.text, row.source))
        return found

    def compare(self, batch: Sequence[Article]) -> list[Comparison]:
        """Compare articles with those of the same ids, in the same order, as `upsert` would change them."""
        ids = [article.id for article in batch]
        old, old_phrasings = self.get_many(ids), self._phrasings(ids)
        imports = {
            row.id: row
            for part in _batches(ids)
            for row in self._connection.execute(
                select(
                    articles.c.id, articles.c.version, articles.c.import_source, articles.c.imported_version
                ).where(articles.c.id.in_(part))
            )
        }
        found = []
        for article in batch:
            before = old.get(article.id)
            kept = [text for text, source in old_phrasings[article.id] if source == "operator"]
            target = {*kept, *article.phrasings}
            row = imports.get(article.id)
            found.append(
                Comparison(
                    article=article,
                    before=before,
                    is_equal=before is not None
                    and _fields(before) == _fields(article)
                    and {*before.phrasings} == target,
                    is_edited=row is not None and row.version != row.imported_version,
                    import_source=row.import_source if row else None,
                )
            )
        return found

    def set_import(self, sources: Mapping[str, str | None]) -> None:
        """Remember the file from which articles were imported, by id, with their versions of now.

        None leaves the file that was remembered before.
        """
        by_source: dict[str | None, list[str]] = defaultdict(list)
        for article_id, source in sources.items():
            by_source[source].append(article_id)
        for source, ids in by_source.items():
            values: dict[str, Any] = {"imported_version": articles.c.version}
            if source is not None:
                values["import_source"] = source
            for part in _batches(ids):
                self._connection.execute(update(articles).where(articles.c.id.in_(part)).values(**values))

    def move_import(self, ids: Sequence[str], source: str) -> None:
        """Remember another file from which articles were imported, and leave everything else as it is."""
        for part in _batches(ids):
            self._connection.execute(
                update(articles).where(articles.c.id.in_(part)).values(import_source=source)
            )

    def imported(self) -> list[tuple[str, str, str]]:
        """Return id, question and file of the articles that came from a file and are not archived."""
        rows = self._connection.execute(
            select(articles.c.id, articles.c.question, articles.c.import_source)
            .where(articles.c.import_source.is_not(None), articles.c.status != Status.ARCHIVED.value)
            .order_by(articles.c.topic, func.lower(articles.c.question), articles.c.id)
        )
        return [(row.id, row.question, row.import_source) for row in rows]

    def last_editors(self, ids: Sequence[str]) -> dict[str, str]:
        """Return who made the last version of each of these articles."""
        found: dict[str, str] = {}
        for part in _batches(ids):
            rows = self._connection.execute(
                select(articles.c.id, article_versions.c.changed_by)
                .join(
                    article_versions,
                    (article_versions.c.article_id == articles.c.id)
                    & (article_versions.c.version == articles.c.version),
                )
                .where(articles.c.id.in_(part))
            )
            found |= {row.id: row.changed_by for row in rows}
        return found

    def upsert(self, batch: Sequence[Article], *, changed_by: str, now: datetime) -> tuple[int, int]:
        """Add new articles and change those that differ. Return how many were added and changed.

        Phrasings that operators added stay. A new version is recorded for every changed article.
        """
        ids = [article.id for article in batch]
        versions = self._versions(ids)
        old_phrasings = self._phrasings(ids)
        added = changed = 0
        new_rows, new_phrasings, new_versions = [], [], []
        for comparison in self.compare(batch):
            article, before = comparison.article, comparison.before
            kept = [text for text, source in old_phrasings[article.id] if source == "operator"]
            missing = [text for text in dict.fromkeys(article.phrasings) if text not in kept]
            target = {**_fields(article), "phrasings": kept + missing}
            if comparison.is_equal:
                continue
            version = versions.get(article.id, 0) + 1
            row = {
                "id": article.id,
                **_fields(article),
                "valid_from": article.valid_from,
                "valid_until": article.valid_until,
                "version": version,
                "changed_at": now,
            }
            if before is None:
                added += 1
                new_rows.append(row)
            else:
                changed += 1
                self._replace_imported(row)
            new_phrasings += [
                {"article_id": article.id, "text": text, "source": "import"} for text in missing
            ]
            new_versions.append(
                {
                    "article_id": article.id,
                    "version": version,
                    "fields": target,
                    "changed_at": now,
                    "changed_by": changed_by,
                }
            )
        for table, rows in (
            (articles, new_rows),
            (phrasings, new_phrasings),
            (article_versions, new_versions),
        ):
            if rows:
                self._connection.execute(insert(table), rows)
        return added, changed

    def _versions(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the versions of the existing articles among these ids."""
        return {
            row.id: row.version
            for part in _batches(ids)
            for row in self._connection.execute(
                select(articles.c.id, articles.c.version).where(articles.c.id.in_(part))
            )
        }

    def _replace_imported(self, row: Mapping[str, Any]) -> None:
        """Change an article, and remove the phrasings that were imported with it."""
        is_its = phrasings.c.article_id == row["id"]
        self._connection.execute(update(articles).where(articles.c.id == row["id"]).values(**row))
        self._connection.execute(phrasings.delete().where(is_its, phrasings.c.source == "import"))

    def put(self, article: Article, *, version: int, changed_by: str, now: datetime) -> bool:
        """Replace version `version` of an article, or add it if that is 0. Return False on another version.

        It then has exactly these phrasings. A person chose them, so imports keep them. Marks stay as far as
        their words are still in the answer.
        """
        before = self.get_many([article.id]).get(article.id)
        if before is not None and not article.marks:
            kept = tuple(mark for mark in before.marks if mark.text in article.answer)
            article = replace(article, marks=kept)
        row = {
            **_fields(article),
            "valid_from": article.valid_from,
            "valid_until": article.valid_until,
            "version": version + 1,
            "changed_at": now,
        }
        if version:
            same = (articles.c.id == article.id) & (articles.c.version == version)
            if self._connection.execute(update(articles).where(same).values(**row)).rowcount != 1:
                return False
        elif self._connection.scalar(select(articles.c.id).where(articles.c.id == article.id)) is not None:
            return False
        else:
            self._connection.execute(insert(articles).values(id=article.id, **row))
        texts = list(dict.fromkeys(article.phrasings))
        of_article = phrasings.c.article_id == article.id
        self._connection.execute(phrasings.delete().where(of_article & phrasings.c.text.not_in(texts)))
        self._connection.execute(update(phrasings).where(of_article).values(source="operator"))
        for text in texts:
            added = {"article_id": article.id, "text": text, "source": "operator"}
            self._connection.execute(self._insert_new(phrasings, added))
        self._connection.execute(
            insert(article_versions).values(
                article_id=article.id,
                version=version + 1,
                fields=version_fields(article),
                changed_at=now,
                changed_by=changed_by,
            )
        )
        return True

    def version(self, article_id: str) -> int:
        """Return the number of the article's last version, or 0 if there is no such article."""
        return self._connection.scalar(select(articles.c.version).where(articles.c.id == article_id)) or 0

    def page(
        self,
        *,
        text: str = "",
        topic: str | None = None,
        status: Status | None = None,
        after: str = "",
        limit: int = 50,
    ) -> list[Article]:
        """Return articles of any status after the id `after` that contain the text, in order of id."""
        where = articles.c.id > after
        if text:
            pattern = f"%{_escape(text.lower())}%"
            columns = (articles.c.id, articles.c.question, articles.c.answer)
            where &= or_(*(func.lower(column).like(pattern, escape="\\") for column in columns))
        if topic is not None:
            where &= articles.c.topic == topic
        if status is not None:
            where &= articles.c.status == status.value
        return self._load(where, limit=limit)

    def add_phrasing(self, article_id: str, text: str) -> bool:
        """Add an operator's phrasing, which imports never remove. Return False if it already existed."""
        row = {"article_id": article_id, "text": text, "source": "operator"}
        added = self._connection.scalar(self._insert_new(phrasings, row).returning(phrasings.c.id))
        if added is not None:
            return True
        # It came from a file first. Now it has to outlive that file.
        same = (phrasings.c.article_id == article_id) & (phrasings.c.text == text)
        self._connection.execute(update(phrasings).where(same).values(source="operator"))
        return False

    def answer_is_newer(self, article_id: str, topic: str, since: datetime) -> bool:
        """Return whether the article's answer changed after `since`, or it entered its topic then."""
        before = self._connection.execute(
            select(article_versions.c.fields)
            .where(article_versions.c.article_id == article_id, article_versions.c.changed_at <= since)
            .order_by(article_versions.c.version.desc())
            .limit(1)
        ).scalar()
        now = self._connection.execute(select(articles.c.answer).where(articles.c.id == article_id)).scalar()
        return before is None or before["answer"] != now or before["topic"] != topic

    def versions(self, article_id: str) -> list[dict[str, Any]]:
        """Return the article's versions, oldest first: version, fields, changed_at, changed_by."""
        rows = self._connection.execute(
            select(article_versions)
            .where(article_versions.c.article_id == article_id)
            .order_by(article_versions.c.version)
        )
        return [dict(row._mapping) for row in rows]

    # --- vectors ----------------------------------------------------------------------------

    def vectors(self, encoder: str, kind: str, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the stored vectors (float16, raw) of the texts with these hashes."""
        found: dict[bytes, bytes] = {}
        for batch in _batches(hashes):
            found |= {
                row.text_hash: row.vector
                for row in self._connection.execute(
                    select(embeddings.c.text_hash, embeddings.c.vector).where(
                        embeddings.c.encoder == encoder,
                        embeddings.c.kind == kind,
                        embeddings.c.text_hash.in_(batch),
                    )
                )
            }
        return found

    def add_vectors(self, encoder: str, kind: str, vectors: Iterable[tuple[bytes, bytes]]) -> None:
        rows = [
            {"encoder": encoder, "kind": kind, "text_hash": text_hash, "vector": vector}
            for text_hash, vector in vectors
        ]
        for batch in _batches(rows):
            self._connection.execute(self._insert_new(embeddings, list(batch)))


def version_fields(article: Article) -> dict[str, Any]:
    """Return an article's fields as its versions store them."""
    return {**_fields(article), "phrasings": list(dict.fromkeys(article.phrasings))}


def _fields(article: Article) -> dict[str, Any]:
    return {
        "question": article.question,
        "answer": article.answer,
        "topic": article.topic,
        "language": article.language,
        "status": article.status.value,
        "valid_from": article.valid_from.isoformat() if article.valid_from else None,
        "valid_until": article.valid_until.isoformat() if article.valid_until else None,
        "marks": to_lines(article.marks) or None,
    }


def _article(row: Iterable[Any], texts: Sequence[str]) -> Article:
    article_id, question, answer, topic, language, status, valid_from, valid_until, marks = row
    return Article(
        id=article_id,
        question=question,
        answer=answer,
        topic=topic,
        language=language,
        phrasings=tuple(texts),
        status=Status(status),
        valid_from=valid_from,
        valid_until=valid_until,
        marks=from_lines(marks or ()),
    )


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]

"""The knowledge base: import, export, edits and versions of articles."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from kb_index import Article, Status
from kb_index.checks import Problem, check
from kb_index.templates import fill
from prompter.common.clock import Clock, utc_now
from prompter.common.errors import ArticleChanged, NotFound
from prompter.domain.account import Account
from prompter.knowledge.article_import import ArticleImport, ImportOptions, ImportReport
from prompter.storage import Store, Transaction
from prompter.text.template_fields import sample_values, template_fields

KB_REVISION = "kb_revision"
_BATCH = 500
_DEFAULT = ImportOptions()


@dataclass(frozen=True, kw_only=True)
class ArticleVersion:
    """An article as it was from `changed_at` on."""

    article_id: str
    version: int
    fields: dict[str, Any]
    changed_at: datetime
    changed_by: str


class KnowledgeBase:
    """All articles, with a revision number that grows with every change.

    `template_values` are the settings' constants for template fields.
    """

    def __init__(
        self, store: Store, *, template_values: Mapping[str, str] | None = None, clock: Clock = utc_now
    ) -> None:
        self._store = store
        self._template_values = dict(template_values or {})
        self._clock = clock

    def import_articles(
        self,
        articles: Iterable[Article],
        *,
        changed_by: str,
        options: ImportOptions = _DEFAULT,
        progress: Callable[[int], None] = lambda _: None,
    ) -> ImportReport:
        """Add or change articles by id, all of them or none. Other articles stay unchanged.

        `articles` is read once and in batches. If reading fails, nothing has changed. `progress` is
        called with the number of articles done since its last call. An article without an answer does not
        take the answer away from the one that is there.
        """
        run = ArticleImport(options, changed_by=changed_by, now=self._clock())
        with self._store.read() if options.dry_run else self._store.write() as tx:
            run.start(tx)
            source = iter(articles)
            while batch := list(islice(source, _BATCH)):
                run.add(tx, batch)
                progress(len(batch))
            report = run.finish(tx)
            if not options.dry_run and (report.added or report.changed or report.archived):
                tx.facts.count_up(KB_REVISION)
        return report

    def articles(self) -> Iterator[Article]:
        """Yield every article in order of id, from one consistent view."""
        with self._store.read() as tx:
            yield from tx.articles.all()

    def articles_by_topic(self) -> Iterator[Article]:
        """Yield every article in order of topic and question, from one consistent view."""
        with self._store.read() as tx:
            ids = tx.articles.ids_by_topic()
            for start in range(0, len(ids), _BATCH):
                part = ids[start : start + _BATCH]
                found = tx.articles.get_many(part)
                yield from (found[article_id] for article_id in part)

    def article(self, article_id: str) -> tuple[Article, list[ArticleVersion]]:
        """Return an article of any status and its versions, oldest first.

        Raises:
            NotFound: when there is no such article.
        """
        with self._store.read() as tx:
            article = tx.articles.get_many([article_id]).get(article_id)
            if article is None:
                raise NotFound(f"there is no article {article_id}")
            return article, [ArticleVersion(**row) for row in tx.articles.versions(article_id)]

    def get_many(self, article_ids: Collection[str]) -> dict[str, Article]:
        """Return the existing articles among these ids, by id."""
        with self._store.read() as tx:
            return tx.articles.get_many(article_ids)

    def page(
        self,
        *,
        text: str = "",
        topic: str | None = None,
        status: Status | None = None,
        after: str = "",
        limit: int = 50,
    ) -> list[Article]:
        """Return up to `limit` articles of any status after the id `after`, in order of id.

        `text` is part of an id, a question or an answer, ignoring case.
        """
        with self._store.read() as tx:
            return tx.articles.page(text=text.strip(), topic=topic, status=status, after=after, limit=limit)

    def topics(self) -> list[str]:
        """Return the topics of articles of any status, in order."""
        with self._store.read() as tx:
            return tx.articles.all_topics()

    def preview(self, answer: str, *, customer_name: str) -> str:
        """Return the answer as a customer of that name might read it. Unknown fields stay as they are."""
        return fill(answer, sample_values(self._template_values, customer_name=customer_name))

    def problems(self, article: Article, *, beside: Collection[str] = ()) -> list[Problem]:
        """Return the problems of an article that is not saved yet, errors first.

        `beside` are the ids of articles to compare it with, such as the search results for its
        question: comparing it with all of a large knowledge base would take too long for a waiting
        user.
        """
        with self._store.read() as tx:
            related = tx.articles.get_many({*beside} - {article.id})
        compared = [article, *(related[key] for key in sorted(related))]
        found = check(compared, known_fields=template_fields(self._template_values))
        return [problem for problem in found if article.id in problem.article_ids]

    def put(self, article: Article, account: Account, *, version: int) -> int:
        """Replace version `version` of an article, or add it if that is 0, and return the new version.

        Running processes reload it on their own. From now on its phrasings are a person's: imports keep them.

        Raises:
            ArticleChanged: when it was changed in the meantime, or a new id exists already.
            NotFound: when there is no such article.
        """
        with self._store.write() as tx:
            if version and not tx.articles.version(article.id):
                raise NotFound(f"there is no article {article.id}")
            self._put(tx, article, account, version)
        return version + 1

    def _put(self, tx: Transaction, article: Article, account: Account, version: int) -> None:
        if not tx.articles.put(article, version=version, changed_by=account.name, now=self._clock()):
            raise ArticleChanged(
                f"{article.id} has been changed meanwhile: look at it again"
                if version
                else f"there is an article {article.id} already"
            )
        tx.facts.count_up(KB_REVISION)

    def restore(self, article_id: str, version: int, account: Account) -> int:
        """Restore an article's earlier version and return the new version number.

        The article is locked until then.

        Raises:
            NotFound: when there is no such article or version.
        """
        with self._store.write() as tx:
            article = tx.articles.lock(article_id)
            if article is None:
                raise NotFound(f"there is no article {article_id}")
            versions = tx.articles.versions(article_id)
            before = next(
                (candidate["fields"] for candidate in versions if candidate["version"] == version), None
            )
            if before is None:
                raise NotFound(f"{article_id} has no version {version}")
            last = tx.articles.version(article_id)
            self._put(tx, _as_it_was(article, before), account, last)
        return last + 1

    def revision(self) -> int:
        """Return a number that grows with every change, so that processes know when to reload articles."""
        with self._store.read() as tx:
            return int(tx.facts.get(KB_REVISION) or 0)

    def add_phrasing(self, article_id: str, text: str) -> None:
        """Add an alternative phrasing of an article's question. Imports never remove it.

        Raises:
            NotFound: when there is no such article.
            InvalidArticle: when the phrasing is empty or too long, or the article has too many.
        """
        text = " ".join(text.split())
        with self._store.write() as tx:
            article = tx.articles.get_many([article_id]).get(article_id)
            if article is None:
                raise NotFound(f"there is no article {article_id}")
            replace(article, phrasings=(*article.phrasings, text))  # the article validates itself
            if tx.articles.add_phrasing(article_id, text):
                tx.facts.count_up(KB_REVISION)


def _as_it_was(article: Article, fields: dict[str, Any]) -> Article:
    def day(name: str) -> date | None:
        return date.fromisoformat(fields[name]) if fields.get(name) else None

    return replace(
        article,
        question=fields["question"],
        answer=fields["answer"],
        topic=fields["topic"],
        language=fields["language"],
        phrasings=tuple(fields["phrasings"]),
        status=Status(fields["status"]),
        valid_from=day("valid_from"),
        valid_until=day("valid_until"),
    )

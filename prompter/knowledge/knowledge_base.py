"""The knowledge base: import, export, what changed."""

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
from prompter.storage import Store, Transaction
from prompter.text.template_fields import sample_values, template_fields

KB_REVISION = "kb_revision"
_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, kw_only=True)
class ArticleVersion:
    """What an article was from `changed_at` on."""

    article_id: str
    version: int
    fields: dict[str, Any]
    changed_at: datetime
    changed_by: str


class KnowledgeBase:
    """The articles, as one whole with a revision number that grows with every change.

    `template_values` are the constants that the settings put in place of template fields.
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
        progress: Callable[[int], None] = lambda _: None,
    ) -> ImportReport:
        """Add or change articles by id, all of them or none; others stay as they are.

        `articles` is read once and in batches; if reading it fails, nothing has changed.
        `progress` is told how many were done since it was last told.
        """
        total = added = changed = 0
        now = self._clock()
        with self._store.write() as tx:
            source = iter(articles)
            while batch := list(islice(source, _BATCH)):
                new, differing = tx.articles.upsert(batch, changed_by=changed_by, now=now)
                added, changed, total = added + new, changed + differing, total + len(batch)
                progress(len(batch))
            if added or changed:
                tx.facts.count_up(KB_REVISION)
        return ImportReport(added=added, changed=changed, unchanged=total - added - changed)

    def articles(self) -> Iterator[Article]:
        """Every article in order of id, in one consistent view."""
        with self._store.read() as tx:
            yield from tx.articles.all()

    def article(self, article_id: str) -> tuple[Article, list[ArticleVersion]]:
        """An article in whatever status, and its versions, oldest first.

        Raises:
            NotFound: there is no such article.
        """
        with self._store.read() as tx:
            article = tx.articles.get_many([article_id]).get(article_id)
            if article is None:
                raise NotFound(f"there is no article {article_id}")
            return article, [ArticleVersion(**row) for row in tx.articles.versions(article_id)]

    def some(self, article_ids: Collection[str]) -> dict[str, Article]:
        """Those of the articles that exist, by id."""
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
        """Up to `limit` articles of whatever status behind the id `after`, in order of id.

        `text` is a part of an id, a question or an answer, in any case.
        """
        with self._store.read() as tx:
            return tx.articles.page(text=text.strip(), topic=topic, status=status, after=after, limit=limit)

    def topics(self) -> list[str]:
        """Topics of articles of whatever status, in order."""
        with self._store.read() as tx:
            return tx.articles.all_topics()

    def preview(self, answer: str, *, customer_name: str) -> str:
        """The answer as a customer of that name might read it; fields that nothing fills in stay."""
        return fill(answer, sample_values(self._template_values, customer_name=customer_name))

    def problems(self, article: Article, *, beside: Collection[str] = ()) -> list[Problem]:
        """What is wrong with an article that may not be saved yet, errors first.

        `beside` are the ids of articles that it is compared with, such as those that its question finds:
        all of a large base would take too long for somebody who waits.
        """
        with self._store.read() as tx:
            related = tx.articles.get_many({*beside} - {article.id})
        compared = [article, *(related[key] for key in sorted(related))]
        found = check(compared, known_fields=template_fields(self._template_values))
        return [problem for problem in found if article.id in problem.article_ids]

    def put(self, article: Article, account: Account, *, version: int) -> int:
        """Put an article in place of its `version`, 0: it is new; returns the new version.

        Running processes find it by themselves. Its phrasings are a person's from now on: imports keep them.

        Raises:
            ArticleChanged: somebody has changed it meanwhile, or there is one of that id.
            NotFound: there is no such article.
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
        """Make an article what it was in an earlier version; returns the new version.

        Nobody can change it in between.

        Raises:
            NotFound: there is no such article or version.
        """
        with self._store.write() as tx:
            article = tx.articles.locked(article_id)
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
        """Grows with every change; whoever has loaded the articles compares it to know of news."""
        with self._store.read() as tx:
            return int(tx.facts.get(KB_REVISION) or 0)

    def add_phrasing(self, article_id: str, text: str) -> None:
        """Add another way to put the article's question; imports never remove it.

        Raises:
            NotFound: there is no such article.
            InvalidArticle: the phrasing is empty or too long, or the article has too many.
        """
        text = " ".join(text.split())
        with self._store.write() as tx:
            article = tx.articles.get_many([article_id]).get(article_id)
            if article is None:
                raise NotFound(f"there is no article {article_id}")
            replace(article, phrasings=(*article.phrasings, text))  # the article checks itself
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

"""Import articles into the knowledge base, and tell what becomes of those that are there already."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from kb_index import Article, Status
from kb_index.near_texts import near_questions
from prompter.storage import Transaction

_MAX_COMPARED = 20_000  # questions among which a missing one is looked for in other words
_SHARE_REPLACED = 0.3  # of a file's articles in another one, from which that one is its new edition


@dataclass(frozen=True, kw_only=True)
class EditedArticle:
    """An article that was edited on a page since its last import, and differs from the file."""

    article_id: str
    question: str
    changed_by: str


@dataclass(frozen=True, kw_only=True)
class MissingArticle:
    """An article that an earlier import brought and this one does not hold."""

    article_id: str
    question: str
    source: str  # name of the earlier import's file
    successor: str | None = None  # question of this import that asks nearly the same


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """The result of an import, or of its dry run.

    `missing` came from a file of the same name, or from one that these files evidently replace.
    `others` counts the articles of further files that are not in this import, by file.
    """

    added: int
    changed: int
    unchanged: int
    archived: int = 0
    edited: tuple[EditedArticle, ...] = ()  # overwritten, or kept on request
    answers_kept: tuple[str, ...] = ()  # ids of articles whose answer the import leaves empty
    missing: tuple[MissingArticle, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How to import.

    `sources` are the names of the files by the ids of their articles. `replaced` are names of files that
    these files replace.
    """

    sources: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    keep_edited: bool = False
    archive_missing: bool = False
    replaced: frozenset[str] = frozenset()


class ArticleImport:
    """One import in one transaction: `start`, then `add` for each batch, then `finish`."""

    def __init__(self, options: ImportOptions, *, changed_by: str, now: datetime) -> None:
        self._options = options
        self._changed_by = changed_by
        self._now = now
        self._total = self._added = self._changed = 0
        self._edited: list[EditedArticle] = []
        self._answers_kept: list[str] = []
        self._questions: list[str] = []  # of this import
        self._imported: list[tuple[str, str, str]] = []  # id, question and file, before this import
        self._ids: set[str] = set()

    def start(self, tx: Transaction) -> None:
        """Look at the imports before this one. Without names of files there is nothing to compare."""
        if self._options.sources:
            self._imported = tx.articles.imported()

    def add(self, tx: Transaction, batch: Sequence[Article]) -> None:
        """Import some articles."""
        comparisons = tx.articles.compare(batch)
        with_their_answers = [
            replace(
                found.article,
                answer=found.before.answer,
                marks=found.before.marks,
                status=found.before.status,
            )
            for found in comparisons
            if found.before and found.before.answer.strip() and not found.article.answer.strip()
        ]
        if with_their_answers:
            self._answers_kept += [article.id for article in with_their_answers]
            again = {found.article.id: found for found in tx.articles.compare(with_their_answers)}
            comparisons = [again.get(found.article.id, found) for found in comparisons]
        overwritten = [found for found in comparisons if found.is_edited and not found.is_equal]
        editors = tx.articles.last_editors([found.article.id for found in overwritten])
        for found in overwritten:
            question = found.before.question if found.before else found.article.question
            by = editors.get(found.article.id, "")
            self._edited.append(EditedArticle(article_id=found.article.id, question=question, changed_by=by))
        if self._options.keep_edited:
            kept = set(editors)
            comparisons = [found for found in comparisons if found.article.id not in kept]
        if self._imported and len(self._questions) < _MAX_COMPARED:
            self._questions += [found.article.question for found in comparisons]
        self._added += sum(found.before is None for found in comparisons)
        self._changed += sum(found.before is not None and not found.is_equal for found in comparisons)
        self._ids.update(article.id for article in batch)
        self._total += len(batch)
        if not self._options.dry_run:
            chosen = [found.article for found in comparisons]
            tx.articles.upsert(chosen, changed_by=self._changed_by, now=self._now)
            sources = self._options.sources
            tx.articles.set_import({article.id: sources.get(article.id) for article in chosen})

    def finish(self, tx: Transaction) -> ImportReport:
        """Archive what is to be archived, and return the report."""
        missing, others = self._missing()
        if missing and not self._options.dry_run:
            # The next import of the new file then misses them, too, though its name is another.
            name = next(iter(self._options.sources.values()))
            tx.articles.move_import([article.article_id for article in missing], name)
        if self._options.archive_missing and missing and not self._options.dry_run:
            found = tx.articles.get_many([article.article_id for article in missing])
            archived = [replace(article, status=Status.ARCHIVED) for article in found.values()]
            tx.articles.upsert(archived, changed_by=self._changed_by, now=self._now)
            tx.articles.set_import({article.id: None for article in archived})
        return ImportReport(
            added=self._added,
            changed=self._changed,
            unchanged=self._total - self._added - self._changed,
            archived=len(missing) if self._options.archive_missing else 0,
            edited=tuple(self._edited),
            answers_kept=tuple(self._answers_kept),
            missing=tuple(missing),
            others=others,
        )

    def _missing(self) -> tuple[list[MissingArticle], dict[str, int]]:
        """Return the missing articles of files that this import renews, and a count for other files."""
        by_file: dict[str, list[tuple[str, str]]] = defaultdict(list)
        n_before: Counter[str] = Counter()
        for article_id, question, source in self._imported:
            n_before[source] += 1
            if article_id not in self._ids:
                by_file[source].append((article_id, question))
        gone = [question for questions in by_file.values() for _, question in questions]
        successors = near_questions(gone, self._questions) if gone else {}
        renewed = {*self._options.sources.values(), *self._options.replaced}
        missing: list[MissingArticle] = []
        others: dict[str, int] = {}
        for source, questions in by_file.items():
            n_alike = n_before[source] - len(questions) + sum(text in successors for _, text in questions)
            if source not in renewed and n_alike < _SHARE_REPLACED * n_before[source]:
                others[source] = len(questions)
                continue
            missing += [
                MissingArticle(
                    article_id=article_id, question=text, source=source, successor=successors.get(text)
                )
                for article_id, text in questions
            ]
        return missing, others

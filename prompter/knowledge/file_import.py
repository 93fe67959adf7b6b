"""Import articles from files: look through all of them first, then store all of them or nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from files import BadFile
from kb_index import Article
from kb_index.formats import FileReport, ReadOptions, inspect_file, read_inspected
from prompter.knowledge.article_import import ImportOptions, ImportReport
from prompter.knowledge.knowledge_base import KnowledgeBase

_MAX_SOURCE_CHARS = 255


@dataclass(frozen=True, kw_only=True)
class InspectedFiles:
    """Files that were read once: a report of each, and the file of each article by its id."""

    reports: tuple[FileReport, ...]
    homes: Mapping[str, Path]
    options: ReadOptions

    @property
    def n_articles(self) -> int:
        """The number of articles that can be imported."""
        return len(self.homes)

    @property
    def n_problems(self) -> int:
        return sum(report.n_problems for report in self.reports)

    @property
    def are_complete(self) -> bool:
        """Whether every file could be read to its end."""
        return all(report.is_complete for report in self.reports)


def inspect_files(
    paths: Sequence[Path], options: ReadOptions, *, progress: Callable[[int], None] = lambda _: None
) -> InspectedFiles:
    """Read files without storing anything, and return all that there is to tell about them.

    An article that a file before has, too, is a problem of the later file. `progress` is called with the
    number of articles read since its last call.
    """
    homes: dict[str, Path] = {}
    reports = []
    for path in paths:
        twice: list[BadFile] = []

        def settle(article: Article, path: Path = path, twice: list[BadFile] = twice) -> None:
            home = homes.setdefault(article.id, path)
            if home is not path:
                problem = f"the article {article.id!r} is also in {home}; remove one"
                twice.append(BadFile(path, problem))
            progress(1)

        report = inspect_file(path, options, on_article=settle)
        reports.append(
            replace(
                report,
                n_articles=report.n_articles - len(twice),
                problems=(*report.problems, *twice[:10]),
                n_problems=report.n_problems + len(twice),
            )
        )
    return InspectedFiles(reports=tuple(reports), homes=homes, options=options)


def import_files(
    knowledge: KnowledgeBase,
    inspected: InspectedFiles,
    *,
    changed_by: str,
    dry_run: bool = False,
    keep_edited: bool = False,
    archive_missing: bool = False,
    replaced: Sequence[str] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> ImportReport:
    """Import the articles of inspected files without their bad rows, in one transaction.

    `replaced` are names of earlier files whose articles count as missing if these files do not hold them.

    Raises:
        BadFile: when a file cannot be read any more. Then nothing has changed.
    """
    return knowledge.import_articles(
        _articles(inspected),
        changed_by=changed_by,
        options=ImportOptions(
            sources={article_id: source_name(path) for article_id, path in inspected.homes.items()},
            dry_run=dry_run,
            keep_edited=keep_edited,
            archive_missing=archive_missing,
            replaced=frozenset(replaced),
        ),
        progress=progress,
    )


def source_name(path: Path) -> str:
    """Return the name by which the next import knows a file again."""
    return (path.name or str(path))[-_MAX_SOURCE_CHARS:]


def _articles(inspected: InspectedFiles) -> Iterator[Article]:
    for report in inspected.reports:
        try:
            for article in read_inspected(report, inspected.options):
                if inspected.homes.get(article.id) is report.path:
                    yield article
        except BadFile:
            if report.is_complete:  # it could be read a moment ago
                raise

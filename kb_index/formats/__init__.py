"""Which articles does a file hold, and how is a file of articles written?

csv_file, xlsx_file, workbook, json_file    tables and lists of articles
workbook_parts, workbook_sheet              readers of a workbook's parts
workbook_marks, number_formats              merged cells and links of a sheet, numbers as it shows them
markdown_file, html_page, outline           pages with questions as headings
html_tree, html_elements                    the bounded tree of an HTML page, and questions in it
other_products                              JSON that other products export
rasa_yaml, rasa_project, rasa_steps         intents and responses of a Rasa project, and what follows them
rasa_files, rasa_legacy                     the files that Rasa would load, and the formats of Rasa 1
columns                                     from names of columns to fields
questions                                   questions in texts that do not mark them as headings
answers                                     from the markup of answers to text
records                                     from fields to articles, with errors that name the place
reading                                     options of a reading, and what it tells of the file
text                                        bounds and tidy form of texts that enter the knowledge base
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from files import BadFile, Budget
from kb_index.answer_format import AnswerFormat
from kb_index.article import Article
from kb_index.errors import InvalidArticle
from kb_index.formats import csv_file, json_file, markdown_file, rasa_yaml, xlsx_file
from kb_index.formats.answers import as_text
from kb_index.formats.reading import MAX_PROBLEMS, FileReport, Reading, ReadOptions, SheetReport
from kb_index.formats.records import Record, assemble
from kb_index.formats.text import MAX_PHRASINGS_LENGTH, make_folder, normalize_article, write_aside

__all__ = [
    "FileReport",
    "Format",
    "ReadOptions",
    "SheetReport",
    "count_hint",
    "format_of",
    "inspect_file",
    "normalize_article",
    "read_articles",
    "read_inspected",
    "write_articles",
]


class Format(StrEnum):
    """A file format that holds articles."""

    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"
    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"
    HTML = "html"
    RASA = "rasa"


_ENDINGS = {
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".xlsx": Format.XLSX,
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".yml": Format.RASA,
    ".yaml": Format.RASA,
}


def _read_html(path: Path, warn: Callable[[str], None], budget: Budget) -> Iterator[Record]:
    from kb_index.formats import html_page  # imports Beautiful Soup, which answering does not need

    return html_page.read(path, warn, budget)


_TABLES: dict[Format, Callable[[Reading], Iterator[Record]]] = {
    Format.CSV: csv_file.read,
    Format.TSV: csv_file.read,
    Format.XLSX: xlsx_file.read,
    Format.JSON: json_file.read,
    Format.JSONL: json_file.read_lines,
}
_READERS: dict[Format, Callable[[Path, Callable[[str], None], Budget], Iterator[Record]]] = {
    Format.MARKDOWN: markdown_file.read,
    Format.HTML: _read_html,
    Format.RASA: rasa_yaml.read,
}
_PAGES = {Format.MARKDOWN: AnswerFormat.MARKDOWN, Format.HTML: AnswerFormat.HTML}
_WRITERS: dict[Format, Callable[[Iterable[Article], Path], None]] = {
    Format.CSV: csv_file.write,
    Format.XLSX: xlsx_file.write,
    Format.JSON: json_file.write,
    Format.JSONL: json_file.write_lines,
    Format.RASA: rasa_yaml.write_one,
}
_COUNTERS: dict[Format, Callable[[Path], int | None]] = {
    Format.CSV: csv_file.count,
    Format.TSV: csv_file.count,
    Format.XLSX: xlsx_file.count,
    Format.JSONL: json_file.count_lines,
}
_log = logging.getLogger(__name__)


def format_of(path: Path) -> Format:
    """Return the format that a file's extension names. A folder is a Rasa project.

    Raises:
        BadFile: when no format has that extension.
    """
    if path.is_dir():
        return Format.RASA
    try:
        return _ENDINGS[path.suffix.lower()]
    except KeyError:
        known = " ".join(_ENDINGS)
        raise BadFile(path, f"unknown file extension: use one of {known}") from None


def read_articles(
    path: Path,
    *,
    default_language: str | None = None,
    options: ReadOptions | None = None,
    on_warning: Callable[[str], None] = _log.warning,
    clock: Callable[[], float] = time.thread_time,
) -> Iterator[Article]:
    """Yield the articles of a file, or of a Rasa project's folder, in the order of the file.

    CSV, XLSX and JSONL are streamed, the other formats are read whole (200 MB at most). An article for
    which the file states no language gets `default_language`, or the language that the script of its
    question suggests. `on_warning` is called with one sentence for everything that had to be left out.
    `clock` returns the processor time in seconds, of which reading may take a limited amount
    (`files.limits`).

    Raises:
        BadFile: when the file cannot be read, holds something that is not an article, or takes too much
            time or memory; the message says where. Articles before the bad one have already been
            yielded, so use them only after the iteration has ended.
    """
    options = options or ReadOptions(default_language=default_language)
    reading = Reading(path, options, Budget(path, clock=clock), on_warning=on_warning)
    return _articles(reading)


def inspect_file(
    path: Path,
    options: ReadOptions,
    *,
    on_article: Callable[[Article], None] = lambda _: None,
    clock: Callable[[], float] = time.thread_time,
) -> FileReport:
    """Read a whole file without keeping its articles, and return what there is to tell about it.

    No problem is raised, so that all of them are in one report. `on_article` is called with each article.
    """
    warnings: list[str] = []
    problems: list[BadFile] = []
    n_articles = n_problems = 0
    is_complete = True

    def add(problem: BadFile) -> None:
        nonlocal n_problems
        n_problems += 1
        if len(problems) < MAX_PROBLEMS:
            problems.append(problem)

    budget = Budget(path, clock=clock)
    reading = Reading(path, options, budget, on_warning=warnings.append, on_problem=add)
    try:
        for article in _articles(reading):
            n_articles += 1
            on_article(article)
    except BadFile as problem:
        is_complete = False
        # It is no news that nothing is left where every row has been refused.
        if problem.row is not None or not n_problems:
            add(problem)
    return reading.report(
        n_articles=n_articles,
        warnings=warnings,
        problems=problems,
        n_problems=n_problems,
        complete=is_complete,
    )


def read_inspected(report: FileReport, options: ReadOptions) -> Iterator[Article]:
    """Yield the articles of a file that was inspected with the same options, without its bad rows.

    Raises:
        BadFile: when the file cannot be read any more.
    """
    budget = Budget(report.path)
    reading = Reading(
        report.path,
        options,
        budget,
        on_warning=lambda _: None,
        on_problem=lambda _: None,
        known=report,
    )
    return _articles(reading)


def _articles(reading: Reading) -> Iterator[Article]:
    format_ = format_of(reading.path)
    if format_ in _TABLES:
        records = _TABLES[format_](reading)
    else:
        records = _READERS[format_](reading.path, reading.warn, reading.budget)
    texts = as_text(reading, records, page=_PAGES.get(format_))
    yield from reading.budget.watch(assemble(reading, texts))
    reading.finish()


def write_articles(articles: Iterable[Article], path: Path, *, format: Format) -> None:  # noqa: A002
    """Write a file of articles. An existing file is replaced only when the new one is complete.

    Reading it back returns `normalize_article(article)` for every article. Rasa YAML goes into one file if
    `path` ends in .yml or .yaml, otherwise into nlu.yml, domain.yml and rules.yml in the folder `path`.

    Raises:
        BadFile: when the file cannot be written, or the format cannot hold an article.
    """
    if format not in _WRITERS:
        known = ", ".join(_WRITERS)
        raise BadFile(path, f"the format {format} can be read but not written: use one of {known}")
    tidy = _check_writable(articles, path)
    if format is Format.RASA and path.suffix.lower() not in {".yml", ".yaml"}:
        make_folder(path)
        with (
            write_aside(path / "nlu.yml") as nlu,
            write_aside(path / "domain.yml") as domain,
            write_aside(path / "rules.yml") as rules,
        ):
            rasa_yaml.write(tidy, nlu, domain, rules)
        return
    with write_aside(path) as part:
        _WRITERS[format](tidy, part)


def count_hint(path: Path) -> int | None:
    """Estimate the number of articles in the file for a progress bar. None where counting is not cheap.

    Raises:
        BadFile: when the file cannot be read.
    """
    counter = _COUNTERS.get(format_of(path))
    return counter(path) if counter else None


def _check_writable(articles: Iterable[Article], path: Path) -> Iterator[Article]:
    for article in articles:
        try:
            tidy = normalize_article(article)
        except InvalidArticle as error:
            raise BadFile(path, f"the article {article.id!r} cannot be written: {error}") from None
        if sum(map(len, tidy.phrasings)) > MAX_PHRASINGS_LENGTH:
            raise BadFile(path, f"the phrasings of the article {article.id!r} are too long to be read again")
        yield tidy

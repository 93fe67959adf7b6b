"""Print what an import has done or would do."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sufler.cli.common import pluralize

if TYPE_CHECKING:
    from files import BadFile
    from kb_index.formats import FileReport
    from prompter.knowledge.article_import import ImportReport
    from prompter.knowledge.file_import import InspectedFiles

_N_TOLD = 20  # articles listed one by one


def as_json(inspected: "InspectedFiles", report: "ImportReport", *, dry_run: bool) -> dict[str, Any]:
    """Return the report under keys that stay as they are."""
    return {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "archived": report.archived,
        "dry_run": dry_run,
        "edited": [
            {"article_id": article.article_id, "question": article.question, "changed_by": article.changed_by}
            for article in report.edited
        ],
        "answers_kept": list(report.answers_kept),
        "missing": [
            {
                "article_id": article.article_id,
                "question": article.question,
                "source": article.source,
                "successor": article.successor,
            }
            for article in report.missing
        ],
        "others": dict(report.others),
        "n_problems": inspected.n_problems,
        "files": [_file_as_json(file) for file in inspected.reports],
    }


def _file_as_json(file: "FileReport") -> dict[str, Any]:
    return {
        "file": str(file.path),
        "articles": file.n_articles,
        "encoding": file.encoding,
        "columns": dict(file.columns),
        "ignored_columns": list(file.ignored_columns),
        "sheets": [
            {"name": sheet.name, "rows": sheet.n_records, "left_out": sheet.left_out or None}
            for sheet in file.sheets
        ],
        "warnings": list(file.warnings),
        "n_problems": file.n_problems,
        "problems": [
            {
                "sheet": problem.sheet,
                "row": problem.row,
                "column": problem.column,
                "problem": problem.problem,
            }
            for problem in file.problems
        ],
    }


def warnings(inspected: "InspectedFiles") -> Iterator[str]:
    """Yield a line for everything that was decided or left out."""
    for file in inspected.reports:
        yield from file.warnings


def problems(inspected: "InspectedFiles") -> Iterator[str]:
    """Yield a line for every problem, each naming its place, and one for those that are not listed."""
    for file in inspected.reports:
        for problem in file.problems:
            yield _on_one_line(problem)
        if file.n_problems > len(file.problems):
            yield f"{file.path}: {file.n_problems - len(file.problems)} more problems"


def _on_one_line(problem: "BadFile") -> str:
    return " ".join(str(problem).split())


def file_lines(inspected: "InspectedFiles") -> Iterator[str]:
    """Yield how each file was understood, for a dry run."""
    for file in inspected.reports:
        facts = [pluralize(file.n_articles, "article")]
        if file.encoding:
            facts.append(file.encoding)
        if file.columns:
            facts.append(
                "columns " + ", ".join(f"{field}={name}" for field, name in file.columns.items() if name)
            )
        yield f"{file.path}: {'; '.join(facts)}"
        for sheet in file.sheets:
            if len(file.sheets) > 1:
                outcome = (
                    f"left out, {sheet.left_out}" if sheet.left_out else pluralize(sheet.n_records, "row")
                )
                yield f"  sheet {sheet.name}: {outcome}"


def report_lines(
    report: "ImportReport", *, dry_run: bool, keep_edited: bool, archive_missing: bool
) -> Iterator[str]:
    """Yield the counts, and the articles that need a look."""
    would = "would be " if dry_run else ""
    counts = f"{report.added} {would}added, {report.changed} {would}changed, {report.unchanged} unchanged"
    yield f"{counts}, {report.archived} {would}archived." if report.archived else f"{counts}."
    if report.edited:
        kept = f"{would}kept as on the page" if keep_edited else f"{would}overwritten"
        advice = "" if keep_edited else " (--keep-edited keeps such articles)"
        yield f"Edited on a page since the last import, {kept}{advice}:"
        yield from _listed([f"«{article.question}» by {article.changed_by}" for article in report.edited])
    if report.answers_kept:
        yield "Without an answer in the file, with the answer that was there before:"
        yield from _listed(list(report.answers_kept))
    if report.missing:
        advice = "" if archive_missing else " (--archive-missing archives them)"
        archived = f"{would}archived" if archive_missing else "still in the knowledge base"
        yield f"No longer in the files, {archived}{advice}:"
        yield from _listed(
            [
                f"«{article.question}» from {article.source}"
                + (f", nearly «{article.successor}»" if article.successor else "")
                for article in report.missing
            ]
        )
    for source, count in report.others.items():
        yield (
            f"{pluralize(count, 'article')} of {source} stay as they are"
            f" (if these files replace it: --replaces {source})."
        )


def _listed(texts: Sequence[str]) -> Iterator[str]:
    for text in texts[:_N_TOLD]:
        yield "  " + " ".join(text.split())
    if len(texts) > _N_TOLD:
        yield f"  and {len(texts) - _N_TOLD} more"

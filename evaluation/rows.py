"""Read evaluation rows from CSV."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.errors import BadRows
from files import BadFile, Budget, csv_rows
from files.limits import MAX_EVALUATION_ROWS

_MISSING = {"nan", "NaN", "<NA>"}  # ways in which programs write an empty cell


@dataclass(frozen=True, kw_only=True)
class IntentRow:
    """A text and its manually labelled intent."""

    text: str
    intent: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """A customer's original text and the articles that answer it. None: out of scope."""

    text: str
    article_ids: tuple[str, ...]


def read_intents(path: Path) -> list[IntentRow]:
    """Read a CSV with the columns text and intent.

    Raises:
        BadRows: when the file cannot be read, a column is missing, a cell is empty, or there is no row.
    """
    rows = []
    for number, cells in _records(path, ("text", "intent")):
        for column in ("text", "intent"):
            _check_filled(path, cells, number, column)
        rows.append(IntentRow(text=cells["text"], intent=cells["intent"].strip()))
    if not rows:
        raise BadRows(path, "contains no rows")
    return rows


def read_cases(path: Path, *, known_ids: Collection[str] | None) -> list[Case]:
    """Read a CSV with the columns text and article_id.

    Several ids are joined by |. An empty cell means out of scope.

    `known_ids` are the permitted ids; None: any.

    Raises:
        BadRows: when the file cannot be read, a column is missing, a text is empty, an id is unknown, or
            there is no row.
    """
    rows = []
    for number, cells in _records(path, ("text", "article_id")):
        _check_filled(path, cells, number, "text")
        ids = tuple(dict.fromkeys(part.strip() for part in cells["article_id"].split("|") if part.strip()))
        for article_id in ids:
            if known_ids is not None and article_id not in known_ids:
                raise BadRows(
                    path, f"the base has no article {article_id!r}", row=number, column="article_id"
                )
        rows.append(Case(text=cells["text"], article_ids=ids))
    if not rows:
        raise BadRows(path, "contains no rows")
    return rows


def _check_filled(path: Path, cells: Mapping[str, str], row: int, column: str) -> None:
    cell = cells[column].strip()
    if not cell:
        raise BadRows(path, "is empty", row=row, column=column)
    if cell in _MISSING:
        raise BadRows(path, f"is {cell}: a missing value, not a {column}", row=row, column=column)


def _records(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each record's first line number and cells. Lines without any cell are skipped."""
    if not path.exists():
        raise BadRows(path, "no such file")
    try:
        rows = Budget(path).watch(csv_rows(path))
        row, header = next(rows, (1, []))
        names = [name.strip() for name in header]
        for column in columns:
            if column not in names:
                raise BadRows(path, "is missing from the header", row=row, column=column)
        for count, (row, cells) in enumerate(rows, start=1):
            if len(cells) != len(names):
                raise BadRows(path, f"has {len(cells)} cells, the header has {len(names)}", row=row)
            if count > MAX_EVALUATION_ROWS:
                raise BadRows(path, f"over {MAX_EVALUATION_ROWS} rows: measure on a part of them", row=row)
            yield row, dict(zip(names, cells, strict=True))
    except BadFile as error:
        raise BadRows(path, error.problem, row=error.row, column=error.column) from None

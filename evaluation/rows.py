"""Rows to evaluate on, read from CSV."""

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.errors import BadRows

_MISSING = {"nan", "NaN", "<NA>"}  # as programs write a cell that was never filled


@dataclass(frozen=True, kw_only=True)
class IntentRow:
    """A text and the intent that it was given by hand."""

    text: str
    intent: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """A customer's text and the articles any of which answers it, as written; none: out of scope."""

    text: str
    article_ids: tuple[str, ...]


def read_intents(path: Path) -> list[IntentRow]:
    """Read a CSV with the columns text and intent.

    Raises:
        BadRows: the file cannot be read, a column is missing, a cell is empty, or there is no row.
    """
    rows = []
    for number, cells in _records(path, ("text", "intent")):
        for column in ("text", "intent"):
            _check_filled(path, cells, number, column)
        rows.append(IntentRow(text=cells["text"], intent=cells["intent"].strip()))
    if not rows:
        raise BadRows(path, "holds no rows")
    return rows


def read_cases(path: Path, *, known_ids: Collection[str] | None) -> list[Case]:
    """Read a CSV with the columns text and article_id (several ids joined by |; empty: out of scope).

    `known_ids` are all that there may be; None: any.

    Raises:
        BadRows: the file cannot be read, a column is missing, a text is empty, an id is unknown, or
            there is no row.
    """
    rows = []
    for number, cells in _records(path, ("text", "article_id")):
        _check_filled(path, cells, number, "text")
        ids = tuple(dict.fromkeys(part.strip() for part in cells["article_id"].split("|") if part.strip()))
        for article_id in ids:
            if known_ids is not None and article_id not in known_ids:
                raise BadRows(
                    path, f"the base holds no article {article_id!r}", row=number, column="article_id"
                )
        rows.append(Case(text=cells["text"], article_ids=ids))
    if not rows:
        raise BadRows(path, "holds no rows")
    return rows


def _check_filled(path: Path, cells: Mapping[str, str], row: int, column: str) -> None:
    cell = cells[column].strip()
    if not cell:
        raise BadRows(path, "is empty", row=row, column=column)
    if cell in _MISSING:
        raise BadRows(path, f"is {cell}: a missing value, not a {column}", row=row, column=column)


def _records(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each record's first line number and cells; lines without any cell are passed over."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            for column in columns:
                if column not in header:
                    raise BadRows(path, "is missing from the header", row=1, column=column)
            before = reader.line_num
            for cells in reader:
                number, before = before + 1, reader.line_num
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise BadRows(path, f"has {len(cells)} cells, the header has {len(header)}", row=number)
                yield number, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise BadRows(path, f"is no valid CSV: {error}", row=reader.line_num) from None
    except UnicodeDecodeError:
        raise BadRows(path, "is not UTF-8 text") from None
    except FileNotFoundError:
        raise BadRows(path, "no such file") from None
    except OSError as error:
        raise BadRows(path, f"cannot be read: {error.strerror}") from None

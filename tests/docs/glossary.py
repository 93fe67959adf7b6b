"""Read the replaced words and names from docs/glossary.md, with their replacements."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "glossary.md"
LABELS = "Labels of the pages"
NAMES = "Names in code"


@dataclass(frozen=True, kw_only=True)
class Word:
    """A replaced word or phrase, in lower case, and its current term."""

    text: str
    term: str
    is_title: bool = False  # replaced as a whole text only

    def is_in(self, text: str) -> bool:
        """Return True if a text uses the word."""
        text = plain(text)
        if self.is_title:
            return text.rstrip(".:…") == self.text
        return self.text.partition("*")[0] in text and _pattern(self.text).search(text) is not None

    def is_quoted_in(self, text: str) -> bool:
        """Return True if a documentation page names a title, in quotes or emphasised."""
        quoted = rf"[“\"«*]{re.escape(self.text)}[”\"»*]"
        return self.is_title and re.search(quoted, plain(text)) is not None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table: its section, and its cells by column."""

    section: str
    cells: dict[str, str]


@cache
def plain(text: str) -> str:
    """Return the text in lower case, on one line."""
    return " ".join(text.lower().split())


def rows() -> list[Row]:
    """Return every row of every table."""
    found = []
    for section in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        lines = [line for line in body.splitlines() if line.startswith("|")]
        header, _, *table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        found += [Row(section=title, cells=dict(zip(header, cells, strict=True))) for cells in table]
    return found


def replaced_words(column: str, *, of_labels: bool) -> list[Word]:
    """Return the words in the column `replaced` (English) or `заменено` (Russian), of labels or terms."""
    return [
        Word(text=text.strip("“”").lower(), term=term, is_title=text.startswith("“"))
        for row in rows()
        if row.section != NAMES and (row.section == LABELS) is of_labels
        for term in [row.cells.get("term") or row.cells["label"]]
        for text in _items(row.cells[column])
    ]


def replaced_names() -> list[tuple[str, str]]:
    """Return replaced names of modules, classes, functions, flags and settings with the new names."""
    return [
        pair
        for row in rows()
        if row.section == NAMES
        for pair in zip(_code(row.cells["replaced"]), _code(row.cells["now"]), strict=True)
    ]


def _code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _items(cell: str) -> Iterator[str]:
    return (item.strip() for item in cell.split(",") if item.strip())


@cache
def _pattern(words: str) -> re.Pattern[str]:
    expression = re.escape(words).replace(r"\*", r"\w*")
    return re.compile(rf"(?<!\w){expression}(?!\w)")

"""What can go wrong with articles, files of articles and indexes."""

from pathlib import Path


class KbIndexError(Exception):
    """Base class.

    KbIndexError
    ├── InvalidArticle
    ├── BadFile
    ├── IndexNotBuilt
    └── IncompatibleIndex
    """


class InvalidArticle(KbIndexError):
    """A field of an article does not hold what it should."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem


class BadFile(KbIndexError):
    """A file of articles cannot be read; says where: file, row (1 is the first line) and column."""

    def __init__(
        self, path: Path, problem: str, *, row: int | None = None, column: str | None = None
    ) -> None:
        where = str(path)
        if row is not None:
            where += f", row {row}"
        if column is not None:
            where += f", column {column}"
        super().__init__(f"{where}: {problem}")
        self.path = path
        self.row = row
        self.column = column
        self.problem = problem


class IndexNotBuilt(KbIndexError):
    """The index was asked before anything was added to it."""


class IncompatibleIndex(KbIndexError):
    """A saved index is damaged or was made with other data, settings or library versions."""

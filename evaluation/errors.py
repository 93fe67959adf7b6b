"""What can go wrong with rows to evaluate on."""

from pathlib import Path


class EvaluationError(Exception):
    """Base class.

    EvaluationError
    ├── BadRows
    └── TooFewRows
    """


class BadRows(EvaluationError):
    """A file of rows cannot be used; says where: file, row (1 is the first line) and column."""

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


class TooFewRows(EvaluationError):
    """The rows cannot be split as asked."""

"""Errors of files."""

from pathlib import Path


class BadFile(Exception):
    """A file cannot be read. The message names file, sheet, row (1 is the first line) and column."""

    def __init__(
        self,
        path: Path,
        problem: str,
        *,
        row: int | None = None,
        column: str | None = None,
        sheet: str | None = None,
    ) -> None:
        where = str(path)
        if sheet is not None:
            where += f", sheet {sheet}"
        if row is not None:
            where += f", row {row}"
        if column is not None:
            where += f", column {column}"
        super().__init__(f"{where}: {problem}")
        self.path = path
        self.sheet = sheet
        self.row = row
        self.column = column
        self.problem = problem

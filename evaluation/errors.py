"""Errors of evaluation rows."""

from files import BadFile


class EvaluationError(Exception):
    """Base class of this package's errors.

    EvaluationError
    ├── BadRows
    └── TooFewRows
    """


class BadRows(EvaluationError, BadFile):
    """A file of rows cannot be used. The message names file, row (1 is the first line) and column."""


class TooFewRows(EvaluationError):
    """The rows cannot be split as requested."""

"""What can go wrong with rows to evaluate on."""

from files import BadFile


class EvaluationError(Exception):
    """Base class.

    EvaluationError
    ├── BadRows
    └── TooFewRows
    """


class BadRows(EvaluationError, BadFile):
    """A file of rows cannot be used; the message says where: file, row (1 is the first line) and column."""


class TooFewRows(EvaluationError):
    """The rows cannot be split as asked."""

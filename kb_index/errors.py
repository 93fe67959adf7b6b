"""Errors of articles, article files and indexes."""

from files.errors import BadFile

__all__ = ["BadFile", "IncompatibleIndex", "IndexNotBuilt", "InvalidArticle", "KbIndexError"]


class KbIndexError(Exception):
    """Base class of this package's errors, except `BadFile`, which is about any file.

    KbIndexError
    ├── InvalidArticle
    ├── IndexNotBuilt
    └── IncompatibleIndex
    """


class InvalidArticle(KbIndexError):
    """A field of an article holds an invalid value."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem


class IndexNotBuilt(KbIndexError):
    """The index was searched before anything was added to it."""


class IncompatibleIndex(KbIndexError):
    """A saved index is damaged or was built with other data, settings or library versions."""

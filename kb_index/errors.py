"""What can go wrong with articles, files of articles and indexes."""

from files.errors import BadFile

__all__ = ["BadFile", "IncompatibleIndex", "IndexNotBuilt", "InvalidArticle", "KbIndexError"]


class KbIndexError(Exception):
    """Base class, but not of `BadFile`, which is about any file.

    KbIndexError
    ├── InvalidArticle
    ├── IndexNotBuilt
    └── IncompatibleIndex
    """


class InvalidArticle(KbIndexError):
    """A field of an article does not hold what it should."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem


class IndexNotBuilt(KbIndexError):
    """The index was asked before anything was added to it."""


class IncompatibleIndex(KbIndexError):
    """A saved index is damaged or was made with other data, settings or library versions."""

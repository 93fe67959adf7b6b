"""Which articles answer an utterance?"""

from kb_index.article import Article, Status
from kb_index.errors import BadFile, IncompatibleIndex, IndexNotBuilt, InvalidArticle, KbIndexError

__all__ = [
    "Article",
    "BadFile",
    "IncompatibleIndex",
    "IndexNotBuilt",
    "InvalidArticle",
    "KbIndexError",
    "Status",
]

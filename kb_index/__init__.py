"""Which articles answer an utterance?

article, templates, text, errors              the article, its template fields, comparable texts
markup, marks, answer_format                  Markdown and HTML of answers as text that anybody can read
search, lexical, labeled_texts                ranking by meaning, words, spelling and confirmed questions
vector_index, faiss_index, flat_index         a vector index: the seam, FAISS, the reference
index_contents, persistence                   following changes of articles; the index on disk
stored_names                                  names of settings as they are kept on disk
checks, near_texts, same_answers, clusters    near-duplicates, equal answers, groups of similar texts
formats                                       reading and writing files of articles
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kb_index.article import Article, Status
from kb_index.errors import BadFile, IncompatibleIndex, IndexNotBuilt, InvalidArticle, KbIndexError

if TYPE_CHECKING:
    from kb_index.faiss_index import FaissIndex
    from kb_index.flat_index import FlatIndex
    from kb_index.labeled_texts import LabeledText, LabeledTexts
    from kb_index.search import ArticleSearch, Found, Hit, SearchConfig, Weights
    from kb_index.vector_index import VectorIndex

# FAISS takes a tenth of a second to import, and code that only reads articles does not need it
_HOME = {
    "ArticleSearch": "kb_index.search",
    "FaissIndex": "kb_index.faiss_index",
    "FlatIndex": "kb_index.flat_index",
    "Found": "kb_index.search",
    "Hit": "kb_index.search",
    "LabeledText": "kb_index.labeled_texts",
    "LabeledTexts": "kb_index.labeled_texts",
    "SearchConfig": "kb_index.search",
    "VectorIndex": "kb_index.vector_index",
    "Weights": "kb_index.search",
}

__all__ = [
    "Article",
    "ArticleSearch",
    "BadFile",
    "FaissIndex",
    "FlatIndex",
    "Found",
    "Hit",
    "IncompatibleIndex",
    "IndexNotBuilt",
    "InvalidArticle",
    "KbIndexError",
    "LabeledText",
    "LabeledTexts",
    "SearchConfig",
    "Status",
    "VectorIndex",
    "Weights",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'kb_index' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)

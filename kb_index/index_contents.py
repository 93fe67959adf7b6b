"""Build the contents of a search, and update them incrementally when articles change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from kb_index.article import Article
from kb_index.faiss_index import FaissIndex
from kb_index.labeled_texts import centre_of
from kb_index.lexical import Floats, Integers, LexicalIndex, LexicalLayers, TextBags, concatenate, ranges
from kb_index.same_answers import answer_groups
from kb_index.vector_index import Vectors

# Up to this share of added or removed texts, changes are only layered on top of the existing index
_MAX_ON_TOP = 0.05


class Reader(Protocol):
    """The models that the search needs. Read the utterance with the same models."""

    @property
    def id(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def clean(self, text: str) -> str: ...

    def encode(self, cleaned: Sequence[str], *, kind: Literal["query", "passage"]) -> Vectors: ...

    def analyze(self, cleaned: Sequence[str]) -> TextBags: ...


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Articles in rows and their indexed texts. Never changes: contents built from it share its memory.

    A row whose article was changed or removed stays in place but is not `live`, until there are many of them.
    """

    articles: tuple[Article, ...]  # by row
    live: npt.NDArray[np.bool_]  # by row
    starts: Integers  # row i has the texts starts[i] to starts[i + 1] - 1
    questions: FaissIndex  # by number of the text, live texts only
    passages: FaissIndex  # by row, live rows only
    words: LexicalIndex | LexicalLayers  # by number of the text
    characters: LexicalIndex | LexicalLayers
    same_answer: Integers  # by row: equivalent answers have equal numbers
    centre: Floats  # mean of the texts' vectors

    @property
    def has_layers(self) -> bool:
        """Return True if changes are layered on top. Saved contents have no layers."""
        return isinstance(self.words, LexicalLayers)


def build_contents(
    articles: Sequence[Article], *, reader: Reader, max_answer_length: int, hnsw_above: int
) -> Contents:
    """Index `articles`, which must all be published and sorted by id. Encodes every text."""
    read = _read(articles, {}, {}, reader=reader, max_answer_length=max_answer_length)
    questions = FaissIndex(reader.dimensions, hnsw_above=hnsw_above)
    questions.add(np.arange(len(read.questions)), read.questions)
    passages = FaissIndex(reader.dimensions, hnsw_above=hnsw_above)
    passages.add(np.arange(len(read.passages)), read.passages)
    return Contents(
        articles=tuple(articles),
        live=np.ones(len(articles), dtype=np.bool_),
        starts=read.starts,
        questions=questions,
        passages=passages,
        words=LexicalIndex.build(read.bags.words),
        characters=LexicalIndex.build(read.bags.characters),
        same_answer=answer_groups(article.answer for article in articles),
        centre=centre_of(read.questions),
    )


def update_contents(
    old: Contents, articles: Sequence[Article], *, reader: Reader, max_answer_length: int
) -> Contents:
    """Index `articles` as `build_contents` does, reusing the unchanged parts of `old`.

    Up to `_MAX_ON_TOP`, the time depends only on the number of changed articles. Until then the centre and
    the weights of words that `old` knows are those of `old`. Nothing else differs from `build_contents`.
    """
    row_of = {article.id: row for row, article in enumerate(old.articles) if old.live[row]}
    same = {
        article.id: row_of[article.id]
        for article in articles
        if article.id in row_of and old.articles[row_of[article.id]] == article
    }
    fresh = [article for article in articles if article.id not in same]
    kept = np.sort(np.fromiter(same.values(), dtype=np.int64, count=len(same)))
    gone = np.setdiff1d(np.flatnonzero(old.live), kept)
    if not fresh and not len(gone):
        return old
    texts, passages = _vectors_of(old, gone, reader=reader, max_answer_length=max_answer_length)
    read = _read(fresh, texts, passages, reader=reader, max_answer_length=max_answer_length)
    on_top = len(read.questions) + int(
        _counts(old, np.flatnonzero(~old.live)).sum() + _counts(old, gone).sum()
    )
    if isinstance(old.words, LexicalLayers):
        on_top += len(old.words.top)
    if on_top > _MAX_ON_TOP * int(old.starts[-1]):
        return _compact(old, kept, gone, fresh, read)
    return _add_layer(old, gone, fresh, read)


def texts_of(starts: Integers, rows: Integers) -> tuple[Integers, Integers]:
    """Return the numbers of the texts of `rows`, and the offset of each row's texts among them."""
    counts = starts[rows + 1] - starts[rows]
    return ranges(starts[rows], counts), np.cumsum(counts) - counts


def questions_of(article: Article, reader: Reader) -> list[str]:
    """Return the cleaned question and phrasings without repetitions."""
    return list(dict.fromkeys(reader.clean(text) for text in (article.question, *article.phrasings)))


def passage_of(article: Article, reader: Reader, max_answer_length: int) -> str:
    """Return the text that represents the article's content."""
    answer = reader.clean(article.answer)
    return f"{reader.clean(article.question)} {answer[:max_answer_length]}".strip()


@dataclass(frozen=True, kw_only=True)
class _Read:
    """Articles as the models read them."""

    starts: Integers
    questions: Vectors
    passages: Vectors
    bags: TextBags


def _read(
    articles: Sequence[Article],
    known_texts: Mapping[str, Vectors],
    known_passages: Mapping[str, Vectors],
    *,
    reader: Reader,
    max_answer_length: int,
) -> _Read:
    groups = [questions_of(article, reader) for article in articles]
    texts = [text for group in groups for text in group]
    bodies = [passage_of(article, reader, max_answer_length) for article in articles]
    return _Read(
        starts=np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64),
        questions=_encode(texts, known_texts, reader, "query"),
        passages=_encode(bodies, known_passages, reader, "passage"),
        bags=reader.analyze(texts),
    )


def _encode(
    texts: list[str], known: Mapping[str, Vectors], reader: Reader, kind: Literal["query", "passage"]
) -> Vectors:
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    encoded = dict(zip(missing, reader.encode(missing, kind=kind), strict=True)) if missing else {}
    if not texts:
        return np.zeros((0, reader.dimensions), dtype=np.float32)
    return np.stack([known[text] if text in known else encoded[text] for text in texts])


def _vectors_of(
    contents: Contents, rows: Integers, *, reader: Reader, max_answer_length: int
) -> tuple[dict[str, Vectors], dict[str, Vectors]]:
    """Return the vectors of the texts and of the passages of these rows."""
    articles = [contents.articles[row] for row in rows.tolist()]
    texts = [text for article in articles for text in questions_of(article, reader)]
    numbers, _ = texts_of(contents.starts, rows)
    bodies = [passage_of(article, reader, max_answer_length) for article in articles]
    if len(texts) != len(numbers):  # rows that were read from disk and whose articles are unknown
        return {}, {}
    return (
        dict(zip(texts, contents.questions.vectors(numbers), strict=True)),
        dict(zip(bodies, contents.passages.vectors(rows), strict=True)),
    )


def _add_layer(old: Contents, gone: Integers, fresh: Sequence[Article], read: _Read) -> Contents:
    n_rows, n_texts = len(old.articles), int(old.starts[-1])
    articles = (*old.articles, *fresh)
    live = np.concatenate([old.live, np.ones(len(fresh), dtype=np.bool_)])
    live[gone] = False
    starts = np.concatenate([old.starts, n_texts + read.starts[1:]])
    live_texts = np.repeat(live, np.diff(starts))
    numbers, _ = texts_of(old.starts, gone)
    questions, passages = old.questions.fork(), old.passages.fork()
    questions.remove(numbers)
    questions.add(np.arange(n_texts, len(live_texts)), read.questions)
    passages.remove(gone)
    passages.add(np.arange(n_rows, len(articles)), read.passages)
    return Contents(
        articles=articles,
        live=live,
        starts=starts,
        questions=questions,
        passages=passages,
        words=LexicalLayers.layer_over(old.words, read.bags.words, live_texts),
        characters=LexicalLayers.layer_over(old.characters, read.bags.characters, live_texts),
        same_answer=_group_answers(old, np.arange(n_rows), gone, fresh, live),
        centre=old.centre,
    )


def _compact(
    old: Contents, kept: Integers, gone: Integers, fresh: Sequence[Article], read: _Read
) -> Contents:
    """Drop removed rows and recompute how rare words are."""
    numbers, _ = texts_of(old.starts, kept)
    counts = np.concatenate([_counts(old, kept), np.diff(read.starts)])
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    articles = (*(old.articles[row] for row in kept.tolist()), *fresh)
    questions = old.questions.take(numbers, np.arange(len(numbers)))
    questions.add(np.arange(len(numbers), int(starts[-1])), read.questions)
    passages = old.passages.take(kept, np.arange(len(kept)))
    passages.add(np.arange(len(kept), len(articles)), read.passages)
    live = np.ones(len(articles), dtype=np.bool_)
    return Contents(
        articles=articles,
        live=live,
        starts=starts,
        questions=questions,
        passages=passages,
        words=LexicalIndex.build(concatenate(old.words.bags(numbers), read.bags.words)),
        characters=LexicalIndex.build(concatenate(old.characters.bags(numbers), read.bags.characters)),
        same_answer=_group_answers(old, kept, gone, fresh, live),
        centre=centre_of(questions.vectors(np.arange(int(starts[-1])))),
    )


def _group_answers(
    old: Contents,
    carried: Integers,
    gone: Integers,
    fresh: Sequence[Article],
    live: npt.NDArray[np.bool_],
) -> Integers:
    """Group the answers of the `carried` rows and of `fresh`. Costly, unless no answer was changed."""
    before = {old.articles[row].id: row for row in gone.tolist()}
    unchanged = (a.id in before and old.articles[before[a.id]].answer == a.answer for a in fresh)
    if len(fresh) == len(gone) and all(unchanged):
        inherited = np.array([before[article.id] for article in fresh], dtype=np.int64)
        return np.asarray(old.same_answer[np.concatenate([carried, inherited])], dtype=np.int64)
    answers = [old.articles[row].answer for row in carried.tolist()] + [article.answer for article in fresh]
    return answer_groups(answer if alive else "" for answer, alive in zip(answers, live, strict=True))


def _counts(contents: Contents, rows: Integers) -> Integers:
    return np.asarray(contents.starts[rows + 1] - contents.starts[rows], dtype=np.int64)


def ranks_of(articles: Iterable[Article]) -> Integers:
    """Return each article's rank in the order of ids. Equal ids, of which one is live, rank arbitrarily."""
    order = np.argsort(np.array([article.id for article in articles], dtype=np.str_), kind="stable")
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return ranks

"""Which articles answer an utterance, best first?"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol, Self

import numpy as np

from kb_index.article import Article, Status
from kb_index.errors import IndexNotBuilt
from kb_index.faiss_index import FaissIndex
from kb_index.judged import JudgedTexts, centre_of, votes
from kb_index.lexical import Floats, Integers, LexicalIndex, Query, TextBags
from kb_index.same_answers import answer_groups, answer_key
from kb_index.vector_index import Vectors

__all__ = ["ArticleSearch", "Found", "Hit", "Reader", "SearchConfig", "Utterance", "Weights", "answer_key"]

_NOTHING = np.zeros(0, dtype=np.int64)


class Reader(Protocol):
    """What the search needs of the models; whoever asks must have read the utterance with the same."""

    @property
    def id(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def clean(self, text: str) -> str: ...

    def encode(self, cleaned: Sequence[str], *, kind: Literal["query", "passage"]) -> Vectors: ...

    def analyze(self, cleaned: Sequence[str]) -> TextBags: ...


class Utterance(Protocol):
    """An utterance that a `Reader` has read; `vector` has shape (dimensions,)."""

    @property
    def vector(self) -> Vectors: ...

    @property
    def grams(self) -> TextBags: ...


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What relevance is made of: a weighted sum.

    The weights are those of a conditional logit model (McFadden, 1974), so that the softmax of the
    relevances is P(article | one of them is right).
    """

    on_question: float  # nearest of question and phrasings, both encoded as "query"
    on_passage: float  # question and answer together, encoded as "passage"
    on_words: float  # nearest of question and phrasings by words and pairs of words
    on_characters: float  # the same by character n-grams
    on_language: float  # added where the article is written in the utterance's language
    on_votes: float  # what the nearest texts say together, the judged ones among them


@dataclass(frozen=True, kw_only=True)
class SearchConfig(Weights):
    """How candidates are found and weighed; the numbers and their reasons stand in config.yml."""

    neighbours: int  # texts that vote
    sharpness: float  # of their kernel
    ridge: float  # higher: smoother, for noisy verdicts
    longest_answer: int  # characters of the answer that are encoded
    candidates: int  # texts and passages taken from each source
    most_postings: int  # word occurrences read for one utterance
    ranked_closely: int  # articles that are compared by characters too, the costliest comparison
    hnsw_above: int


@dataclass(frozen=True, kw_only=True)
class Hit:
    """An article and how near it is. Similarities are cosines: 1.0 is identical."""

    article: Article
    similarity: float  # of the nearest of question and phrasings
    passage_similarity: float
    word_similarity: float
    character_similarity: float
    vote: float  # what the nearest texts say together: near 1 for the article of texts like this one
    relevance: float  # weighted sum of them, higher is better; only differences mean something
    probability: float  # P(this one | one of the articles found is right)


@dataclass(frozen=True, kw_only=True)
class Found:
    """Hits, best first; `expired` is what would have come first if it were valid."""

    hits: tuple[Hit, ...]
    expired: Hit | None


class ArticleSearch:
    """Searches published articles; never changes, so that threads may share it and a new one replace it."""

    def __init__(
        self,
        *,
        articles: Sequence[Article],
        starts: Integers,
        questions: FaissIndex,
        passages: FaissIndex,
        words: LexicalIndex,
        characters: LexicalIndex,
        config: SearchConfig,
        fingerprint: str,
    ) -> None:
        self.articles = tuple(articles)
        self.fingerprint = fingerprint
        self.config = config
        self.starts = starts  # article i has the texts starts[i] to starts[i + 1] - 1
        self.questions = questions  # by number of the text
        self.passages = passages  # by number of the article
        self.words = words
        self.characters = characters
        self._article_of = np.repeat(np.arange(len(self.articles)), np.diff(starts))
        self._languages = np.array([article.language.split("-")[0] for article in self.articles])
        self._row_of = {article.id: row for row, article in enumerate(self.articles)}
        self._same_answer = answer_groups(article.answer for article in self.articles)
        self._centre = centre_of(questions.vectors(np.arange(int(starts[-1]))))

    def __len__(self) -> int:
        return len(self.articles)

    @classmethod
    def build(
        cls,
        articles: Iterable[Article],
        *,
        reader: Reader,
        config: SearchConfig,
        previous: "ArticleSearch | None" = None,
    ) -> Self:
        """Index the published ones of `articles`; texts that `previous` holds are not encoded again."""
        chosen = published(articles)
        texts = [questions_of(article, reader) for article in chosen]
        starts = np.concatenate([[0], np.cumsum([len(group) for group in texts])]).astype(np.int64)
        flat = [text for group in texts for text in group]
        bodies = [passage_of(article, reader, config.longest_answer) for article in chosen]
        old_questions, old_passages = previous.known_vectors(reader) if previous else ({}, {})
        questions = FaissIndex(reader.dimensions, hnsw_above=config.hnsw_above)
        passages = FaissIndex(reader.dimensions, hnsw_above=config.hnsw_above)
        if chosen:
            questions.add(np.arange(len(flat)), _vectors(flat, old_questions, reader, "query"))
            passages.add(np.arange(len(bodies)), _vectors(bodies, old_passages, reader, "passage"))
        bags = reader.analyze(flat)
        return cls(
            articles=chosen,
            starts=starts,
            questions=questions,
            passages=passages,
            words=LexicalIndex.build(bags.words),
            characters=LexicalIndex.build(bags.characters),
            config=config,
            fingerprint=fingerprint(chosen, reader=reader, config=config),
        )

    def known_vectors(self, reader: Reader) -> tuple[dict[str, Vectors], dict[str, Vectors]]:
        """Return the vectors of the texts and of the passages that are indexed; none if the models differ."""
        if not self.articles or not self.fingerprint.startswith(_models(reader)):
            return {}, {}
        texts = [text for article in self.articles for text in questions_of(article, reader)]
        bodies = [passage_of(article, reader, self.config.longest_answer) for article in self.articles]
        return (
            dict(zip(texts, self.questions.vectors(np.arange(len(texts))), strict=True)),
            dict(zip(bodies, self.passages.vectors(np.arange(len(bodies))), strict=True)),
        )

    def search(
        self,
        utterance: Utterance,
        k: int,
        *,
        on: date,
        language: str | None = None,
        judged: JudgedTexts | None = None,
        weights: Weights | None = None,
    ) -> Found:
        """Find up to `k` articles that are valid on that day; articles that give the same answer count once.

        `language` is the utterance's where it is known, such as "ru" for articles in "ru" and "ru-BY".
        `judged` texts vote, and `weights` take the place of the configured ones.

        Raises:
            IndexNotBuilt: there is no published article.
        """
        if not self.articles:
            raise IndexNotBuilt("the knowledge base holds no published article: import articles first")
        config = self.config
        weights = weights or config
        words = self.words.query(utterance.grams.words)
        taught = judged.nearest(utterance.vector, config.neighbours) if judged else _NOTHING
        rows = self._candidates(utterance.vector, words, judged, taught)
        texts, first = self._texts_of(rows)
        vectors = self.questions.vectors(texts)
        cosines = vectors @ utterance.vector
        near = np.argsort(-cosines, kind="stable")[: config.neighbours]
        owner = np.repeat(np.arange(len(rows)), np.diff(np.append(first, len(texts))))
        vote = self._votes(utterance.vector, rows, vectors[near], owner[near], judged, taught)
        question = np.maximum.reduceat(cosines, first)
        passage = self.passages.vectors(rows) @ utterance.vector
        word = np.maximum.reduceat(self.words.similarities(words, texts), first)
        relevance = (
            weights.on_question * question
            + weights.on_passage * passage
            + weights.on_words * word
            + weights.on_votes * vote
        )
        if language is not None:
            relevance += weights.on_language * (self._languages[rows] == language)
        if len(rows) > config.ranked_closely:
            best_rows = np.argsort(-relevance, kind="stable")[: config.ranked_closely]
            rows, relevance, vote = rows[best_rows], relevance[best_rows], vote[best_rows]
            question, passage, word = question[best_rows], passage[best_rows], word[best_rows]
        spelling = self.characters.query(utterance.grams.characters)
        texts, first = self._texts_of(rows)
        character = np.maximum.reduceat(self.characters.similarities(spelling, texts), first)
        relevance = relevance + weights.on_characters * character
        live = np.array([self.articles[row].is_live(on) for row in rows])
        order = np.lexsort((rows, -relevance))
        chosen = self._distinct(rows, order[live[order]])
        odds = np.exp(relevance[chosen] - relevance[chosen].max()) if len(chosen) else np.zeros(0)
        probabilities = odds / odds.sum() if len(chosen) else odds

        def hit(place: int, probability: float) -> Hit:
            return Hit(
                article=self.articles[rows[place]],
                similarity=float(question[place]),
                passage_similarity=float(passage[place]),
                word_similarity=float(word[place]),
                character_similarity=float(character[place]),
                vote=float(vote[place]),
                relevance=float(relevance[place]),
                probability=probability,
            )

        best = int(order[0])
        return Found(
            hits=tuple(
                hit(int(place), float(probability))
                for place, probability in zip(chosen[:k], probabilities[:k], strict=True)
            ),
            expired=None
            if live[best]
            else hit(best, float(1 / (1 + np.exp(relevance[chosen] - relevance[best]).sum()))),
        )

    def _texts_of(self, rows: Integers) -> tuple[Integers, Integers]:
        """Numbers of the articles' question and phrasings, and where each article's begin among them."""
        counts = self.starts[rows + 1] - self.starts[rows]
        first = np.cumsum(counts) - counts
        return np.arange(int(counts.sum())) + np.repeat(self.starts[rows] - first, counts), first

    def _candidates(
        self, vector: Vectors, words: Query, judged: JudgedTexts | None, taught: Integers
    ) -> Integers:
        """Rows of articles near by meaning of the question or answer, by words, or by judged texts."""
        k = self.config.candidates
        _, texts = self.questions.search(vector[None, :], k)
        _, rows = self.passages.search(vector[None, :], k)
        lexical = self.words.candidates(words, k, most_postings=self.config.most_postings)
        texts = np.concatenate([texts[0][texts[0] >= 0], lexical])
        known = [
            self._row_of[article_id]
            for number in taught.tolist()
            for article_id in (judged.texts[number].right if judged else ())
            if article_id in self._row_of
        ]
        return np.unique(
            np.concatenate([self._article_of[texts], rows[0][rows[0] >= 0], np.array(known, dtype=np.int64)])
        )

    def _votes(
        self,
        vector: Vectors,
        rows: Integers,
        own: Vectors,
        owner: Integers,
        judged: JudgedTexts | None,
        taught: Integers,
    ) -> Floats:
        """For each article, what the nearest of the candidates' own and of the judged texts say together.

        What they say for one article they say for all that give the same answer.
        """
        place_of = {int(row): place for place, row in enumerate(rows)}
        shares = np.zeros((len(own) + len(taught), len(rows)), dtype=np.float32)
        shares[np.arange(len(own)), owner] = 1
        vectors = own
        if judged is not None and len(taught):
            vectors = np.vstack([own, judged.index.vectors(taught)])
            for line, number in enumerate(taught.tolist(), start=len(own)):
                for article_id, share in judged.texts[number].shares().items():
                    if (place := place_of.get(self._row_of.get(article_id, -1))) is not None:
                        shares[line, place] += share
        if len(vectors) > self.config.neighbours:
            near = np.argsort(-(vectors @ vector), kind="stable")[: self.config.neighbours]
            vectors, shares = vectors[near], shares[near]
        vote = votes(
            vector,
            vectors,
            shares,
            centre=self._centre,
            sharpness=self.config.sharpness,
            ridge=self.config.ridge,
        )
        _, group = np.unique(self._same_answer[rows], return_inverse=True)
        return np.bincount(group, weights=vote)[group].astype(np.float32)

    def _distinct(self, rows: Integers, order: Integers) -> Integers:
        """Of several articles with the same answer keep the first."""
        groups = self._same_answer[rows[order]]
        _, first = np.unique(groups, return_index=True)
        return order[np.sort(first)]


def published(articles: Iterable[Article]) -> list[Article]:
    """Those that may be suggested on some day, by id."""
    return sorted(
        (article for article in articles if article.status is Status.PUBLISHED),
        key=lambda article: article.id,
    )


def questions_of(article: Article, reader: Reader) -> list[str]:
    """The cleaned question and phrasings, each once."""
    return list(dict.fromkeys(reader.clean(text) for text in (article.question, *article.phrasings)))


def passage_of(article: Article, reader: Reader, longest_answer: int) -> str:
    """The text that stands for what the article says."""
    answer = reader.clean(article.answer)
    return f"{reader.clean(article.question)} {answer[:longest_answer]}".strip()


def fingerprint(articles: Iterable[Article], *, reader: Reader, config: SearchConfig) -> str:
    """Name what an index holds: models, settings and the published articles; equal names, equal hits."""
    digest = hashlib.sha256(repr(config).encode())
    for article in published(articles):
        digest.update(article.content_hash.encode())
    return f"{_models(reader)}-{digest.hexdigest()[:16]}"


def _models(reader: Reader) -> str:
    return hashlib.sha256(reader.id.encode()).hexdigest()[:16]


def _vectors(
    texts: list[str], known: dict[str, Vectors], reader: Reader, kind: Literal["query", "passage"]
) -> Vectors:
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    encoded = dict(zip(missing, reader.encode(missing, kind=kind), strict=True)) if missing else {}
    return np.stack([known[text] if text in known else encoded[text] for text in texts])

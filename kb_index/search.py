"""Rank the articles that answer an utterance."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import compress
from typing import ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

from kb_index.article import Article, Status
from kb_index.errors import IndexNotBuilt
from kb_index.index_contents import (
    Contents,
    Reader,
    build_contents,
    passage_of,
    questions_of,
    ranks_of,
    texts_of,
    update_contents,
)
from kb_index.labeled_texts import LabeledTexts, votes
from kb_index.lexical import Floats, Integers, Query, TextBags
from kb_index.same_answers import answer_key
from kb_index.stored_names import stored_text
from kb_index.vector_index import Vectors

__all__ = [
    "ArticleSearch",
    "Found",
    "Hit",
    "Reader",
    "SearchConfig",
    "Utterance",
    "Weights",
    "answer_key",
    "passage_of",
    "questions_of",
    "select_published",
]

_NOTHING = np.zeros(0, dtype=np.int64)


class Utterance(Protocol):
    """An utterance that a `Reader` has read. `vector` has shape (dimensions,)."""

    @property
    def vector(self) -> Vectors: ...

    @property
    def grams(self) -> TextBags: ...


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The weights of the signals in an article's relevance, which is their weighted sum.

    The weights are those of a conditional logit model (McFadden, 1974), so that the softmax of the
    relevances is P(article | one of them is right).
    """

    STORED_NAMES: ClassVar[Mapping[str, str]] = {
        "weight_question": "on_question",
        "weight_passage": "on_passage",
        "weight_words": "on_words",
        "weight_characters": "on_characters",
        "weight_language": "on_language",
        "weight_votes": "on_votes",
        "weight_lda": "on_likeness",
    }

    weight_question: float  # nearest of question and phrasings, both encoded as "query"
    weight_passage: float  # question and answer together, encoded as "passage"
    weight_words: float  # nearest of question and phrasings by words and pairs of words
    weight_characters: float  # the same by character n-grams
    weight_language: float  # added where the article is written in the utterance's language
    weight_votes: float  # vote of the nearest texts, including judged ones
    # Similarity to all texts of the article, where some are judged; 0 in versions made before it existed
    weight_lda: float = 0.0


@dataclass(frozen=True, kw_only=True)
class SearchConfig(Weights):
    """Options of finding and weighing candidates. config.yml gives the numbers and their reasons."""

    STORED_NAMES: ClassVar[Mapping[str, str]] = {
        **Weights.STORED_NAMES,
        "max_answer_length": "longest_answer",
        "max_postings": "most_postings",
        "rerank_top_k": "ranked_closely",
    }

    neighbours: int  # texts that vote
    sharpness: float  # of their kernel; higher: only nearer texts count
    ridge: float  # higher: smoother
    judged_neighbours: int  # texts that vote where people have judged some: many for few articles
    judged_ridge: float  # the ridge there; higher: smoother, for noisy verdicts
    max_answer_length: int  # characters of the answer that are encoded
    candidates: int  # texts and passages taken from each source; texts by meaning: `neighbours` at least
    max_postings: int  # word occurrences read for one utterance
    rerank_top_k: int  # articles compared by characters and by discriminant score, the costliest steps
    hnsw_above: int


@dataclass(frozen=True, kw_only=True)
class Hit:
    """An article and its similarity to the utterance. Similarities are cosines: 1.0 is identical."""

    article: Article
    similarity: float  # to the nearest of question and phrasings
    passage_similarity: float
    word_similarity: float
    character_similarity: float
    vote: float  # vote of the nearest texts: near 1 for the article of similar texts
    relevance: float  # weighted sum of the signals, higher is better; only differences are meaningful
    probability: float  # P(this article is right | one of the articles found is right)
    lda_score: float = 0.0  # similarity to all its texts, own and judged; only differences are meaningful


@dataclass(frozen=True, kw_only=True)
class Found:
    """Hits, best first. `expired` is the hit that would have come first if it were still valid."""

    hits: tuple[Hit, ...]
    expired: Hit | None


class ArticleSearch:
    """Searches published articles. Immutable, so that threads may share it and a new one replace it."""

    def __init__(self, contents: Contents, *, config: SearchConfig, models: str) -> None:
        self.contents = contents
        self.config = config
        self.models = models  # the models that encoded the contents
        self.articles = tuple(compress(contents.articles, contents.live.tolist()))
        self.fingerprint = fingerprint(self.articles, models=models, config=config)
        self._rows = contents.articles
        self._starts = contents.starts
        self._questions = contents.questions
        self._passages = contents.passages
        self._words = contents.words
        self._characters = contents.characters
        self._same_answer = contents.same_answer
        self._centre = contents.centre
        self._article_of = np.repeat(np.arange(len(self._rows)), np.diff(contents.starts))
        self._dated = np.array([bool(article.valid_from or article.valid_until) for article in self._rows])
        self._languages = np.array([article.language.split("-")[0] for article in self._rows])
        self._row_of = {self._rows[row].id: row for row in np.flatnonzero(contents.live).tolist()}
        self._rank = ranks_of(self._rows)  # settles ties

    def __len__(self) -> int:
        return len(self.articles)

    @property
    def choice(self) -> str:
        """Describe the kinds of index in use and the reasons for them."""
        return f"questions {self._questions.choice}; passages {self._passages.choice}"

    @classmethod
    def build(
        cls,
        articles: Iterable[Article],
        *,
        reader: Reader,
        config: SearchConfig,
        previous: Self | None = None,
    ) -> Self:
        """Index the published `articles`, reusing the unchanged parts of `previous`.

        For a few changes to a large `previous`, the time depends on the changed articles only, see
        `update_contents`. Searches of `previous` are not disturbed. If nothing has changed, `previous`
        is returned.
        """
        chosen, models = select_published(articles), models_of(reader)
        if (
            previous is not None
            and previous.articles
            and (previous.models, previous.config) == (models, config)
        ):
            contents = update_contents(
                previous.contents, chosen, reader=reader, max_answer_length=config.max_answer_length
            )
            if contents is previous.contents:
                return previous
        else:
            contents = build_contents(
                chosen,
                reader=reader,
                max_answer_length=config.max_answer_length,
                hnsw_above=config.hnsw_above,
            )
        return cls(contents, config=config, models=models)

    def search(
        self,
        utterance: Utterance,
        k: int,
        *,
        on: date,
        language: str | None = None,
        judged: LabeledTexts | None = None,
        weights: Weights | None = None,
    ) -> Found:
        """Return up to `k` articles that are valid on that day. Articles with the same answer count once.

        `language` is the utterance's language if known, such as "ru" for articles in "ru" and "ru-BY".
        `judged` texts vote, and `weights` replace the configured weights.

        Raises:
            IndexNotBuilt: when there is no published article.
        """
        if not self.articles:
            raise IndexNotBuilt("the knowledge base has no published article: import articles first")
        config = self.config
        weights = weights or config
        words = self._words.query(utterance.grams.words)
        labeled = judged.find_nearest(utterance.vector, config.judged_neighbours) if judged else _NOTHING
        rows = self._candidates(utterance.vector, words, judged, labeled[: config.neighbours])
        texts, first = texts_of(self._starts, rows)
        vectors = self._questions.vectors(texts)
        cosines = vectors @ utterance.vector
        limit = config.judged_neighbours if len(labeled) else config.neighbours
        near = np.argsort(-cosines, kind="stable")[:limit]
        counts = np.diff(np.append(first, len(texts)))
        sums = np.add.reduceat(vectors, first, axis=0)
        owner = np.repeat(np.arange(len(rows)), counts)
        vote = self._votes(utterance.vector, rows, vectors[near], owner[near], judged, labeled)
        question = np.maximum.reduceat(cosines, first)
        passage = self._passages.vectors(rows) @ utterance.vector
        word = np.maximum.reduceat(self._words.similarities(words, texts), first)
        relevance = (
            weights.weight_question * question
            + weights.weight_passage * passage
            + weights.weight_words * word
            + weights.weight_votes * vote
        )
        if language is not None:
            relevance += weights.weight_language * (self._languages[rows] == language)
        if len(rows) > config.rerank_top_k:
            best_rows = np.argsort(-relevance, kind="stable")[: config.rerank_top_k]
            rows, relevance, vote = rows[best_rows], relevance[best_rows], vote[best_rows]
            question, passage, word = question[best_rows], passage[best_rows], word[best_rows]
            sums, counts = sums[best_rows], counts[best_rows]
        spelling = self._characters.query(utterance.grams.characters)
        texts, first = texts_of(self._starts, rows)
        character = np.maximum.reduceat(self._characters.similarities(spelling, texts), first)
        lda_score = self._lda_scores(utterance.vector, rows, sums, counts, judged)
        relevance = relevance + weights.weight_characters * character + weights.weight_lda * lda_score
        live = self._valid_on(rows, on)
        order = np.lexsort((self._rank[rows], -relevance))
        chosen = self._distinct(rows, order[live[order]])
        odds = np.exp(relevance[chosen] - relevance[chosen].max()) if len(chosen) else np.zeros(0)
        probabilities = odds / odds.sum() if len(chosen) else odds

        def hit(place: int, probability: float) -> Hit:
            return Hit(
                article=self._rows[rows[place]],
                similarity=float(question[place]),
                passage_similarity=float(passage[place]),
                word_similarity=float(word[place]),
                character_similarity=float(character[place]),
                vote=float(vote[place]),
                lda_score=float(lda_score[place]),
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

    def own_vectors(self, article_id: str) -> Vectors:
        """Return the vectors of a published article's question and phrasings, shape (texts, dimensions)."""
        row = self._row_of[article_id]
        return self._questions.vectors(np.arange(self._starts[row], self._starts[row + 1]))

    def find_nearest(self, vectors: Vectors, k: int) -> tuple[Vectors, list[list[str]]]:
        """Return the nearest texts to each vector: cosines, shape (n, k at most), and the texts' articles."""
        if not self.articles:
            return np.zeros((len(vectors), 0), dtype=np.float32), [[] for _ in vectors]
        cosines, texts = self._questions.search(vectors, k)
        owners = [
            [self._rows[self._article_of[text]].id if text >= 0 else "" for text in row]
            for row in texts.tolist()
        ]
        return cosines, owners

    def _candidates(
        self, vector: Vectors, words: Query, judged: LabeledTexts | None, labeled: Integers
    ) -> Integers:
        """Return rows of articles near by meaning of the question or answer, by words, or by judged texts."""
        k = self.config.candidates
        # The nearest texts vote, so all of them must be found even if their articles are dropped later.
        _, texts = self._questions.search(vector[None, :], max(k, self.config.neighbours))
        _, rows = self._passages.search(vector[None, :], k)
        lexical = self._words.candidates(words, k, max_postings=self.config.max_postings)
        texts = np.concatenate([texts[0][texts[0] >= 0], lexical])
        known = [
            self._row_of[article_id]
            for number in labeled.tolist()
            for article_id in (judged.texts[number].right if judged else ())
            if article_id in self._row_of
        ]
        found = np.unique(
            np.concatenate([self._article_of[texts], rows[0][rows[0] >= 0], np.array(known, dtype=np.int64)])
        )
        return found[np.argsort(self._rank[found])]

    def _votes(
        self,
        vector: Vectors,
        rows: Integers,
        article_vectors: Vectors,
        owner: Integers,
        judged: LabeledTexts | None,
        labeled: Integers,
    ) -> Floats:
        """Return each article's vote from the nearest of the candidates' own texts and the judged texts.

        A vote for one article counts for all articles that give the same answer.
        """
        shares = np.zeros((len(article_vectors) + len(labeled), len(rows)), dtype=np.float32)
        shares[np.arange(len(article_vectors)), owner] = 1
        vectors = article_vectors
        if judged is not None and len(labeled):
            vectors = np.vstack([article_vectors, judged.index.vectors(labeled)])
            place_of = {row: place for place, row in enumerate(rows.tolist())}
            for line, number in enumerate(labeled.tolist(), start=len(article_vectors)):
                for article_id, share in judged.texts[number].shares().items():
                    if (place := place_of.get(self._row_of.get(article_id, -1))) is not None:
                        shares[line, place] += share
        limit, ridge = self.config.neighbours, self.config.ridge
        if len(labeled):
            limit, ridge = self.config.judged_neighbours, self.config.judged_ridge
        if len(vectors) > limit:
            near = np.argsort(-(vectors @ vector), kind="stable")[:limit]
            vectors, shares = vectors[near], shares[near]
        vote = votes(
            vector,
            vectors,
            shares,
            centre=self._centre,
            sharpness=self.config.sharpness,
            ridge=ridge,
        )
        answer = self._same_answer[rows]
        alike = (answer[:, None] == answer).astype(np.float32)
        return np.asarray(alike @ vote, dtype=np.float32)

    def _lda_scores(
        self,
        vector: Vectors,
        rows: Integers,
        sums: Vectors,
        counts: Integers,
        judged: LabeledTexts | None,
    ) -> Floats:
        """Return the utterance's similarity to all texts of each article.

        `sums` are those of the `counts` own vectors of each article.
        """
        if judged is None or not judged.scorer.row_of:
            return np.zeros(len(rows), dtype=np.float32)
        return judged.scorer.lda_score(
            vector,
            [self._rows[row].id for row in rows.tolist()],
            sums,
            counts,
            centre=self._centre,
        )

    def _distinct(self, rows: Integers, order: Integers) -> Integers:
        """Keep the first of several articles with the same answer."""
        first: dict[int, int] = {}
        for place, answer in zip(order.tolist(), self._same_answer[rows[order]].tolist(), strict=True):
            first.setdefault(answer, place)
        return np.array(list(first.values()), dtype=np.int64)

    def _valid_on(self, rows: Integers, on: date) -> npt.NDArray[np.bool_]:
        """Return the articles that are valid on that day."""
        live = np.ones(len(rows), dtype=np.bool_)
        for place in np.flatnonzero(self._dated[rows]).tolist():
            live[place] = self._rows[rows[place]].is_live(on)
        return live


def select_published(articles: Iterable[Article]) -> list[Article]:
    """Return the articles that may be suggested on some day, sorted by id."""
    return sorted(
        (article for article in articles if article.status is Status.PUBLISHED),
        key=lambda article: article.id,
    )


def fingerprint(articles: Iterable[Article], *, models: str, config: SearchConfig) -> str:
    """Return a name for an index's contents: models, settings and the published articles.

    Equal names mean equal contents. The articles' hashes are added up (Bellare & Micciancio, 1997), so their
    order does not matter.
    """
    total = sum(int(article.content_hash, 16) for article in articles) % 2**256
    digest = hashlib.sha256(f"{stored_text(config)}{total:064x}".encode())
    return f"{models}-{digest.hexdigest()[:16]}"


def models_of(reader: Reader) -> str:
    """Return a name for the models. Vectors made by models with equal names are comparable."""
    return hashlib.sha256(reader.id.encode()).hexdigest()[:16]

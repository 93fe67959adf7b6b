"""The questions that existing articles already cover."""

from collections.abc import Iterable

import numpy as np

from kb_index import Article, ArticleSearch
from kb_index.text import normalize
from nlu.encoders.encoder import Vectors
from prompter.suggestions.query_embedder import QueryEmbedder

_LOOKED_AT = 8  # search results read; vectors of a deleted article count for nothing
_BLOCK = 4_000_000  # cosines computed at a time


class KnownQuestions:
    """Questions and phrasings of the articles, with their vectors.

    Vectors that `search` holds are taken from it. The rest, above all drafts, is encoded by `embedder`.
    """

    def __init__(
        self, articles: Iterable[Article], embedder: QueryEmbedder, search: ArticleSearch | None = None
    ) -> None:
        self.articles = {article.id: article for article in articles}
        held = {article.id: article for article in search.articles} if search else {}
        self._search = search
        self._held = {article.id for article in self.articles.values() if held.get(article.id) == article}
        texts = [
            (article.id, text)
            for article in self.articles.values()
            if article.id not in self._held
            for text in (article.question, *article.phrasings)
        ]
        self._owners = [article_id for article_id, _ in texts]
        self._vectors = embedder.embed([text for _, text in texts])
        self._rows: dict[str, list[int]] = {}
        for row, owner in enumerate(self._owners):
            self._rows.setdefault(owner, []).append(row)

    def normalized_texts(self, article_id: str) -> set[str]:
        """Return the article's texts in their normal form."""
        article = self.articles[article_id]
        return {normalize(text) for text in (article.question, *article.phrasings)}

    def vectors(self, article_id: str) -> Vectors:
        """Return the vectors of the article's texts, shape (texts, dimensions)."""
        if self._search is not None and article_id in self._held:
            return self._search.own_vectors(article_id)
        return self._vectors[self._rows[article_id]]

    def find_nearest(self, vectors: Vectors) -> tuple[Vectors, list[str]]:
        """Return cosine and article of the text nearest to each vector, or 0 and "" if there is none."""
        best = np.zeros(len(vectors), dtype=np.float32)
        owners = [""] * len(vectors)
        if len(self._vectors):
            step = max(1, _BLOCK // len(self._vectors))
            for start in range(0, len(vectors), step):
                cosines = vectors[start : start + step] @ self._vectors.T
                for row, column in enumerate(cosines.argmax(axis=1).tolist(), start=start):
                    best[row], owners[row] = cosines[row - start, column], self._owners[column]
        if self._search is not None and self._held and len(vectors):
            similarities, found = self._search.find_nearest(vectors, _LOOKED_AT)
            for row, ids in enumerate(found):
                place = next((place for place, id_ in enumerate(ids) if id_ in self._held), None)
                if place is not None and similarities[row, place] > best[row]:
                    best[row], owners[row] = similarities[row, place], ids[place]
        return best, owners

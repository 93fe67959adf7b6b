"""Train the ranker from verdicts: judged texts, and weights of the signals."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zlib import crc32

from kb_index import ArticleSearch, Hit, IndexNotBuilt, LabeledText, LabeledTexts, Weights
from kb_index.stored_names import stored_text
from nlu.intent_model import IntentModel
from nlu.reader import TextReader, Utterance
from nlu.text import detect_language, looks_empty
from prompter.suggestions.confidence import ConfidenceModel, features, update_model
from prompter.suggestions.ranking_weights import fit_weights, ranking, rerank

_FOLDS = 5
_LOOKED_AT = 24  # hits to which the weights are fitted
_STRENGTH = 10.0  # number of verdicts that the shipped weights count as


@dataclass(frozen=True, kw_only=True)
class RankerState:
    """A team's verdicts, and the weights and confidence fitted to them."""

    judged: LabeledTexts
    weights: Weights
    confidence: ConfidenceModel
    until: datetime | None = None  # end of the training verdicts; None: not recorded

    @property
    def fingerprint(self) -> str:
        """Return a hash of the state. Equal hashes mean equal answers."""
        digest = hashlib.sha256(f"({stored_text(self.weights)}, {stored_text(self.confidence)})".encode())
        for text in self.judged.texts:
            digest.update(repr((text.text, text.right, text.wrong)).encode())
        return digest.hexdigest()


def fit_ranker(
    texts: Sequence[LabeledText],
    *,
    reader: TextReader,
    search: ArticleSearch,
    intents: IntentModel | None,
    confidence: ConfidenceModel,
    on: date,
    known: LabeledTexts | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> RankerState:
    """Learn from judged texts, starting from the shipped weights and confidence.

    Both are cross-fitted: each text is searched for with the other four fifths only. A search that
    finds the text itself would overrate similarity and be overconfident. `reader` reads the texts as it
    reads customers' questions, with typos corrected. Texts among the `known`, learned before with the
    same encoder, are not encoded again.
    """
    judged = _read(texts, reader, known)
    found, in_scope = _search_each(judged, reader, search, intents, on, advance)
    right = [frozenset(text.right) for text in judged.texts]
    shipped: Weights = search.config
    rankings = [ranking(hits, its, shipped) for hits, its in zip(found, right, strict=True)]
    weights = fit_weights(rankings, shipped, strength=_STRENGTH)
    rows, outcomes = [], []
    for hits, text, scope in zip(found, judged.texts, in_scope, strict=True):
        # Weights only reorder articles: a second search would find the same
        best = next(iter(rerank(hits, shipped, weights)), None)
        if best and (text.right or best.article.id in text.wrong):  # otherwise the right one is unknown
            rows.append(features(best, in_scope=scope))
            outcomes.append(best.article.id in text.right)
    return RankerState(judged=judged, weights=weights, confidence=update_model(confidence, rows, outcomes))


def _read(texts: Sequence[LabeledText], reader: TextReader, known: LabeledTexts | None) -> LabeledTexts:
    """Read the texts that are not empty after cleaning."""
    cleaned = [(text, reader.clean(text.text)) for text in texts]
    kept = [(labeled, text) for labeled, text in cleaned if not looks_empty(text)]
    return LabeledTexts.build(
        [labeled for labeled, _ in kept], reader=reader, cleaned=[text for _, text in kept], known=known
    )


def _search_each(
    judged: LabeledTexts,
    reader: TextReader,
    search: ArticleSearch,
    intents: IntentModel | None,
    on: date,
    advance: Callable[[int], None],
) -> tuple[list[tuple[Hit, ...]], list[float | None]]:
    """Search for each text without having learned it: return the hits and P(in scope)."""
    found: list[tuple[Hit, ...]] = [()] * len(judged)
    in_scope: list[float | None] = [None] * len(judged)
    # Equal texts share a fold, because otherwise a search would know them
    fold_of = [crc32(text.encode()) % _FOLDS for text in judged.cleaned]
    vectors = judged.vectors()
    for fold in sorted(set(fold_of)):
        rest = judged.select([number for number, its in enumerate(fold_of) if its != fold])
        for number in (number for number, its in enumerate(fold_of) if its == fold):
            text = judged.cleaned[number]
            utterance = Utterance(text=text, vector=vectors[number], grams=reader.analyze([text]))
            found[number] = _hits(search, utterance, rest, on)
            if intents is not None:
                in_scope[number] = intents.predict(utterance.vector, utterance.grams).in_scope
            advance(1)
    return found, in_scope


def _hits(search: ArticleSearch, utterance: Utterance, judged: LabeledTexts, on: date) -> tuple[Hit, ...]:
    language = detect_language(utterance.text)
    try:
        found = search.search(utterance, _LOOKED_AT, on=on, language=language, judged=judged)
    except IndexNotBuilt:
        return ()
    return found.hits

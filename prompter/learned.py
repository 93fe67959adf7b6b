"""What people's verdicts teach the ranker: the texts themselves, and how much each signal tells."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zlib import crc32

from kb_index import ArticleSearch, Hit, IndexNotBuilt, JudgedText, JudgedTexts, Weights
from nlu.intent_model import IntentModel
from nlu.reader import TextReader, Utterance
from nlu.text import detect_language, looks_empty
from prompter.confidence import ConfidenceModel, features, updated
from prompter.ranking import fit_weights, ranking

_FOLDS = 5
_LOOKED_AT = 24  # hits that the weights are fitted on
_STRENGTH = 10.0  # verdicts that the shipped weights count as


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A team's own verdicts and what follows from them."""

    judged: JudgedTexts
    weights: Weights
    confidence: ConfidenceModel
    until: datetime | None = None  # when the verdicts were cut; None: nobody has noted it

    @property
    def fingerprint(self) -> str:
        """Equal fingerprints, equal answers."""
        digest = hashlib.sha256(repr((self.weights, self.confidence)).encode())
        for one in self.judged.texts:
            digest.update(repr((one.text, one.right, one.wrong)).encode())
        return digest.hexdigest()


def learn(
    texts: Sequence[JudgedText],
    *,
    reader: TextReader,
    search: ArticleSearch,
    intents: IntentModel | None,
    confidence: ConfidenceModel,
    on: date,
    advance: Callable[[int], None] = lambda _: None,
) -> Learned:
    """Learn from judged texts, starting from the weights and the confidence that Sufler ships with.

    Both are cross-fitted: each text is asked of a search that knows the other four fifths only. A search
    that finds a text itself would believe that similarity tells more, and be surer, than is true.
    `reader` reads them as it reads what customers ask: where typos are corrected, these are too.
    """
    judged = JudgedTexts.build(
        [one for one in texts if not looks_empty(reader.clean(one.text))], reader=reader
    )
    utterances = [reader.read(one.text) for one in judged.texts]
    fold_of = [crc32(one.text.encode()) % _FOLDS for one in utterances]

    def asked(weights: Weights) -> list[tuple[Hit, ...]]:
        """Ask each text of a search that has not learned it."""
        found: list[tuple[Hit, ...]] = [()] * len(utterances)
        for fold in range(_FOLDS):
            others = judged.only([number for number, its in enumerate(fold_of) if its != fold])
            for number, its in enumerate(fold_of):
                if its == fold:
                    found[number] = _hits(search, utterances[number], others, weights, on)
                    advance(1)
        return found

    right = [frozenset(one.right) for one in judged.texts]
    shipped: Weights = search.config
    rankings = [ranking(hits, its, shipped) for hits, its in zip(asked(shipped), right, strict=True)]
    weights = fit_weights(rankings, shipped, strength=_STRENGTH)
    rows, outcomes = [], []
    for utterance, hits, one in zip(utterances, asked(weights), judged.texts, strict=True):
        if hits and (
            one.right or hits[0].article.id in one.wrong
        ):  # whether another article is right is unknown
            in_scope = intents.predict(utterance.vector, utterance.grams).in_scope if intents else None
            rows.append(features(hits[0], in_scope=in_scope))
            outcomes.append(hits[0].article.id in one.right)
    return Learned(judged=judged, weights=weights, confidence=updated(confidence, rows, outcomes))


def _hits(
    search: ArticleSearch, utterance: Utterance, judged: JudgedTexts, weights: Weights, on: date
) -> tuple[Hit, ...]:
    language = detect_language(utterance.text)
    try:
        found = search.search(utterance, _LOOKED_AT, on=on, language=language, judged=judged, weights=weights)
    except IndexNotBuilt:
        return ()
    return found.hits

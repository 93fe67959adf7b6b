"""Fit the ranker's weights and the confidence prior that stand in config.yml.

    python scripts/tune_ranker.py DATA [--cache FILE]

DATA is the folder with faq/ and intents/ (or SUFLER_BENCHMARK_DATA). Only dev and train rows are read:
covid_dev, stack_dev, and knowledge bases made from training rows of hwu64_ru, hwu64_large and banking77. An
intent becomes an article, some of its rows are question and phrasings, others are queries, and rows of
omitted intents are out of scope. Clinc150 is not used, because the encoder was trained on it.

Prints the weights, the results of each signal alone, and the results on each kind of base of fitting on the
other kinds. Takes about four minutes on two idle cores, one with the vectors in --cache.
"""

import argparse
import csv
import os
import pickle
import sys
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evaluation.reliability import calibration_error
from kb_index import Article, ArticleSearch, Hit, Weights
from kb_index.formats import read_articles
from nlu.encoders.encoder import Encoder, Kind, Vectors
from nlu.reader import TextReader
from nlu.text import clean, detect_language
from prompter.models import builder
from prompter.models.encoder_factory import build_encoder
from prompter.suggestions.confidence import ConfidenceModel, features, update_model
from prompter.suggestions.ranking_weights import SIGNALS, Ranking, fit_weights, ranking, rerank
from sufler.settings import Settings, load_settings

TODAY = date(2026, 1, 1)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Base:
    """A knowledge base and its queries. A query without a right article is out of scope."""

    name: str
    articles: tuple[Article, ...]
    cases: tuple[tuple[str, tuple[str, ...]], ...]


class DiskCache:
    """An encoder's vectors, cached in a file."""

    def __init__(self, encoder: Encoder, file: Path | None) -> None:
        self._encoder, self._file = encoder, file
        self._known: dict[tuple[str, str], Vectors] = {}
        if file and file.exists():
            self._known = pickle.loads(file.read_bytes())  # noqa: S301 - written by this script

    @property
    def id(self) -> str:
        return self._encoder.id

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if (kind, text) not in self._known]
        for start in range(0, len(missing), 256):
            part = missing[start : start + 256]
            for text, vector in zip(part, self._encoder.encode(part, kind=kind), strict=True):
                self._known[kind, text] = vector
        return np.stack([self._known[kind, text] for text in texts])

    def save(self) -> None:
        if self._file:
            self._file.write_bytes(pickle.dumps(self._known))


def faq(data: Path, name: str, *, left_out: float, seed: int) -> Base:
    """Return the base of that name and its dev rows, with a share of the articles removed."""
    articles = list(read_articles(data / "faq" / f"{name}_kb.csv"))
    random = np.random.default_rng(seed)
    kept = [article for article in articles if random.random() >= left_out]
    ids = {article.id for article in kept}
    rows = _read(data / "faq" / f"{name}_dev.csv")
    cases = [
        (row["text"], tuple(article_id for article_id in row["article_id"].split("|") if article_id in ids))
        for row in rows
    ]
    return Base(name=f"{name}-{left_out:g}", articles=tuple(kept), cases=tuple(cases))


def make_base(
    data: Path,
    name: str,
    *,
    language: str,
    intents: int,
    phrasings: int,
    asking: int,
    one_topic: bool,
    seed: int,
) -> Base:
    """Build a base from some of the intents. One case in eight is out of scope."""
    random = np.random.default_rng(seed)
    texts: dict[str, list[str]] = {}
    for row in _read(data / "intents" / f"{name}_train.csv"):
        texts.setdefault(row["intent"], []).append(row["text"])
    outside: list[str] = []
    order = [
        str(intent) for intent in random.permutation(sorted(texts)) if len(texts[str(intent)]) > phrasings
    ]
    articles: list[Article] = []
    cases: list[tuple[str, tuple[str, ...]]] = []
    for number, intent in enumerate(order):
        rows = [str(text) for text in random.permutation(list({clean(t): t for t in texts[intent]}.values()))]
        if number >= intents:
            outside += rows
            continue
        articles.append(
            Article(
                id=f"a{number:03}",
                question=rows[0],
                phrasings=tuple(rows[1:phrasings]),
                answer="",
                topic="one" if one_topic else f"topic {number // 3}",
                language=language,
            )
        )
        cases += [(text, (f"a{number:03}",)) for text in rows[phrasings : phrasings + asking]]
    chosen = [str(text) for text in random.permutation(outside)[: len(cases) // 7]]
    return Base(
        name=f"{name}-{len(articles)}x{phrasings}",
        articles=tuple(articles),
        cases=(*cases, *((text, ()) for text in chosen)),
    )


def bases(data: Path) -> list[Base]:
    """Return all bases for fitting."""
    ru = {"name": "hwu64_ru", "language": "ru"}
    bank = {"name": "banking77", "language": "en"}
    large = {"name": "hwu64_large", "language": "en"}
    shapes = [
        (ru, 50, 4, 8), (ru, 55, 1, 8), (ru, 20, 3, 12), (ru, 60, 12, 5),
        (bank, 60, 3, 5), (bank, 70, 1, 4), (bank, 25, 8, 10),
        (large, 55, 2, 6), (large, 60, 1, 6), (large, 25, 6, 12),
    ]  # fmt: skip
    faqs = [faq(data, name, left_out=share, seed=0) for name in ("covid", "stack") for share in (0.0, 0.2)]
    return faqs + [
        make_base(
            data,
            name=kind["name"],
            language=kind["language"],
            intents=intents,
            phrasings=phrasings,
            asking=asking,
            one_topic=seed % 2 == 0,
            seed=seed,
        )
        for seed, (kind, intents, phrasings, asking) in enumerate(shapes)
    ]


@dataclass(frozen=True, kw_only=True)
class TuningQuery:
    """A base's cases with the outputs of the assistant's parts."""

    base: Base
    hits: list[tuple[Hit, ...]]
    right: list[frozenset[str]]
    in_scope: Floats


def ask(base: Base, encoder: DiskCache, settings: Settings) -> TuningQuery:
    """Search with the product's own components."""
    reader = TextReader(encoder)
    search = ArticleSearch.build(base.articles, reader=reader, config=builder.search_config(settings.models))
    intents = builder.train_intents(settings.models, base.articles, encoder)
    encoder.encode([clean(text) for text, _ in base.cases], kind="query")
    hits, in_scope = [], []
    for text, _ in base.cases:
        utterance = reader.read(text)
        found = search.search(utterance, 24, on=TODAY, language=detect_language(utterance.text))
        hits.append(found.hits)
        in_scope.append(intents.predict(utterance.vector, utterance.grams).in_scope)
    right = [frozenset(ids) for _, ids in base.cases]
    return TuningQuery(base=base, hits=hits, right=right, in_scope=np.array(in_scope))


def _read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


FAQ_SHARE = 5.0  # weight of a FAQ's base relative to a synthetic base: FAQ queries are the real use
OUTSIDE = 0.05  # share of questions that count as out of scope


def kind_of(base: Base) -> str:
    return base.name.partition("-")[0]


def share_of(base: Base) -> float:
    return FAQ_SHARE if kind_of(base) in ("covid", "stack") else 1.0


def fit_on(asked: Iterable[TuningQuery], weights: Weights) -> Weights:
    """Fit on the cases in scope. All cases of a base together count as 100 times its share."""
    rankings: list[Ranking] = []
    counts: list[float] = []
    for query in asked:
        inside = list(_inside(query))
        rankings += [ranking(hits, right, weights) for hits, right in inside]
        counts += [100 * share_of(query.base) / len(inside)] * len(inside)
    return fit_weights(rankings, weights, strength=1.0, counts=counts)


def precision(asked: TuningQuery, old: Weights, new: Weights) -> float:
    """Return the share of the cases in scope whose first article is right under the `new` weights."""
    return float(np.mean([rerank(hits, old, new)[0].article.id in right for hits, right in _inside(asked)]))


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Suggestions: features, outcomes, and weights."""

    rows: list[tuple[float, ...]]
    right: list[bool]
    counts: list[float]


def outcomes_of(asked: TuningQuery, old: Weights, new: Weights, *, looked_at: int) -> Outcomes:
    """Return the first `looked_at` suggestions of each case. The second and third count half."""
    found = Outcomes(rows=[], right=[], counts=[])
    outside = float(np.mean([not query for query in asked.right]))
    for hits, its, in_scope in zip(asked.hits, asked.right, asked.in_scope.tolist(), strict=True):
        share = 1.0 if not outside else (1 - OUTSIDE) / (1 - outside) if its else OUTSIDE / outside
        for place, hit in enumerate(rerank(hits, old, new)[:looked_at] if hits else []):
            found.rows.append(features(hit, in_scope=in_scope))
            found.right.append(hit.article.id in its)
            found.counts.append(share * (0.5 if place else 1.0))
    scale = 400 * share_of(asked.base) / sum(found.counts)
    return replace(found, counts=[count * scale for count in found.counts])


def fit_confidence(
    asked: Iterable[TuningQuery], prior: ConfidenceModel, old: Weights, new: Weights
) -> ConfidenceModel:
    found = [outcomes_of(query, old, new, looked_at=3) for query in asked]
    return update_model(
        prior,
        [row for outcome in found for row in outcome.rows],
        [right for outcome in found for right in outcome.right],
        counts=[count for outcome in found for count in outcome.counts],
    )


def reliability(
    asked: TuningQuery, model: ConfidenceModel, old: Weights, new: Weights
) -> tuple[float, float, float, float]:
    """Return debiased calibration error, confidence bias, Brier score and that of a constant.

    Out-of-scope cases are weighted to be one in twenty.
    """
    found = outcomes_of(asked, old, new, looked_at=1)
    confidence = 1 / (1 + np.exp(-np.array(found.rows) @ np.array(astuple(model))))
    right, n = np.array(found.right, dtype=np.float64), len(found.rows)
    if len(set(found.counts)) > 1:
        chances = np.array(found.counts) / sum(found.counts)
        drawn = np.random.default_rng(0).choice(n, size=n, p=chances)
        confidence, right = confidence[drawn], right[drawn]
    error = calibration_error(confidence, right, seed=0)
    return (
        error.value if error else 0.0,
        float(confidence.mean() - right.mean()),
        float(((confidence - right) ** 2).mean()),
        float(right.mean() * (1 - right.mean())),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the ranker's weights and the confidence prior.")
    parser.add_argument("data", type=Path, nargs="?", default=os.environ.get("SUFLER_BENCHMARK_DATA"))
    parser.add_argument("--cache", type=Path, help="file that keeps vectors for the next run")
    arguments = parser.parse_args()
    if arguments.data is None or not (Path(arguments.data) / "faq").is_dir():
        sys.exit("name the folder with faq/ and intents/, or set SUFLER_BENCHMARK_DATA")
    settings = load_settings(None)
    encoder = DiskCache(build_encoder(settings.models), arguments.cache)
    asked = []
    for base in bases(Path(arguments.data)):
        sys.stderr.write(f"asking {base.name}: {len(base.cases)} cases\n")
        asked.append(ask(base, encoder, settings))
        encoder.save()
    report(asked, builder.search_config(settings.models), builder.confidence_model(settings.models))


def report(asked: Sequence[TuningQuery], shipped: Weights, prior: ConfidenceModel) -> None:
    """Fit, and print the accuracy on each base for each choice of signals."""
    kinds = sorted({kind_of(query.base) for query in asked})
    without = {kind: [query for query in asked if kind_of(query.base) != kind] for kind in kinds}
    fitted = fit_on(asked, shipped)
    crossed = {kind: fit_on(others, shipped) for kind, others in without.items()}
    _say(f"{fitted}\n\n" + " " * 20 + " ".join(f"{query.base.name:>17}" for query in asked))
    nothing = replace(fitted, **dict.fromkeys(SIGNALS, 0.0))
    for name in SIGNALS:
        _line(
            f"{name} alone", (precision(query, shipped, replace(nothing, **{name: 50.0})) for query in asked)
        )
    for name in SIGNALS:
        _line(f"no {name}", (precision(query, shipped, replace(fitted, **{name: 0.0})) for query in asked))
    _line("shipped", (precision(query, shipped, shipped) for query in asked))
    _line("fitted", (precision(query, shipped, fitted) for query in asked))
    _line("held out", (precision(query, shipped, crossed[kind_of(query.base)]) for query in asked))
    for label, weights in (("shipped weights", shipped), ("fitted weights", fitted)):
        model = fit_confidence(asked, prior, shipped, weights)
        _say(f"\n{label}: {model}")
        ours = [reliability(query, model, shipped, weights) for query in asked]
        held_out = {kind: fit_confidence(others, prior, shipped, weights) for kind, others in without.items()}
        theirs = [reliability(query, held_out[kind_of(query.base)], shipped, weights) for query in asked]
        for row, name in enumerate(("ece", "too sure by", "brier", "brier, constant")):
            _line(f"{name}, fitted", (query[row] for query in ours))
            _line(f"{name}, held out", (query[row] for query in theirs))


def _line(name: str, values: Iterable[float]) -> None:
    _say(f"{name:20}" + " ".join(f"{value:17.3f}" for value in values))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _inside(asked: TuningQuery) -> Iterable[tuple[tuple[Hit, ...], frozenset[str]]]:
    """Return the cases that have a right article, with their search results."""
    return ((hits, right) for hits, right in zip(asked.hits, asked.right, strict=True) if right and hits)


if __name__ == "__main__":
    main()

"""Measure speed and memory with a knowledge base of a chosen size.

The milliseconds per message are measured by this module run as a program: one worker with one thread, which
opens the same database, index and model as `sufler ask` and `sufler run`.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluation import Timing
from kb_index import Article
from nlu.encoders.encoder import Encoder, Kind, Vectors
from nlu.text import clean
from prompter.models.encoder_factory import build_encoder
from prompter.suggestions.assistant import Assistant
from sufler import bootstrap
from sufler.benchmarking.running_server import NotServed, ServerMeasurement, measure_server
from sufler.benchmarking.synthetic_articles import FillerEncoder, generate_articles
from sufler.settings import Settings

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_WARM_UP = 3  # messages that are answered before the measurement


@dataclass(frozen=True, kw_only=True)
class LatencyMeasurement:
    """The measurements of a worker with one thread and of the whole product."""

    timings: tuple[Timing, ...]  # the worker's
    n_articles: int
    threads: int  # the worker's
    served: ServerMeasurement


def messages(texts: Sequence[str], articles: Sequence[Article]) -> list[str]:
    """Return distinct texts without the base's own questions and phrasings, so that none is looked up."""
    known = {clean(text) for article in articles for text in (article.question, *article.phrasings)}
    distinct = {clean(text): text for text in reversed(texts)}
    return [text for clean_text, text in reversed(distinct.items()) if clean_text and clean_text not in known]


def prepare(settings: Settings, articles: Sequence[Article], *, n_articles: int, seed: int) -> None:
    """Fill a database in `settings.data_dir` with `n_articles` articles or more. Build index and model."""
    missing = max(0, n_articles - len(articles))
    with bootstrap.open_store(settings) as store:
        knowledge = bootstrap.build_knowledge_base(store)
        knowledge.import_articles(
            [*articles, *generate_articles(articles, missing, seed=seed)], changed_by="latency"
        )
        encoder = build_encoder(settings.models)
        filler = FillerEncoder(encoder, [clean(article.question) for article in articles], seed=seed)
        bootstrap.build_live_assistant(settings, store, encoder=encoder, of_articles=filler)


def measure(settings: Settings, texts: Sequence[str], *, clients: int) -> LatencyMeasurement:
    """Measure the product that `prepare` built: first a worker with one thread, then everything over HTTP."""
    result = _run_worker(settings, texts)
    return LatencyMeasurement(
        timings=tuple(Timing(total_ms=total, encoder_ms=encoder) for total, encoder in result["timings"]),
        n_articles=result["n_articles"],
        threads=1,
        served=measure_server(settings, texts, clients=clients),
    )


def _run_worker(settings: Settings, texts: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "sufler.benchmarking.latency"],
        input=json.dumps({"settings": _for_worker(settings), "texts": list(texts)}),
        stdout=subprocess.PIPE,
        env={**os.environ, **dict.fromkeys(_ONE_THREAD, "1")},
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotServed(f"the measured worker ended with status {done.returncode}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


class _TimedEncoder:
    """Adds up the seconds that are spent encoding."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.seconds = 0.0

    @property
    def id(self) -> str:
        return self._encoder.id

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        start = time.perf_counter()
        vectors = self._encoder.encode(texts, kind=kind)
        self.seconds += time.perf_counter() - start
        return vectors


def _work(task: dict[str, Any]) -> None:
    settings = Settings(**task["settings"])
    encoder = _TimedEncoder(build_encoder(settings.models, threads=1))
    with bootstrap.open_store(settings) as store:
        assistant = bootstrap.open_assistant(settings, store, encoder=encoder)
    texts: list[str] = task["texts"]
    for text in texts[:_WARM_UP]:
        assistant.triage(text)
    timings = [_time(assistant, encoder, text) for text in texts]
    print(json.dumps({"timings": timings, "n_articles": len(assistant.knowledge.search)}))  # noqa: T201


def _time(assistant: Assistant, encoder: _TimedEncoder, text: str) -> tuple[float, float]:
    before, start = encoder.seconds, time.perf_counter()
    assistant.triage(text)
    return (time.perf_counter() - start) * 1000, (encoder.seconds - before) * 1000


def _for_worker(settings: Settings) -> dict[str, Any]:
    """Leave out sections with secrets: JSON shows them as stars, and a worker does not need them."""
    return settings.model_dump(
        mode="json", exclude={"telegram_token", "telegram", "dialogue", "intents", "web"}
    )


if __name__ == "__main__":
    _work(json.load(sys.stdin))

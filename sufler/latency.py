"""Speed and size of one worker process with one thread, over a knowledge base of a chosen size.

The measured process is this module run as a program: it opens the same database, index and model
that `sufler ask` and `sufler run` open.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation import Timing
from kb_index import Article
from nlu.encoders.encoder import Encoder, Kind, Vectors
from nlu.text import clean
from prompter.assistant import Assistant
from prompter.embeddings import StoredEncoder
from sufler import bootstrap, engines
from sufler.filler import FillerEncoder, generated_articles
from sufler.settings import Settings

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_WARM_UP = 3  # messages that are answered before the clock is read


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a worker process showed."""

    timings: tuple[Timing, ...]
    messages_per_second: float
    rss_mb: float  # most that was resident, in MiB
    cold_start_s: float  # from starting the process to its first answer
    n_articles: int
    threads: int


def messages(texts: Sequence[str], articles: Sequence[Article]) -> list[str]:
    """Distinct texts, none of which is a question or phrasing of the base: nothing may be looked up."""
    known = {clean(text) for article in articles for text in (article.question, *article.phrasings)}
    distinct = {clean(text): text for text in reversed(texts)}
    return [text for cleaned, text in reversed(distinct.items()) if cleaned and cleaned not in known]


def prepare(settings: Settings, articles: Sequence[Article], *, n_articles: int, seed: int) -> None:
    """Fill a database below `settings.data_dir` with `n_articles` articles or more; build all."""
    missing = max(0, n_articles - len(articles))
    with bootstrap.open_store(settings) as store:
        knowledge = bootstrap.build_knowledge_base(store)
        knowledge.import_articles(
            [*articles, *generated_articles(articles, missing, seed=seed)], changed_by="latency"
        )
        encoder = engines.build_encoder(settings)
        filler = FillerEncoder(encoder, [clean(article.question) for article in articles], seed=seed)
        engines.open_assistant(
            settings,
            knowledge.articles(),
            folder=settings.data_dir,
            encoder=encoder,
            kb_encoder=StoredEncoder(filler, store),
        )


def measure(settings: Settings, texts: Sequence[str], *, clients: int) -> Measured:
    """Run a worker over what `prepare` made."""
    environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1")}
    task = {"settings": settings.model_dump(mode="json"), "texts": list(texts), "clients": clients}
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "sufler.latency"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the worker has no pipes")
        process.stdin.write(json.dumps(task))
        process.stdin.close()
        first_answer = process.stdout.readline()
        cold_start_s = time.perf_counter() - start
        lines = process.stdout.read()
    if process.returncode != 0 or not first_answer:
        raise RuntimeError(f"the measured process ended with status {process.returncode}")
    result = json.loads(lines)
    return Measured(
        timings=tuple(Timing(total_ms=total, encoder_ms=encoder) for total, encoder in result["timings"]),
        messages_per_second=result["messages_per_second"],
        rss_mb=result["rss_mb"],
        cold_start_s=cold_start_s,
        n_articles=result["n_articles"],
        threads=1,
    )


class _TimedEncoder:
    """Adds up the time that is spent encoding."""

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
    settings = Settings(**_for_settings(task["settings"]))
    encoder = _TimedEncoder(engines.build_encoder(settings, threads=1))
    with bootstrap.open_store(settings) as store:
        assistant = bootstrap.open_assistant(settings, store, encoder=encoder)
    texts: list[str] = task["texts"]
    assistant.triage(texts[0])
    print("first answer", flush=True)  # noqa: T201 - the signal that `measure` waits for
    for text in texts[:_WARM_UP]:
        assistant.triage(text)
    timings = [_time(assistant, encoder, text) for text in texts]
    start = time.perf_counter()
    with ThreadPoolExecutor(task["clients"]) as pool:
        list(pool.map(assistant.triage, texts))
    rate = len(texts) / (time.perf_counter() - start)
    result = {
        "timings": timings,
        "messages_per_second": rate,
        "rss_mb": _peak_mb(),
        "n_articles": len(assistant.knowledge.search),
    }
    print(json.dumps(result))  # noqa: T201


def _time(assistant: Assistant, encoder: _TimedEncoder, text: str) -> tuple[float, float]:
    before, start = encoder.seconds, time.perf_counter()
    assistant.triage(text)
    return (time.perf_counter() - start) * 1000, (encoder.seconds - before) * 1000


def _peak_mb() -> float:
    """Most that was resident; Linux's ru_maxrss would begin with the size of the parent process."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10  # bytes there, KiB elsewhere


def _for_settings(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out secrets, which JSON shows as stars and a worker does not need."""
    return {name: value for name, value in values.items() if name != "telegram_token"}


if __name__ == "__main__":
    _work(json.load(sys.stdin))

"""The contestants of the benchmark: Rasa's usual pipelines and Sufler, used as a user would.

All get the same rows, and run in their own processes that write into their own folder.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from evaluation import IntentRow
from kb_index import Article
from kb_index.formats import Format, write_articles
from kb_index.formats.rasa_yaml import as_example
from nlu.text import detect_language
from prompter.models.builder import TOPIC_PREFIX
from scripts.measuring import ROOT
from sufler.benchmarking.running_server import (
    Endpoint,
    NotServed,
    Running,
    environment,
    run_server,
    stop,
    write_config,
)
from sufler.rasa.environment import QUIETLY, RasaEnvironment
from sufler.settings import Database, Settings

FALLBACK = "nlu_fallback"
AMBIGUITY = 0.1  # Rasa's default: it also falls back if the second intent is this close
USUAL_THRESHOLD = 0.7  # fallback threshold in the examples of Rasa's documentation
DEFAULT_THRESHOLD = 0.3  # fallback threshold in the pipeline that Rasa suggests
_START_SECONDS = 300
_LAST_LINES = 5  # lines of a log that are shown
Pipeline = Sequence[Mapping[str, Any]]

_COUNTS: Pipeline = [
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]
_FALLBACK: Pipeline = [
    {"name": "FallbackClassifier", "threshold": USUAL_THRESHOLD, "ambiguity_threshold": AMBIGUITY}
]
# Rasa 3.6 suggests this if config.yml names no pipeline, except for the fallback's threshold.
DIET: Pipeline = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    *_COUNTS,
    {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True},
    {"name": "EntitySynonymMapper"},
    {"name": "ResponseSelector", "epochs": 100, "constrain_similarities": True},
    *_FALLBACK,
]
LOGISTIC_REGRESSION: Pipeline = [  # it reads no features of single words
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    *_COUNTS,
    {"name": "LogisticRegressionClassifier"},
    *_FALLBACK,
]


class NotTrained(Exception):
    """Training failed. The message gives the path of its log and the last lines."""


@dataclass(frozen=True, kw_only=True)
class Guess:
    """The top intent, at any confidence."""

    intent: str
    confidence: float
    lead: float  # over the second intent


class Contestant(Protocol):
    """Learns rows, serves the model, and interprets its answers."""

    @property
    def name(self) -> str: ...

    def train(self, rows: Sequence[IntentRow]) -> float:
        """Train a servable model from rows, and return the CPU-seconds."""
        ...

    def serve(self) -> AbstractContextManager[Running]: ...

    def guess(self, answer: Mapping[str, Any]) -> Guess: ...


@dataclass(frozen=True, kw_only=True)
class Rasa:
    """`rasa train nlu`, then `rasa run --enable-api`, queried by POST /model/parse."""

    name: str
    pipeline: Pipeline
    environment: RasaEnvironment
    language: str
    folder: Path

    def train(self, rows: Sequence[IntentRow]) -> float:
        self.folder.mkdir(parents=True)
        write_nlu(rows, self.folder / "nlu.yml")
        recipe = {
            "recipe": "default.v1",
            "assistant_id": "measured",
            "language": self.language,
            "pipeline": [dict(component) for component in self.pipeline],
            "policies": [{"name": "RulePolicy"}],
        }
        (self.folder / "config.yml").write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
        files = ["--nlu", "nlu.yml", "--config", "config.yml", "--out", ".", "--fixed-model-name", "model"]
        return cpu_seconds_of(
            self._command("train", "nlu", *files),
            log=self.folder / "train.log",
            cwd=self.folder,
            env=self._variables(),
        )

    @contextmanager
    def serve(self) -> Iterator[Running]:
        port = _free_port()
        served = ["--enable-api", "--model", "model.tar.gz", "--interface", "127.0.0.1", "--port", str(port)]
        log = self.folder / "run.log"
        started = time.perf_counter()
        with (
            log.open("w", encoding="utf-8") as lines,
            subprocess.Popen(  # noqa: S603 - our own command
                self._command("run", *served),
                cwd=self.folder,
                env=self._variables(),
                stdout=lines,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process,
        ):
            try:
                _wait_for(port, process, log)
                endpoint = Endpoint(address=("127.0.0.1", port), path="/model/parse", key="intent_ranking")
                yield Running(pid=process.pid, endpoint=endpoint, started=started)
            finally:
                stop(process)

    def guess(self, answer: Mapping[str, Any]) -> Guess:
        """Return the first intent after the fallback, which names no intent."""
        ranking = [entry for entry in answer["intent_ranking"] if entry["name"] != FALLBACK]
        if not ranking:
            return Guess(intent="", confidence=0.0, lead=0.0)
        first, second = ranking[0]["confidence"], ranking[1]["confidence"] if ranking[1:] else 0.0
        return Guess(intent=ranking[0]["name"], confidence=first, lead=first - second)

    def _command(self, *arguments: str) -> list[str]:
        return [str(self.environment.python.absolute()), "-m", "rasa", *arguments]

    def _variables(self) -> dict[str, str]:
        return {**os.environ, **QUIETLY}


@dataclass(frozen=True, kw_only=True)
class Sufler:
    """`sufler kb import`, `sufler train`, then `sufler run`, queried by POST /api/ask.

    An intent is a topic with one article, whose phrasings are the rows. There are no other intents.
    """

    settings: Settings
    folder: Path
    name: str = "Sufler"

    def train(self, rows: Sequence[IntentRow]) -> float:
        training_data = self.folder / "training_data"
        training_data.mkdir(parents=True)
        write_nlu([], training_data / "nlu.yml")
        base = self.folder / "kb.csv"
        write_articles(articles_of(rows), base, format=Format.CSV)
        config = write_config(self._settings())
        return sum(
            cpu_seconds_of(
                [sys.executable, "-m", "sufler", *step, "--config", str(config)],
                log=self.folder / "train.log",
                cwd=ROOT,
                env=environment(),
            )
            for step in (["kb", "import", str(base)], ["train"])
        )

    def serve(self) -> AbstractContextManager[Running]:
        return run_server(self._settings())

    def guess(self, answer: Mapping[str, Any]) -> Guess:
        intent = answer["intent"] or ""
        confidence = answer["intent_confidence"]
        return Guess(intent=intent.removeprefix(TOPIC_PREFIX), confidence=confidence, lead=confidence)

    def _settings(self) -> Settings:
        return self.settings.model_copy(
            update={
                "data_dir": self.folder,
                "database": Database(url=None),
                "training_data": self.folder / "training_data",
            }
        )


def write_nlu(rows: Sequence[IntentRow], path: Path) -> None:
    """Write Rasa's file of examples, each a separate text, so that none is parsed as YAML."""
    entries = [
        {"intent": intent, "examples": [{"text": text} for text in texts]}
        for intent, texts in _group_by_intent(rows).items()
    ]
    document = {"version": "3.1", "nlu": entries}
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")


def articles_of(rows: Sequence[IntentRow]) -> list[Article]:
    """Return an article per intent with a unique answer, since equal answers count as one."""
    return [
        Article(
            id=str(number),
            question=question,
            phrasings=tuple(phrasings),
            answer=f"answer {number}",
            topic=intent,
            language=detect_language(question) or "en",
        )
        for number, (intent, (question, *phrasings)) in enumerate(_group_by_intent(rows).items())
    ]


def cpu_seconds_of(command: Sequence[str], *, log: Path, cwd: Path, env: Mapping[str, str]) -> float:
    """Run a command and return its CPU-seconds, user and system, including its children.

    Raises:
        NotTrained: when it ended with an error.
    """
    with log.open("w", encoding="utf-8") as lines:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command, cwd=cwd, env=env, stdout=lines, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise NotTrained(f"training ended with status {process.returncode}: {_end_of(log)}")
    return usage.ru_utime + usage.ru_stime


def cpu_seconds(pid: int) -> float:
    """Return the CPU-seconds, user and system, of a running process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _group_by_intent(rows: Sequence[IntentRow]) -> dict[str, list[str]]:
    """Return the distinct texts by intent, on one line and free of Rasa's entity syntax."""
    texts: dict[str, dict[str, None]] = {}
    for row in rows:
        texts.setdefault(row.intent, {})[as_example(row.text)] = None
    return {intent: list(examples) for intent, examples in texts.items()}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[str], log: Path) -> None:
    """Wait until a server listens on the port."""
    patience = time.monotonic() + _START_SECONDS
    while time.monotonic() < patience:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            raise NotServed(f"Rasa ended with status {process.returncode} before it served: {_end_of(log)}")
        time.sleep(0.02)
    raise NotServed(f"Rasa did not serve within {_START_SECONDS} s: {_end_of(log)}")


def _end_of(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return " / ".join(lines[-_LAST_LINES:]) or "it said nothing"

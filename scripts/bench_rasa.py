"""Compare Sufler with Rasa. scripts/bench.py puts the figures into its page (`make bench-rasa`).

    python -m scripts.bench_rasa --splits hwu20_ru    # five minutes; everything: 45 minutes

Needs `make rasa`. Rasa's two usual pipelines and Sufler learn the same training rows. Then each in turn is
started, queried with test rows over HTTP by one client and by eight, and stopped, in three rounds. Accuracy
and confidence come from the answers of the first round's server to all test rows.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from evaluation import EvaluationError, IntentRow, ScoredCase, read_intents
from evaluation.estimates import Estimate, share
from evaluation.selective import accuracy_of_surest
from scripts.contestants import (
    AMBIGUITY,
    DEFAULT_THRESHOLD,
    DIET,
    LOGISTIC_REGRESSION,
    USUAL_THRESHOLD,
    Contestant,
    Guess,
    NotTrained,
    Rasa,
    Sufler,
    cpu_seconds,
)
from scripts.measuring import ROOT, median_of, parse
from sufler.benchmarking.machine_info import machine, versions
from sufler.benchmarking.running_server import Client, NotServed, Running, ask_all, peak_mb
from sufler.cli.evaluation.output import as_json
from sufler.rasa.environment import NoRasa, RasaEnvironment
from sufler.settings import Settings, load_settings

CLIENTS = 8
ROUNDS = 3
TIMED = 500  # requests per round and number of clients; rows repeat if there are fewer
FIGURES = {
    "accuracy": "accuracy",
    "train_cpu_s": "training\nCPU-s",
    "memory_mb": "server\nMB",
    "start_s": "start\ns",
    "start_cpu_s": "of it\nCPU-s",
    "p50_ms": "p50\nms",
    "p99_ms": "p99\nms",
    "requests_per_second": "requests\n/s",
}
SURE_FIGURES = {
    "threshold": "threshold",
    "coverage": "answered",
    "rasa_accuracy": "Rasa right",
    "sufler_accuracy": "Sufler right",
}
_WARM_UP = 10  # requests that are not counted


class NoFigures(Exception):
    """Something could not be read, trained or served. The message says what failed."""


@dataclass(frozen=True, kw_only=True)
class Set:
    """A data set of training rows and test rows."""

    name: str
    title: str
    language: str
    train: str
    test: str


SETS = (
    Set(
        name="hwu20_ru",
        title="hwu20 in Russian, 5 examples per intent",
        language="ru",
        train="hwu20_ru_train",
        test="hwu20_ru_test",
    ),
    Set(
        name="hwu64_small",
        title="hwu64 small, 10 examples per intent",
        language="en",
        train="hwu64_small_train",
        test="hwu64_small_test",
    ),
    Set(
        name="banking77_10",
        title="banking77, 10 examples per intent",
        language="en",
        train="banking77_train_10shot",
        test="banking77_test",
    ),
)


def parse_sets(names: str) -> list[Set]:
    """Return the data sets with these comma-separated names."""
    known = {set_name.name: set_name for set_name in SETS}
    if unknown := set(names.split(",")) - known.keys():
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: there are {', '.join(known)}")
    return [known[name] for name in names.split(",")]


def add_option(parser: argparse.ArgumentParser) -> None:
    names = ",".join(set_name.name for set_name in SETS)
    parser.add_argument("--splits", type=parse_sets, default=SETS, help=f"asked of Rasa, of {names}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add_option(parser)
    options = parse(parser)
    try:
        figures = dict(measure(options.data, options.splits))
    except NoRasa as reason:
        sys.stderr.write(f"Skipped: {reason}\n")
        return 0
    except NoFigures as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    json.dump(figures, sys.stdout, indent=1)
    return 0


def measure(
    data: Path, sets: Sequence[Set] = SETS, *, rasa: Path = ROOT / ".venv-rasa"
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return name and figures of each set, per contestant, and accuracies at equal coverage.

    Raises:
        NoRasa: when Rasa is not set up.
        NoFigures: when no figure can be measured.
    """
    console = Console(stderr=True)
    settings, environment = load_settings(None), RasaEnvironment(folder=rasa)
    if not environment.is_complete():
        raise NoRasa(f"there is no complete Rasa environment in {environment.folder.name}: make rasa")
    for set_name in sets:
        try:
            with tempfile.TemporaryDirectory(prefix="sufler-beside-rasa-") as folder:
                train, test = (
                    read_intents(data / "intents" / f"{name}.csv") for name in (set_name.train, set_name.test)
                )
                who = contestants(settings, environment, set_name.language, Path(folder))
                rows, sure = measure_set(who, train, test, console=console)
        except (NotTrained, NotServed, EvaluationError) as reason:
            raise NoFigures(str(reason)) from reason
        show(console, set_name.title, rows, sure)
        where = f"{machine()}; {versions()}"
        yield set_name.name, {"title": set_name.title, "machine": where, "rows": rows, "sure": sure}


def contestants(
    settings: Settings, environment: RasaEnvironment, language: str, folder: Path
) -> list[Contestant]:
    """Return Rasa's pipelines, then Sufler."""
    return [
        *(
            Rasa(
                name=name,
                pipeline=pipeline,
                environment=environment,
                language=language,
                folder=folder / f"rasa-{number}",
            )
            for number, (name, pipeline) in enumerate(
                {"Rasa, DIET": DIET, "Rasa, logistic": LOGISTIC_REGRESSION}.items()
            )
        ),
        Sufler(settings=settings, folder=folder / "sufler"),
    ]


def measure_set(
    who: Sequence[Contestant],
    train: Sequence[IntentRow],
    test: Sequence[IntentRow],
    *,
    console: Console,
    rounds: int = ROUNDS,
    timed: int = TIMED,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a row per contestant, and a comparison of each Rasa pipeline and threshold with Sufler."""
    trained, speed = {}, {contestant.name: list[dict[str, float | None]]() for contestant in who}
    guesses: dict[str, list[Guess]] = {}
    texts = texts_to_time([row.text for row in test], timed)
    for contestant in who:
        console.log(f"{contestant.name} learns {len(train)} rows")
        trained[contestant.name] = round(contestant.train(train), 1)
    for number in range(1, rounds + 1):
        for contestant in who:
            console.log(f"round {number} of {rounds}: {contestant.name}")
            with contestant.serve() as server:
                speed[contestant.name].append(measure_server(server, texts))
                if contestant.name not in guesses:
                    with closing(Client(server.endpoint)) as client:
                        guesses[contestant.name] = [contestant.guess(client.ask(row.text)) for row in test]
    outcomes = {name: outcomes_of(test, contestant_guesses) for name, contestant_guesses in guesses.items()}
    rows = []
    for contestant in who:
        stated = as_json({"accuracy": accuracy(outcomes[contestant.name])}, {"n_test": len(test)})
        medians = median_of(speed[contestant.name])
        both = {"ci": {**stated.pop("ci"), **medians.pop("ci")}}
        trained_s = {"train_cpu_s": trained[contestant.name]}
        rows.append({"contestant": contestant.name, **stated, **trained_s, **medians, **both})
    *others, last = who
    sure = [
        {"contestant": contestant.name, "threshold": threshold}
        | as_json(compare_at_equal_coverage(outcomes[contestant.name], answered, outcomes[last.name]), {})
        for contestant in others
        for threshold in (USUAL_THRESHOLD, DEFAULT_THRESHOLD)
        for answered in [[is_sure(guess, threshold) for guess in guesses[contestant.name]]]
    ]
    return rows, sure


def texts_to_time(texts: Sequence[str], count: int) -> list[str]:
    """Return `count` texts in random order, repeated if there are fewer."""
    order = np.random.default_rng(0).permutation(len(texts))
    return [texts[order[number % len(texts)]] for number in range(count)]


def measure_server(server: Running, texts: Sequence[str]) -> dict[str, float | None]:
    """Start the server, time requests, and return the figures."""
    milliseconds = []
    with closing(Client(server.endpoint)) as client:
        client.ask(texts[0])
        start_s, start_cpu_s = time.perf_counter() - server.started, cpu_seconds(server.pid)
        for text in texts[:_WARM_UP]:
            client.ask(text)
        for text in texts:
            start = time.perf_counter()
            client.ask(text)
            milliseconds.append((time.perf_counter() - start) * 1000)
    return {
        "start_s": round(start_s, 1),
        "start_cpu_s": round(start_cpu_s, 1),
        "p50_ms": round(float(np.percentile(milliseconds, 50)), 1),
        "p99_ms": round(float(np.percentile(milliseconds, 99)), 1),
        "requests_per_second": round(ask_all(server.endpoint, texts, CLIENTS), 1),
        "memory_mb": peak_mb(server.pid),
    }


def outcomes_of(rows: Sequence[IntentRow], guesses: Sequence[Guess]) -> list[ScoredCase]:
    return [
        ScoredCase(
            text=row.text,
            right=(row.intent,),
            suggested=guess.intent,
            confidence=guess.confidence,
            rank=1 if guess.intent == row.intent else None,
            is_right=guess.intent == row.intent,
            in_scope=True,
        )
        for row, guess in zip(rows, guesses, strict=True)
    ]


def is_sure(guess: Guess, threshold: float) -> bool:
    """Return True if Rasa's fallback lets an intent pass."""
    return guess.confidence >= threshold and guess.lead >= AMBIGUITY


def accuracy(outcomes: Sequence[ScoredCase]) -> Estimate | None:
    return share(sum(outcome.is_right for outcome in outcomes), len(outcomes))


def compare_at_equal_coverage(
    theirs: Sequence[ScoredCase], answered: Sequence[bool], ours: Sequence[ScoredCase]
) -> dict[str, Estimate | None]:
    """Return the share of rows that Rasa answers, and both accuracies on equally many rows."""
    sure = [outcome for outcome, is_answered in zip(theirs, answered, strict=True) if is_answered]
    return {
        "coverage": share(len(sure), len(theirs)),
        "rasa_accuracy": accuracy(sure),
        "sufler_accuracy": accuracy_of_surest(ours, len(sure)),
    }


def show(
    console: Console, title: str, rows: Sequence[Mapping[str, Any]], sure: Sequence[Mapping[str, Any]]
) -> None:
    """Print the measurements of one set."""
    for heading, columns, table_rows in (
        (title, FIGURES, rows),
        (f"{title}, where Rasa does not fall back", SURE_FIGURES, sure),
    ):
        table = Table("", *columns.values(), title=heading, box=SIMPLE, padding=(0, 0, 0, 1))
        for row in table_rows:
            table.add_row(row["contestant"], *(_cell(row[name]) for name in columns))
        console.print(table)


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}" if value <= 1 else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main())

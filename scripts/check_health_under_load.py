"""Measure /health while twenty of the most expensive customer messages are being processed.

    python -m scripts.check_health_under_load              # one of each of twenty kinds: three minutes
    python -m scripts.check_health_under_load --each       # twenty messages of every kind: half an hour
    python -m scripts.check_health_under_load --kind newlines --kind emoji

Starts its own Sufler with the demo base, on a free port of this machine and in a temporary folder, and stops
it. Ends with status 1 if the 99th percentile is above the target.
"""

import argparse
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

from rich.console import Console
from rich.table import Table

from kb_index.formats import read_articles
from prompter.domain.conversation import IncomingMessage
from prompter.storage import Store
from sufler import bootstrap
from sufler.benchmarking.running_server import run_server
from sufler.settings import Settings, load_settings
from tests.adversarial import KINDS

MARK_MS = 200
LENGTH = 4000  # characters of a message
MESSAGES = 20
PAUSE_S = 0.02  # between two requests
MAX_WAIT_S = 120  # limit for the messages of one batch


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Latency of GET /health, in milliseconds."""

    requests: int
    p50: float
    p99: float
    max: float
    seconds: float  # until all messages were triaged

    @classmethod
    def of(cls, seconds: Sequence[float], *, waited: float) -> "Latency":
        return cls(
            requests=len(seconds),
            p50=1000 * statistics.median(seconds),
            p99=1000 * statistics.quantiles(seconds, n=100, method="inclusive")[98],
            max=1000 * max(seconds),
            seconds=waited,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--each", action="store_true", help="twenty messages of every kind")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="twenty messages of this kind")
    options = parser.parse_args()
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="sufler-health-") as folder:
        settings = load_settings(None).model_copy(update={"data_dir": Path(folder)})
        found = measure(settings, batches(options.kind or [], all_kinds=options.each), console)
    table = Table("messages", "requests", "p50 ms", "p99 ms", "max ms", "triaged in s")
    for name, latency in found.items():
        figures = (f"{value:.0f}" for value in (latency.p50, latency.p99, latency.max, latency.seconds))
        table.add_row(name, str(latency.requests), *figures)
    Console().print(table)
    if any(latency.p99 > MARK_MS for latency in found.values()):
        sys.exit(f"p99 is above {MARK_MS} ms")


def batches(kinds: Sequence[str], *, all_kinds: bool) -> dict[str, list[str]]:
    """Return the messages to send together, by name."""
    if kinds or all_kinds:
        return {name: [KINDS[name](LENGTH)] * MESSAGES for name in kinds or KINDS}
    names = list(KINDS)
    groups = [names[start : start + MESSAGES] for start in range(0, len(names), MESSAGES)]
    groups[-1] += names[: MESSAGES - len(groups[-1])]
    return {f"{group[0]} … {group[-1]}": [KINDS[name](LENGTH) for name in group] for group in groups}


def measure(settings: Settings, messages: dict[str, list[str]], console: Console) -> dict[str, Latency]:
    """Measure latencies while idle, and then during each batch."""
    with bootstrap.open_store(settings) as store:
        articles = read_articles(settings.training_data_dir / "kb.csv")
        bootstrap.build_knowledge_base(store).import_articles(articles, changed_by="check")
        with run_server(settings) as server, closing(HTTPConnection(*server.endpoint.address)) as connection:
            found = {"none": _request_health(connection, store, min_seconds=5.0)}
            for name, texts in messages.items():
                _send(settings, store, texts)
                found[name] = _request_health(connection, store)
                console.print(f"{name}: {found[name]}")
    return found


def _send(settings: Settings, store: Store, texts: Sequence[str]) -> None:
    """Send each text as a message from a different customer."""
    reception = bootstrap.build_reception(settings, store)
    for text in texts:
        chat = uuid.uuid4().hex
        reception.receive(IncomingMessage(channel="web", chat_id=chat, external_id=chat, text=text))


def _request_health(connection: HTTPConnection, store: Store, *, min_seconds: float = 1.0) -> Latency:
    """Request /health until no message waits to be triaged."""
    seconds, start = [], time.perf_counter()
    for number in _wait_until_triaged(store, start, min_seconds):
        if number % 50 == 0:
            connection.close()  # a new connection costs more
        begin = time.perf_counter()
        connection.request("GET", "/health")
        response = connection.getresponse()
        response.read()
        seconds.append(time.perf_counter() - begin)
        if response.status != 200:
            raise SystemExit(f"GET /health was answered {response.status}")
        time.sleep(PAUSE_S)
    return Latency.of(seconds, waited=time.perf_counter() - start)


def _wait_until_triaged(store: Store, start: float, min_seconds: float) -> Iterator[int]:
    number = 0
    while (waited := time.perf_counter() - start) < MAX_WAIT_S:
        if number % 50 == 0 and waited > min_seconds and not _count_untriaged(store):
            return
        yield number
        number += 1


def _count_untriaged(store: Store) -> int:
    """Return the number of untriaged turns, including those of customers who may still be writing."""
    with store.read() as tx:
        return len(tx.conversations.due_turns(datetime.now(UTC) + timedelta(minutes=1)))


if __name__ == "__main__":
    main()

"""A running Sufler as its users meet it: `sufler run` in a process of its own, asked over HTTP."""

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from prompter.storage import Role
from sufler import bootstrap
from sufler.settings import Settings

_CLIENT_SECONDS = 120  # a request that takes longer has failed
_STOP_SECONDS = 30
_PAGES = re.compile(r"https?://\S+(?=/docs)")


@dataclass(frozen=True, kw_only=True)
class Served:
    """What a running product showed to its clients."""

    messages_per_second: float  # texts sent until their ranked suggestions had all come back
    rss_mb: float | None  # most that was resident, in MiB; None where the system does not say
    cold_start_s: float  # from starting the process to its first answer


class NotServed(Exception):
    """The measured product did not start, or refused a request; the message says which."""


def measure_served(settings: Settings, texts: Sequence[str], *, clients: int) -> Served:
    """Run the product over the database in `settings.data_dir` and ask it by POST /api/ask.

    The first text is asked alone, for the start; then `clients` ask the others, each the next one
    as soon as it has an answer.

    Raises:
        NotServed: there was no answer, or one that is not 200.
    """
    token = _operator_token(settings)
    start = time.perf_counter()
    with _running(settings) as (process, address):
        with closing(_Client(address, token)) as client:
            client.ask(texts[0])
        cold_start_s = time.perf_counter() - start
        rate = _ask_all(address, token, texts[1:] or texts, clients)
        rss_mb = peak_mb(process.pid)
    return Served(messages_per_second=rate, rss_mb=rss_mb, cold_start_s=cold_start_s)


def peak_mb(pid: int) -> float | None:
    """Most memory of a process that was ever resident, in MiB; None where there is no /proc."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 2**10


class _Client:
    """One connection, kept open, as a program would."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self._connection = HTTPConnection(*address, timeout=_CLIENT_SECONDS)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, text: str) -> None:
        self._connection.request("POST", "/api/ask", json.dumps({"text": text}), self._headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status != 200 or "suggestions" not in json.loads(body):
            raise NotServed(f"POST /api/ask was answered {response.status}: {body[:200]!r}")

    def close(self) -> None:
        self._connection.close()


def _ask_all(address: tuple[str, int], token: str, texts: Sequence[str], clients: int) -> float:
    """Messages a second."""
    waiting: SimpleQueue[str] = SimpleQueue()
    for text in texts:
        waiting.put(text)

    def work() -> None:
        with closing(_Client(address, token)) as client, suppress(Empty):
            while True:
                client.ask(waiting.get_nowait())

    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for done in [pool.submit(work) for _ in range(clients)]:
            done.result()
    return len(texts) / (time.perf_counter() - start)


def _operator_token(settings: Settings) -> str:
    with bootstrap.open_store(settings) as store:
        accounts = bootstrap.build_accounts(store)
        name = f"latency {secrets.token_hex(4)}"
        operator = accounts.add(name, Role.OPERATOR, secrets.token_urlsafe(16))
        return accounts.create_token(operator.id, "measuring")


@contextmanager
def _running(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], tuple[str, int]]]:
    """`sufler run` on a free port of this machine; on leaving, it is asked to stop and waited for."""
    config = settings.data_dir / "measured.yml"
    values = settings.model_dump(mode="json", exclude={"telegram_token"})
    values["web"] |= {"host": "127.0.0.1", "port": 0}
    config.write_text(json.dumps({"sufler": values}), encoding="utf-8")  # JSON is YAML
    # The file holds what the environment says, save the messenger, which is not to be called.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUFLER_")}
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "sufler", "run", "--config", str(config)],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        try:
            yield process, _address(process)
        finally:
            process.terminate()
            try:
                process.communicate(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(process: subprocess.Popen[str]) -> tuple[str, int]:
    if process.stdout is None:
        raise NotServed("the measured process has no output to read its address from")
    for line in process.stdout:
        if found := _PAGES.search(line):
            parts = urlsplit(found[0])
            return str(parts.hostname), int(parts.port or 80)
    raise NotServed(f"the measured process ended with status {process.wait()} before it served")

"""A running Sufler as its users see it: `sufler run` in its own process, asked over HTTP."""

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from prompter.domain.account import Role, Scope
from sufler import bootstrap
from sufler.private_files import make_private_file
from sufler.settings import Settings

_CLIENT_SECONDS = 120  # a request that takes longer has failed
_STOP_SECONDS = 30
_PAGES = re.compile(r"https?://[^\s/]+(?=/docs)")


@dataclass(frozen=True, kw_only=True)
class ServerMeasurement:
    """The measurements of a running product, as its clients see it."""

    messages_per_second: float  # a message counts once its ranked suggestions have arrived
    rss_mb: float | None  # peak resident memory, in MiB; None if the system does not report it
    cold_start_s: float  # from the start of the process to its first answer


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """The address that answers texts: POST {"text": …} returns 200 and a JSON object with `key`."""

    address: tuple[str, int]
    path: str
    key: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # includes a token


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server in its own process."""

    pid: int
    endpoint: Endpoint
    started: float  # time.perf_counter() just before the start


class NotServed(Exception):
    """The measured server did not start, or refused a request. The message says which."""


def measure_server(settings: Settings, texts: Sequence[str], *, clients: int) -> ServerMeasurement:
    """Run the product over the database in `settings.data_dir` and ask it by POST /api/ask.

    The first text is sent alone, to measure the start. Then `clients` clients send the others, each the
    next text as soon as it has an answer.

    Raises:
        NotServed: when there was no answer, or its status was not 200.
    """
    with run_server(settings) as server:
        with closing(Client(server.endpoint)) as client:
            client.ask(texts[0])
        cold_start_s = time.perf_counter() - server.started
        rate = ask_all(server.endpoint, texts[1:] or texts, clients)
        rss_mb = peak_mb(server.pid)
    return ServerMeasurement(messages_per_second=rate, rss_mb=rss_mb, cold_start_s=cold_start_s)


def peak_mb(pid: int) -> float | None:
    """Return the peak resident memory of a process, in MiB, or None if there is no /proc."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 2**10


class Client:
    """A client with one connection that is kept open, as a program would keep it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._connection = HTTPConnection(*endpoint.address, timeout=_CLIENT_SECONDS)
        self._headers = {**endpoint.headers, "Content-Type": "application/json"}

    def ask(self, text: str) -> dict[str, Any]:
        """Send a text and return the answer.

        Raises:
            NotServed: when the status is not 200, or the answer is not of the expected shape.
        """
        path = self._endpoint.path
        self._connection.request("POST", path, json.dumps({"text": text}), self._headers)
        response = self._connection.getresponse()
        body = response.read()
        answer = json.loads(body) if response.status == 200 else None
        if not isinstance(answer, dict) or self._endpoint.key not in answer:
            raise NotServed(f"POST {path} was answered {response.status}: {body[:200]!r}")
        return answer

    def close(self) -> None:
        self._connection.close()


def ask_all(endpoint: Endpoint, texts: Sequence[str], clients: int) -> float:
    """Send the texts and return the messages per second. Each client sends a text after its last answer."""
    waiting: SimpleQueue[str] = SimpleQueue()
    for text in texts:
        waiting.put(text)

    def work() -> None:
        with closing(Client(endpoint)) as client, suppress(Empty):
            while True:
                client.ask(waiting.get_nowait())

    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for future in [pool.submit(work) for _ in range(clients)]:
            future.result()
    return len(texts) / (time.perf_counter() - start)


@contextmanager
def run_server(settings: Settings) -> Iterator[Running]:
    """Run `sufler run` on a free local port, with an operator's token. Leaving the context stops it.

    Raises:
        NotServed: when it ended before it could be asked.
    """
    token = _operator_token(settings)
    config = write_config(settings)
    started = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "sufler", "run", "--config", str(config)],
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as process:
        try:
            endpoint = Endpoint(
                address=_address(process),
                path="/api/ask",
                key="suggestions",
                headers={"Authorization": f"Bearer {token}"},
            )
            yield Running(pid=process.pid, endpoint=endpoint, started=started)
        finally:
            stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """Ask a process to end, and wait until it has ended."""
    process.terminate()
    try:
        process.communicate(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def write_config(settings: Settings) -> Path:
    """Write the settings into a file in `data_dir`, except messenger and Rasa, which must not be called."""
    config = settings.data_dir / "measured.yml"
    values = settings.model_dump(mode="json", exclude={"telegram_token", "telegram", "dialogue", "intents"})
    values["database"]["url"] = settings.database_url
    values["web"].pop("session_secret")
    values["web"] |= {"host": "127.0.0.1", "port": 0}
    make_private_file(config)  # it contains the database's password
    config.write_text(json.dumps({"sufler": values}), encoding="utf-8")  # JSON is valid YAML
    return config


def environment() -> dict[str, str]:
    """Return this process's environment without Sufler's settings, which `write_config` has written."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SUFLER_")}


def _operator_token(settings: Settings) -> str:
    with bootstrap.open_store(settings) as store:
        accounts = bootstrap.build_accounts(store)
        name = f"latency {secrets.token_hex(4)}"
        operator = accounts.add(name, Role.OPERATOR, secrets.token_urlsafe(16))
        return accounts.create_token(operator.id, "measuring", scopes={Scope.READ}, days=1)


def _address(process: subprocess.Popen[str]) -> tuple[str, int]:
    if process.stdout is None:
        raise NotServed("the measured process has no output to read its address from")
    for line in process.stdout:
        if found := _PAGES.search(line):
            parts = urlsplit(found[0])
            return str(parts.hostname), int(parts.port or 80)
    raise NotServed(f"the measured process ended with status {process.wait()} before it served")

"""Check that two thousand silent, slow or non-reading clients do not harm others.

    python -m scripts.check_connections                 # starts its own demo, 90 seconds
    python -m scripts.check_connections --files 1024 --hard   # with a hard limit on open files

Loopback only. A separate process opens the connections, and reopens them when they are closed. During and
after that, /health is requested and a customer writes. Prints the response times, and fails if a target is
missed.
"""

import argparse
import json
import os
import re
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from pathlib import Path

MAX_P99 = {"/health": 0.2, "a customer's POST": 1.0}  # seconds
KINDS = ("nothing", "half", "slow headers", "slow body", "slow reader")
_FIRST = {
    "nothing": b"",
    "half": b"GET /health HTTP/1.1\r\nHost: x\r\nX-Half: x",
    "slow headers": b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "slow body": b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: 10000\r\n\r\n{",
    "slow reader": b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 8,
}


@dataclass(kw_only=True)
class Answers:
    """Response times in seconds, and the requests without a response."""

    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Return the response time in seconds below which this share of the answers lies.

        >>> Answers(seconds=[0.1, 0.2, 0.3]).percentile(0.99)
        0.3
        """
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def flood(port: int, count: int, seconds: float, use: Sequence[str]) -> None:
    """Keep `count` connections half-open, reopening those that the server closes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 100)), hard))
    selector = selectors.DefaultSelector()
    kinds: dict[socket.socket, str] = {}
    counts: Counter[str] = Counter()
    began = time.monotonic()
    next_bytes = began + 1
    while time.monotonic() < began + seconds:
        for _ in range(min(10, count - len(kinds))):  # at most two hundred new connections a second
            kind = use[counts["opened"] % len(use)]
            client = socket.socket()
            if kind == "slow reader":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(0.5)
            try:
                client.connect(("127.0.0.1", port))
                client.sendall(_FIRST[kind])
            except OSError:
                counts["not opened"] += 1
                client.close()
                break
            client.setblocking(False)
            kinds[client] = kind
            counts["opened"] += 1
            if kind != "slow reader":
                selector.register(client, selectors.EVENT_READ, client)
        for key, _ in selector.select(0.05):
            client = key.data
            with suppress(BlockingIOError):
                if not _read(client):
                    selector.unregister(client)
                    del kinds[client]
                    client.close()
                    counts["closed by the server"] += 1
        if time.monotonic() > next_bytes:
            next_bytes += 1
            for client, kind in list(kinds.items()):
                if kind.startswith("slow"):
                    with suppress(OSError):
                        client.recv(1) if kind == "slow reader" else client.send(b"x")
        counts["most at once"] = max(counts["most at once"], len(kinds))
    print(json.dumps(counts))  # noqa: T201


def _read(client: socket.socket) -> bytes:
    try:
        return client.recv(65_536)
    except ConnectionError:
        return b""


def ask(port: int, stop: threading.Event) -> tuple[Answers, Answers]:
    """Request /health ten times a second and write as a customer every three, on new connections."""
    health, customer = Answers(), Answers()
    cookie = _chat_cookie(port)
    next_message = 0.0
    while not stop.wait(0.1):
        _time_request(health, port, "GET", "/health")
        if time.monotonic() > next_message:
            next_message = time.monotonic() + 3.2  # stays below the rate limit of a chat
            body = json.dumps({"id": str(uuid.uuid4()), "text": "где мой заказ"})
            headers = {
                "Content-Type": "application/json",
                "Cookie": cookie,
                "Origin": f"http://127.0.0.1:{port}",
            }
            _time_request(customer, port, "POST", "/chat/messages", body, headers)
    return health, customer


def _time_request(
    answers: Answers,
    port: int,
    method: str,
    path: str,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> None:
    began = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            answers.failed.append(f"{path}: {response.status}")
    except (OSError, HTTPException) as error:
        answers.failed.append(f"{path}: {type(error).__name__}")
    finally:
        connection.close()
    answers.seconds.append(time.perf_counter() - began)


def _chat_cookie(port: int) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/chat")
    cookies = SimpleCookie(connection.getresponse().getheader("Set-Cookie", ""))
    connection.close()
    return "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())


@contextmanager
def demo(data: Path | None, files: int | None, *, hard: bool) -> Iterator[tuple[int, int, Path]]:
    """A running demo: its process, its port and its log."""

    def limit() -> None:
        _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files if hard else hard_limit))

    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "sufler", "demo"],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                preexec_fn=limit,
                env={
                    **os.environ,
                    "SUFLER_DATA_DIR": str(data or Path(folder) / "data"),
                    "SUFLER_WEB__PORT": "0",
                },
            )
        try:
            for line in process.stdout or ():
                if found := re.search(r"http://127\.0\.0\.1:(\d+)/docs", line):
                    yield process.pid, int(found[1]), log
                    break
            else:
                raise SystemExit(log.read_text())
        finally:
            process.terminate()
            process.wait(30)
            if data is not None:
                (data / "check.log").write_text(log.read_text())


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=45, help="how long the connections last")
    parser.add_argument("--kinds", default=",".join(KINDS), help="some of them")
    parser.add_argument("--files", type=int, default=1024, help="open files that the demo starts with")
    parser.add_argument("--data", type=Path, help="a demo's data folder, which saves the time to make one")
    parser.add_argument("--hard", action="store_true", help="and it may not raise that")
    parser.add_argument("--flood", type=int, help=argparse.SUPPRESS)  # port; runs as the connecting process
    options = parser.parse_args(arguments)
    if options.flood:
        flood(options.flood, options.connections, options.seconds, options.kinds.split(","))
        return 0
    missed = []
    with demo(options.data, options.files, hard=options.hard) as (pid, port, log):
        for name in ("before", "meanwhile", "afterwards"):
            flooding = None
            if name == "meanwhile":
                program = [sys.executable, "-m", "scripts.check_connections", "--flood", str(port)]
                sizes = ["--connections", str(options.connections), "--seconds", str(options.seconds)]
                flooding = subprocess.Popen(  # noqa: S603 - our own program
                    [*program, *sizes, "--kinds", options.kinds],
                    stdout=subprocess.PIPE,
                    text=True,
                )
            stop = threading.Event()
            threading.Timer(options.seconds if flooding else 10, stop.set).start()
            spent, began = cpu_seconds(pid), time.monotonic()
            health, customer = ask(port, stop)
            share = (cpu_seconds(pid) - spent) / (time.monotonic() - began)
            _say(f"{name}: {share:.0%} of a core")
            for path, answers in (("/health", health), ("a customer's POST", customer)):
                p50, p99 = answers.percentile(0.5), answers.percentile(0.99)
                _say(
                    f"  {path}: {len(answers.seconds)} asked, {len(answers.failed)} failed, "
                    f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms"
                )
                missed += [f"{name}: {failure}" for failure in answers.failed]
                if p99 > MAX_P99[path]:
                    missed.append(f"{name}: {path} took {p99:.2f} s")
            if flooding is not None:
                _say(f"  the connections: {flooding.communicate(timeout=60)[0].strip()}")
        said = log.read_text()
        missed += ["a traceback in the log"] * ("Traceback" in said)
        _say(f"lines in the log: {said.count(chr(10))}")
    for miss in missed[:20]:
        _say(f"MISSED {miss}")
    return 1 if missed else 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())

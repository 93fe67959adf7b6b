"""Attempt many wrong logins at once, and measure the cost to everybody else.

The script starts its own Sufler on loopback, in its own folder:

    python scripts/check_logins.py                  # 160 logins, 80 at once
    python scripts/check_logins.py --logins 1000

It prints the responses to the logins, the server's peak of additional memory, and how long a customer's
message waited meanwhile. Status 1: more than 300 MiB, or more than a second.
"""

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from prompter.domain.account import Role
from sufler import bootstrap
from sufler.benchmarking.running_server import peak_mb, run_server
from sufler.settings import Settings, load_settings

_MAX_MB = 300.0
_MAX_SECONDS = 1.0
_NETWORKS = 64  # apparent sources of the logins, so that the limit per address does not stop them


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--logins", type=int, default=160)
    parser.add_argument("--at-once", type=int, default=80)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(Path(folder))
        with run_server(settings) as server:
            address = "http://{}:{}".format(*server.endpoint.address)
            _customer(address, messages=2)  # the first message loads what later ones reuse
            quiet = _customer(address, messages=5)
            before = peak_mb(server.pid)
            answers, waits, seconds = _storm(address, options.logins, options.at_once)
            after = peak_mb(server.pid)
    more = (after or 0.0) - (before or 0.0)
    report = {
        "logins": options.logins,
        "at_once": options.at_once,
        "seconds": round(seconds, 1),
        "answers": dict(sorted(answers.items())),
        "more_memory_mb": round(more),
        "customer_posts": len(waits),
        "customer_post_s": _summary(waits),
        "customer_post_s_before": _summary(quiet),
    }
    sys.stdout.write(f"{json.dumps(report, indent=2)}\n")
    return int(more > _MAX_MB or max(waits) > _MAX_SECONDS)


def _summary(waits: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(waits), 3), "max": round(max(waits), 3)}


def _settings(folder: Path) -> Settings:
    """Return the shipped settings with a small knowledge base and an account to log in."""
    settings = load_settings(None).model_copy(update={"data_dir": folder / "data"})
    with bootstrap.open_store(settings) as store:
        bootstrap.build_accounts(store).add("anna", Role.OPERATOR, f"long enough {uuid.uuid4()}")
    return settings


def _storm(address: str, logins: int, at_once: int) -> tuple[Counter[int], list[float], float]:
    """Send wrong logins in parallel while a customer keeps writing."""
    done = threading.Event()
    waits: list[float] = []
    customer = threading.Thread(target=lambda: waits.extend(_customer(address, until=done)))
    customer.start()
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    begin = time.perf_counter()
    with (
        httpx.Client(base_url=address, limits=limits, timeout=120) as client,
        ThreadPoolExecutor(at_once) as pool,
    ):
        answers = Counter(pool.map(lambda number: _log_in(client, number), range(logins)))
    seconds = time.perf_counter() - begin
    done.set()
    customer.join()
    return answers, waits, seconds


def _log_in(client: httpx.Client, number: int) -> int:
    # A proxy on this machine is trusted, so each request seems to come from a different client.
    origin = f"http://{client.base_url.netloc.decode()}"
    headers = {"Origin": origin, "X-Forwarded-For": f"192.0.2.{number % _NETWORKS}"}
    body = {"name": f"name-{number}", "password": "wrong password"}
    return client.post("/api/login", json=body, headers=headers).status_code


def _customer(address: str, *, messages: int = 1000, until: threading.Event | None = None) -> list[float]:
    """Return the seconds that each message of a customer took, few enough for the chat's own limit."""
    waits = []
    with httpx.Client(base_url=address, headers={"Origin": address}, timeout=120) as client:
        client.get("/chat").raise_for_status()
        for _ in range(messages):
            begin = time.perf_counter()
            message = {"id": str(uuid.uuid4()), "text": "Как вернуть товар?"}
            client.post("/chat/messages", json=message).raise_for_status()
            waits.append(time.perf_counter() - begin)
            if until is not None and until.wait(0.5):
                break
    return waits


if __name__ == "__main__":
    sys.exit(main())

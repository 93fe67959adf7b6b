"""`make demo`, also with simulated traffic, and the wheel keep the promises of the README."""

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chromium, log_in
from tests.e2e.product import Product, run_cli, wait_for
from tests.e2e.training_data import copy_topics
from tests.emulators.telegram import TelegramEmulator

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
PASSWORD = "a password of my own"
PATIENCE = 400.0  # seconds; at a bar of .9 the story takes two minutes on two idle cores


Topics = tuple[str, ...] | None
SOME: Topics = ("warranty", "returns", "order_status")
ALL: Topics = None  # of the shipped base, which is embedded for a minute
_whole = partial(pytest.param, ALL, marks=pytest.mark.full)


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A demo that has been started once, and has embedded its knowledge base. Tests copy the folder."""

    folder: Path
    training_data: Path | None  # None: the shipped folder


@pytest.fixture(scope="module")
def start_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Topics], Demo]:
    @cache
    def start(topics: Topics) -> Demo:
        base = None if topics is None else copy_topics(tmp_path_factory.mktemp("base") / "data", topics)
        folder = tmp_path_factory.mktemp("demo") / "demo"
        with (
            TelegramEmulator() as telegram,
            Product(folder, None, None, telegram, training_data=base) as demo,
        ):
            demo.start(["-m", "sufler", "demo"])
            assert demo.one_time_password()
            assert demo.stop() == 0
        return Demo(folder=folder, training_data=base)

    return start


@pytest.mark.parametrize("topics", [pytest.param(SOME, id="three topics"), _whole(id="all")])
def test_the_demo_base_answers_in_both_languages(
    tmp_path: Path, start_once: Callable[[Topics], Demo], topics: Topics, telegram: TelegramEmulator
) -> None:
    known = start_once(topics)
    with Product(tmp_path / "demo", known.folder, None, telegram, training_data=known.training_data) as demo:
        demo.start(["-m", "sufler", "demo"])
        demo.start_session("admin", demo.one_time_password(), PASSWORD)
        for question, article in (
            ("как вернуть товар", "returns-how"),
            ("where is my order", "order-status-where-en"),
        ):
            answer = demo.post("/api/ask", text=question).json()
            assert answer["suggestions"][0]["article_id"] == article
        telegram.customer_says(7, "как вернуть товар")
        wait_for(demo.accept_first)
        telegram.wait_for(lambda: telegram.sent_to(7), seconds=60)
        assert "QR-код" in telegram.sent_to(7)[0]
    # Everything is kept: the same folder answers from the command line.
    printed = run_cli("ask", "как вернуть товар", "--config", str(tmp_path / "demo" / "config.yml"))
    assert re.search(r"1\. .*\[returns-how, returns: Возврат товара\]", printed)


def test_a_wheel_holds_what_the_program_needs(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "sufler/_data/config.yml",
        "sufler/_data/training_data/kb.csv",
        "sufler/_data/training_data/nlu.yml",
        "sufler/_data/training_data/topics.csv",
        "prompter/storage/migrations/env.py",
        "prompter/text/locale/ru/LC_MESSAGES/sufler.po",
        "prompter_api/desk/static/theme.css",
        "bot/static/chat.html",
        "evaluation/report/page.html",
    } <= names
    packages = {"sufler", "bot", "prompter_api", "web", "prompter", "nlu", "kb_index", "evaluation", "files"}
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == packages


# --- simulated traffic ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


# A topic is let through after fewer turns, and demoted after fewer wrong answers.
_QUICK = {
    "SUFLER_READINESS__BAR": "0.6",
    "SUFLER_READINESS__DEMOTE_AFTER": "20",
    "SUFLER_TURNS__POLL_SECONDS": "0.3",
    "SUFLER_DELIVERY__POLL_SECONDS": "0.3",
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("topics", "options", "variables", "min_turns"),  # and how many right answers pass the bar
    [
        pytest.param(SOME, ["--turns-per-second", "6"], _QUICK, 10, id="0.6"),
        _whole([], {"SUFLER_READINESS__BAR": "0.7"}, 14, id="0.7"),
        _whole([], {}, 46, id="0.9"),
    ],
)
def test_a_topic_goes_live_and_is_demoted_when_its_articles_turn_wrong(
    tmp_path: Path,
    start_once: Callable[[Topics], Demo],
    telegram: TelegramEmulator,
    browser: Browser,
    topics: Topics,
    options: list[str],
    variables: dict[str, str],
    min_turns: int,
) -> None:
    known = start_once(topics)
    template = shutil.copytree(known.folder, tmp_path / "template")
    (template / "data").rename(template / "data-with-traffic")
    with Product(
        tmp_path / "demo", template, None, telegram, sampling=True, training_data=known.training_data
    ) as demo:
        demo.start(["-m", "sufler", "demo", "--with-traffic", *options], variables=variables)
        demo.start_session("admin", demo.one_time_password(), PASSWORD)
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="ru-RU")
        page = context.new_page()
        log_in(page, demo.url, "admin", PASSWORD)
        page.goto(f"{demo.url}/readiness")
        row = page.get_by_role("row", name="Гарантия и ремонт")
        expect(row).to_contain_text("сбор данных", timeout=PATIENCE * 1000)

        def warranty() -> dict[str, Any]:
            found: dict[str, Any] = demo.get("/api/readiness/topic?name=warranty")
            return found

        wait_for(lambda: warranty()["state"] == "autopilot", seconds=PATIENCE, pause=0.5)
        expect(row).to_contain_text("автоответ включён", timeout=PATIENCE * 1000)
        live = warranty()
        assert live["steps"][0]["passed_after"] is not None
        assert live["steps"][0]["n_turns"] >= min_turns
        wait_for(lambda: warranty()["state"] == "demoted", seconds=PATIENCE, pause=0.5)
        expect(row).to_contain_text("автоответ отключён", timeout=PATIENCE * 1000)
        slipped = warranty()["events"][0]
        assert slipped["reason"] == "slipped"
        assert slipped["facts"]["audited_wrong"] >= 3
        assert slipped["facts"]["articles"]
        context.close()
        assert demo.stop() == 0

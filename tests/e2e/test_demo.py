"""`make demo` and an installed wheel keep the promises of the README."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.e2e.product import Product, run_cli, wait_for
from tests.emulators.telegram import TelegramEmulator

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[2]


def test_the_demo_base_answers_in_both_languages(tmp_path: Path, telegram: TelegramEmulator) -> None:
    with Product(tmp_path / "demo", None, None, telegram) as demo:
        demo.start(["-m", "sufler", "demo"])
        demo.start_session("admin", demo.one_time_password(), "a password of my own")
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

"""The command `sufler learn --from-history` works with the shipped encoder."""

import csv
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kb_index.formats import read_articles
from sufler.settings import load_settings
from tests.command_line import run_command
from tests.small_talk import write_small_talk

pytestmark = pytest.mark.slow

_HEADER = ("conversation", "author", "time", "text")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yml"
    talk = write_small_talk(tmp_path / "small-talk")
    path.write_text(f"sufler: {{data_dir: {tmp_path / 'data'}, training_data: {talk}}}\n", encoding="utf-8")
    return path


def chats(path: Path, *, messages: int, topics: int = 30) -> list[str]:
    """Write a CSV of short chats, a third of them unrelated, and return the answers given."""
    draw = random.Random(3)
    shipped = [
        article
        for article in read_articles(load_settings(None).training_data_dir / "kb.csv")
        if article.language == "ru" and "{" not in article.answer
    ]
    known = draw.sample(shipped, topics)
    letters = "абвгдежзиклмнопрстуфхцчшэюя"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number in range(messages // 5):
            article = draw.choice(known)
            text, answer = draw.choice((article.question, *article.phrasings)), article.answer
            if draw.random() < 0.3:
                text = " ".join("".join(draw.choices(letters, k=6)) for _ in range(5))
                answer = f"Выясняем, что это: {text}."
            start = 1_770_000_000 + 60 * number
            for second, (author, said) in enumerate(
                (
                    ("customer", "Здравствуйте!"),
                    ("customer", text),
                    ("operator", f"Добрый день, Ольга! {answer}"),
                    ("customer", "Спасибо большое"),
                    ("operator", "Пожалуйста, обращайтесь!"),
                )
            ):
                writer.writerow((f"chat-{number}", author, start + second, said))
    return [article.answer for article in known]


def test_a_bad_row_is_one_line_and_changes_nothing(tmp_path: Path, config: Path) -> None:
    path = tmp_path / "chats.csv"
    path.write_text("conversation,author,time,text\n1,customer,1,где заказ\n1,customer,then,ау\n", "utf-8")
    command = [sys.executable, "-m", "sufler", "learn", "--from-history", str(path), "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"sufler: {path}, row 3, column time: is no time")
    assert not (tmp_path / "data").exists()


def test_chats_become_proposals_and_again_nothing_new(tmp_path: Path, config: Path) -> None:
    answers = chats(tmp_path / "chats.csv", messages=1000, topics=5)

    def import_chats() -> dict[str, Any]:
        path = tmp_path / "chats.csv"
        return run_command("learn", "--from-history", str(path), "--json", "--config", str(config)).report

    first = import_chats()
    assert (first["messages"], first["conversations"]) == (1000, 200)
    assert 5 <= first["new"] <= 10
    assert first["waiting"] == {"phrasing": 0, "changed_answer": 0, "new_article": first["new"]}
    again = import_chats()
    assert (again["new"], again["grown"]) == (0, first["new"])
    from sufler import bootstrap

    with bootstrap.open_store(load_settings(config)) as store:
        proposed = [proposal.answer for proposal in bootstrap.build_proposals(store).open()]
    assert set(answers) <= set(proposed)


_PEAK = """
import re, sys
from pathlib import Path
from prompter.knowledge.chat_history import read_history
from prompter.knowledge.chat_history_import import mine_history
found = mine_history(read_history(Path(sys.argv[1])))
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
print(found.n_messages, found.n_questions, peak)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in kilobytes there only")
def test_reading_needs_no_more_memory_for_a_longer_file(tmp_path: Path) -> None:
    def peak(messages: int) -> int:
        path = tmp_path / f"{messages}.csv"
        chats(path, messages=messages)
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, str(path)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        number, _, kilobytes = map(int, done.stdout.split())
        assert number == messages
        return kilobytes * 1024

    short = peak(20_000)
    assert short < 200e6
    assert peak(80_000) < short + 30e6

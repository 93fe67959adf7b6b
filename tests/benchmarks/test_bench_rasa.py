"""The comparison with Rasa: its input files, the reading of its answers, and the figures.

A small program stands in for Rasa: it takes Rasa's commands and answers as its server does.
"""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from evaluation import IntentRow, ScoredCase
from nlu.training_data import read_examples
from prompter.models.recipe import EncoderConfig
from scripts import bench_rasa
from scripts.bench_rasa import compare_at_equal_coverage, is_sure, measure_set, outcomes_of, texts_to_time
from scripts.contestants import (
    DIET,
    Guess,
    NotTrained,
    Rasa,
    Sufler,
    articles_of,
    cpu_seconds,
    write_nlu,
)
from sufler.benchmarking.running_server import Client, NotServed
from sufler.rasa.environment import NoRasa, RasaEnvironment
from sufler.settings import Settings
from tests.skips import missing

ROOT = Path(__file__).parents[2]
ODD = [
    'it\'s "quoted": yes # no comment',
    "- a dash, - another",
    "two\nlines",
    "[Omsk](city) and [7]",
    "{braces}, *stars*, &ands, !bangs, %s, @at, | pipes, > more",
    "true",
    "12:30",
    "~",
    "где мой заказ?! 👍",
    "\ufefffrom a file",
    "x" * 500 + " " + "y" * 500,
]
# An example is a line, and in it [brackets](followed) mean an entity.
READ = {"two\nlines": "two lines", "[Omsk](city) and [7]": "(Omsk)(city) and [7]", ODD[9]: "from a file"}
FAKE_RASA = """
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

def option(name):
    return sys.argv[sys.argv.index(name) + 1]

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
        asked = set(text.split())
        ranking = sorted(
            ({"name": name, "confidence": len(asked & words) / len(asked)} for name, words in model.items()),
            key=lambda one: -one["confidence"],
        )
        if ranking[0]["confidence"] < 0.7:
            ranking.insert(0, {"name": "nlu_fallback", "confidence": 0.7})
        body = json.dumps({"text": text, "intent": ranking[0], "intent_ranking": ranking}).encode()
        self.send_response(200 if self.path == "/model/parse" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

if sys.argv[3:5] == ["train", "nlu"]:
    lines = Path(option("--nlu")).read_text(encoding="utf-8").splitlines()
    if len(lines) < 4:
        sys.exit("nothing to learn")
    model = {}
    for line in lines:
        if line.startswith("- intent: "):
            words = model.setdefault(line.removeprefix("- intent: "), [])
        elif "text: " in line:
            words.extend(line.partition("text: ")[2].split())
    Path(option("--fixed-model-name") + ".tar.gz").write_text(json.dumps(model), encoding="utf-8")
elif sys.argv[3] == "run":
    model = {name: set(words) for name, words in json.loads(Path(option("--model")).read_text()).items()}
    address = option("--interface"), int(option("--port"))
    ThreadingHTTPServer(address, Handler).serve_forever()
"""
TRAIN = [
    IntentRow(text=text, intent=intent)
    for intent, texts in {
        "order": ("где заказ", "куда пропал заказ", "когда приедет посылка"),
        "refund": ("верните деньги", "хочу деньги назад", "когда вернут деньги"),
    }.items()
    for text in texts
]
TEST = [
    IntentRow(text="где мой заказ", intent="order"),
    IntentRow(text="верните мои деньги", intent="refund"),
    IntentRow(text="деньги назад", intent="refund"),
    IntentRow(text="погода завтра", intent="order"),
]


@pytest.fixture
def rasa(tmp_path: Path) -> Rasa:
    program, script = tmp_path / "env" / "bin" / "python", tmp_path / "fake.py"
    script.write_text(FAKE_RASA, encoding="utf-8")
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    environment = RasaEnvironment(folder=tmp_path / "env")
    return Rasa(name="Rasa", pipeline=DIET, environment=environment, language="ru", folder=tmp_path / "rasa")


def guess(confidence: float, lead: float = 1.0, intent: str = "a") -> Guess:
    return Guess(intent=intent, confidence=confidence, lead=lead)


def outcomes(confidences: Sequence[float], intents: str) -> list[ScoredCase]:
    rows = [IntentRow(text=str(number), intent="a") for number in range(len(intents))]
    guesses = [
        guess(confidence, intent=intent) for confidence, intent in zip(confidences, intents, strict=True)
    ]
    return outcomes_of(rows, guesses)


def write(path: Path) -> Path:
    write_nlu([IntentRow(text=text, intent="odd?") for text in ODD], path)
    return path


def test_odd_texts_are_read_again_as_they_were(tmp_path: Path) -> None:
    found = [(example.text, example.intent) for example in read_examples(write(tmp_path / "nlu.yml"))]
    assert found == [(READ.get(text, text), "odd?") for text in ODD]


@pytest.mark.slow
def test_odd_texts_are_read_by_rasa_as_they_were(tmp_path: Path) -> None:
    environment = RasaEnvironment(folder=ROOT / ".venv-rasa")
    if not environment.is_complete():
        missing(f"{environment.folder} (make rasa)")
    script = (
        "import json, sys\n"
        "from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader\n"
        "found = RasaYAMLReader().read(sys.argv[1]).intent_examples\n"
        "keys = ('text', 'intent', 'entities')\n"
        "print(json.dumps([[one.data.get(key) for key in keys] for one in found]))\n"
    )
    done = subprocess.run(
        [environment.python, "-W", "ignore", "-c", script, write(tmp_path / "nlu.yml")],
        capture_output=True,
        text=True,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false"},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[READ.get(text, text), "odd?", None] for text in ODD]


def test_sufler_gets_the_same_rows_as_articles() -> None:
    rows = [IntentRow(text=text, intent="odd?") for text in ODD] + TRAIN
    articles = articles_of(rows)
    assert [(article.topic, article.language) for article in articles] == [
        ("odd?", "en"),
        ("order", "ru"),
        ("refund", "ru"),
    ]
    assert [articles[0].question, *articles[0].phrasings] == [READ.get(text, text) for text in ODD]
    assert len({article.answer for article in articles}) == 3


def test_the_intent_behind_the_fallback_is_what_rasa_guesses(rasa: Rasa) -> None:
    ranking = [("nlu_fallback", 0.7), ("order", 0.5), ("refund", 0.3)]
    answer = {"intent_ranking": [{"name": name, "confidence": value} for name, value in ranking]}
    assert rasa.guess(answer) == Guess(intent="order", confidence=0.5, lead=0.2)
    assert rasa.guess({"intent_ranking": [{"name": "order", "confidence": 0.9}]}).lead == 0.9
    assert rasa.guess({"intent_ranking": []}).intent == ""


def test_rasa_is_sure_from_the_threshold_on_and_where_no_second_intent_is_near() -> None:
    assert is_sure(guess(0.7), 0.7)
    assert not is_sure(guess(0.69), 0.7)
    assert not is_sure(guess(0.7, lead=0.05), 0.3)


def test_equally_many_answers_are_compared() -> None:
    theirs = outcomes([0.9, 0.8, 0.2, 0.1], "aban")
    ours = outcomes([0.1, 0.6, 0.9, 0.3], "baab")
    found = compare_at_equal_coverage(theirs, [True, True, False, False], ours)
    assert {name: estimate.value for name, estimate in found.items() if estimate} == {
        "coverage": 0.5, "rasa_accuracy": 0.5, "sufler_accuracy": 1.0,
    }  # fmt: skip
    none = compare_at_equal_coverage(theirs, [False] * 4, ours)
    assert (none["rasa_accuracy"], none["sufler_accuracy"]) == (None, None)


def test_few_texts_are_asked_equally_often_and_of_many_some() -> None:
    assert sorted(texts_to_time(["a", "b"], 6)) == ["a"] * 3 + ["b"] * 3
    many = [str(number) for number in range(100)]
    assert len(set(texts_to_time(many, 10))) == 10
    assert texts_to_time(many, 10) == texts_to_time(many, 10) != many[:10]


def test_a_server_is_trained_started_asked_and_stopped(rasa: Rasa) -> None:
    assert 0 < rasa.train(TRAIN) < 60
    with rasa.serve() as server:
        assert cpu_seconds(server.pid) > 0
        with closing(Client(server.endpoint)) as client:
            assert rasa.guess(client.ask("где заказ")) == Guess(intent="order", confidence=1.0, lead=1.0)
            assert rasa.guess(client.ask("погода завтра")).confidence == 0
    assert not Path(f"/proc/{server.pid}").exists()


def test_what_does_not_train_or_serve_says_so(rasa: Rasa) -> None:
    with pytest.raises(NotTrained, match="status 1: nothing to learn"):
        rasa.train([])
    with pytest.raises(NotServed, match=r"status 1 before it served: .*model\.tar\.gz"), rasa.serve():
        pass


def test_without_rasa_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(NoRasa, match="make rasa"):
        next(bench_rasa.measure(tmp_path, rasa=tmp_path))


@pytest.mark.slow
def test_all_of_it_on_a_few_rows(rasa: Rasa, tmp_path: Path) -> None:
    sufler = Sufler(settings=Settings(encoder=EncoderConfig(kind="tfidf")), folder=tmp_path / "sufler")
    rows, sure = measure_set([rasa, sufler], TRAIN, TEST, console=Console(quiet=True), rounds=1, timed=8)
    assert [row["contestant"] for row in rows] == ["Rasa", "Sufler"]
    for row in rows:
        assert row.keys() == {"contestant", "n_test", "ci", *bench_rasa.FIGURES}
        assert 0 < row["p50_ms"] <= row["p99_ms"]
    assert rows[0]["accuracy"] == 1.0  # the last row's guess is the first intent
    assert rows[1]["accuracy"] >= 0.75
    assert [row["threshold"] for row in sure] == [0.7, 0.3]
    assert sure[0]["coverage"] == 0.25
    bench_rasa.show(Console(quiet=True), "few", rows, sure)


def test_of_several_rounds_the_median_and_the_range_are_told(rasa: Rasa, tmp_path: Path) -> None:
    other = replace(rasa, name="Another", folder=tmp_path / "another")
    rows, _ = measure_set([rasa, other], TRAIN, TEST, console=Console(quiet=True), rounds=2, timed=8)
    assert [row["contestant"] for row in rows] == ["Rasa", "Another"]
    for row in rows:
        assert row["accuracy"] == 1.0
        lowest, highest = row["ci"]["p50_ms"]
        assert lowest <= row["p50_ms"] <= highest
        assert row["ci"]["start_s"][0] <= row["start_s"] <= row["ci"]["start_s"][1]

"""Rasa itself on the files of this repository: it validates, trains, answers, and asks Sufler.

One model is trained for all tests, with the sentence embeddings of a running Sufler.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from nlu.training_data import read_examples
from tests.e2e.product import PATIENCE, Product, prepare, run_cli, wait_for
from tests.emulators.telegram import TelegramEmulator
from tests.skips import missing

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-rasa"


@dataclass
class Rasa:
    """The command `sufler rasa` in a folder of its own, beside a running Sufler."""

    folder: Path
    variables: dict[str, str]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sufler", "rasa", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.variables, **variables},
            capture_output=True,
            text=True,
            timeout=600,
        )


@pytest.fixture(scope="module")
def telegram() -> Iterator[TelegramEmulator]:
    with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def sufler(tmp_path_factory: pytest.TempPathFactory, telegram: TelegramEmulator) -> Iterator[Product]:
    if not (ENVIRONMENT / "complete").exists():
        missing(f"{ENVIRONMENT} (make rasa)")
    template = tmp_path_factory.mktemp("template")
    token = prepare(template)
    folder = tmp_path_factory.mktemp("product") / "shop"
    with pytest.MonkeyPatch.context() as patch, Product(folder, template, token, telegram) as product:
        patch.setenv("SUFLER_DIALOGUE__ORDERS", str(ROOT / "training_data" / "orders.csv"))
        product.start()
        yield product


@pytest.fixture(scope="module")
def rasa(sufler: Product, tmp_path_factory: pytest.TempPathFactory) -> Rasa:
    folder = tmp_path_factory.mktemp("rasa")
    (folder / ".venv-rasa").symlink_to(ENVIRONMENT)
    address = sufler.url.removeprefix("http://")
    return Rasa(folder, {"SUFLER_ADDRESS": address, "SUFLER_TOKEN": sufler.token or ""})


@pytest.fixture(scope="module")
def trained(rasa: Rasa) -> Rasa:
    before = (ROOT / "config.yml").read_bytes()
    done = rasa.run("train")
    assert done.returncode == 0, done.stderr
    assert "without its sentence embeddings" not in done.stderr
    assert (ROOT / "config.yml").read_bytes() == before
    return rasa


@pytest.fixture(scope="module")
def served(trained: Rasa) -> Iterator[httpx.Client]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (trained.folder / "served.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sufler", "rasa", "run", "--port", str(port)],
            cwd=trained.folder,
            env={**os.environ, **trained.variables},
            stdout=log,
            stderr=log,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            wait_for(lambda: _answers(client), seconds=3 * PATIENCE)
            # The port that is in use is refused in words, before Rasa's own minute of loading.
            taken = trained.run("run", "--port", str(port))
            assert (taken.returncode, f"port {port} cannot be used" in taken.stderr) == (2, True)
            yield client
    finally:
        process.terminate()
        process.wait(timeout=60)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/status").status_code == 200
    except httpx.TransportError:
        return False


def say(rasa: httpx.Client, sender: str, text: str) -> list[str]:
    """What the bot says to a message."""
    answer = rasa.post("/webhooks/rest/webhook", json={"sender": sender, "message": text})
    return [one["text"] for one in answer.json()]


def test_the_validator_has_nothing_to_say_against_the_repository(rasa: Rasa) -> None:
    done = rasa.run("validate")
    assert done.returncode == 0, done.stderr
    assert "No story structure conflicts found" in done.stderr


def test_the_validator_has_nothing_to_say_against_an_exported_base(rasa: Rasa) -> None:
    config = rasa.folder / "base.yml"
    recipe = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    recipe["sufler"] = {"data_dir": str(rasa.folder / "base")}
    config.write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")
    exported = rasa.folder / "exported"
    run_cli("kb", "import", str(ROOT / "training_data" / "kb.csv"), "--config", str(config))
    run_cli("kb", "export", str(exported), "--format", "rasa", "--config", str(config))
    done = rasa.run("validate", "--config", str(config), SUFLER_TRAINING_DATA=str(exported))
    assert done.returncode == 0, done.stderr
    assert "is not used" not in done.stderr


def test_a_story_that_contradicts_a_rule_is_told_in_rasas_words(rasa: Rasa) -> None:
    data = rasa.folder / "contradicting"
    shutil.copytree(ROOT / "training_data", data)
    story = {"story": "rude", "steps": [{"intent": "greeting"}, {"action": "utter_goodbye"}]}
    polite = {"story": "kind", "steps": [{"intent": "greeting"}, {"action": "utter_greeting"}]}
    (data / "stories.yml").write_text(yaml.safe_dump({"stories": [story, polite]}), encoding="utf-8")
    done = rasa.run("validate", SUFLER_TRAINING_DATA=str(data))
    assert done.returncode == 1
    assert "Story structure conflict after intent 'greeting'" in done.stderr


def test_a_config_that_is_not_rasas_is_not_touched(rasa: Rasa) -> None:
    config = rasa.folder / "config.yml"
    config.write_text("sufler: {language: ru}\n", encoding="utf-8")
    done = rasa.run("train", "--config", str(config))
    assert done.returncode == 2
    assert "recipe, assistant_id, language, pipeline, policies: Rasa needs it" in done.stderr
    assert config.read_text(encoding="utf-8") == "sufler: {language: ru}\n"


def test_the_test_stories_hold(trained: Rasa) -> None:
    stories = str(ROOT / "tests" / "rasa")
    done = trained.run("test", "core", "--stories", stories, "--fail-on-prediction-errors")
    assert done.returncode == 0, done.stderr
    report = json.loads((trained.folder / "sufler-data/rasa/results/story_report.json").read_text())
    assert report["conversation_accuracy"]["correct"] == 2


def test_intents_are_cross_validated(trained: Rasa) -> None:
    recipe = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    for part in recipe["pipeline"]:
        if "epochs" in part:
            part["epochs"] = 5  # it is the command that is tested here
    quick = trained.folder / "quick.yml"
    quick.write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")
    done = trained.run("test", "nlu", "--folds", "2", "--no-plot", "--config", str(quick))
    assert done.returncode == 0, done.stderr
    report = json.loads((trained.folder / "sufler-data/rasa/results/intent_report.json").read_text())
    examples = {(one.text, one.intent) for one in read_examples(ROOT / "training_data")}
    assert report["weighted avg"]["support"] == len(examples)  # each is asked once, of what has not seen it
    assert 0.1 < report["weighted avg"]["recall"] <= 1


def test_a_form_asks_checks_looks_up_and_answers(served: httpx.Client) -> None:
    asked = "Напишите номер заказа: восемь цифр, он есть в письме и в «Моих заказах»."
    assert say(served, "form", "проверить статус моего заказа") == [asked]
    wrong, again = say(served, "form", "12345")
    assert wrong.startswith("В номере заказа восемь цифр")
    assert again == asked
    unknown, _ = say(served, "form", "99999999")
    assert unknown.startswith("Заказа с таким номером у нас нет")
    assert say(served, "form", "4001-8237") == ["Заказ 40018237: в пути, приедет завтра с 10 до 14."]


def test_a_form_can_be_left_and_interrupted(served: httpx.Client) -> None:
    say(served, "left", "проверить статус моего заказа")
    called, asked = say(served, "left", "как вернуть товар?")
    assert called.startswith("Передал разговор оператору")
    assert asked.startswith("Напишите номер заказа")
    slots = served.get("/conversations/left/tracker").json()["slots"]
    assert slots["sufler_handoff"] == "topic_not_ready"
    assert say(served, "left", "нет, не надо") == ["Хорошо, оставим. Чем ещё помочь?"]


def test_an_operator_can_be_called_out_of_a_form(served: httpx.Client) -> None:
    say(served, "called", "проверить статус моего заказа")
    assert say(served, "called", "позовите оператора") == ["Передал разговор оператору, он ответит здесь."]
    assert served.get("/conversations/called/tracker").json()["active_loop"] == {}


def test_suggestions_lie_on_the_message_and_decide_where_they_are_sure(served: httpx.Client) -> None:
    parsed = served.post("/model/parse", json={"text": "Как вернуть товар?"}).json()
    first = parsed["sufler"]["suggestions"][0]
    assert first["article_id"] == "returns-how"
    assert parsed["sufler"]["route"] == "suggest"
    assert first["confidence"] >= 0.7
    assert parsed["intent"] == {"name": "faq", "confidence": first["confidence"]}
    assert parsed["intent_ranking"][0] == parsed["intent"]


def test_a_triage_that_the_message_brings_is_not_made_again(served: httpx.Client) -> None:
    brought = {"article_id": "x", "topic": "y", "confidence": 0.99}
    triage = {"route": "suggest", "handoff_reason": "topic_not_ready", "suggestions": [brought]}
    greeting = "Здравствуйте! Это поддержка «Северка». Чем помочь?"
    passed_on = "Передал разговор оператору, он ответит здесь."  # it is taken for a question
    for sufler, said in (
        ({"triage": triage}, passed_on),
        ({"triage": {"suggestions": [5]}}, greeting),
        (7, greeting),
    ):
        body = {"sender": f"brings {said}", "message": "привет", "metadata": {"sufler": sufler}}
        answer = served.post("/webhooks/rest/webhook", json=body).json()
        assert [one["text"] for one in answer] == [said]


def test_without_sufler_rasa_answers_on(served: httpx.Client, sufler: Product) -> None:
    sufler.kill()
    assert say(served, "alone", "привет") == ["Здравствуйте! Это поддержка «Северка». Чем помочь?"]
    parsed = served.post("/model/parse", json={"text": "спасибо большое"}).json()
    assert "sufler" not in parsed
    assert parsed["intent"]["name"] == "thanks"

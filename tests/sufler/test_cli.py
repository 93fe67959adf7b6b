"""The command line works for people and scripts."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sufler.cli import app, main
from tests.command_line import Ran, run_command

pytestmark = pytest.mark.slow

KB = """\
id,question,answer,topic,phrasings
returns-how,Как вернуть товар?,Верните за 14 дней.,returns,"хочу вернуть
заберите обратно"
order-where,Where is my order?,Open My orders.,orders,
"""
Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run commands in a folder with a small knowledge base."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUFLER_ENCODER__KIND", "tfidf")
    (tmp_path / "kb.csv").write_text(KB, encoding="utf-8")
    return run_command


def test_a_base_is_imported_exported_and_imported_again(run: Run, tmp_path: Path) -> None:
    assert run("kb", "import", "kb.csv").stdout == "2 added, 0 changed, 0 unchanged.\n"
    for name in ("out.csv", "out.xlsx", "out.json", "out.jsonl", "out.yml"):
        assert run("kb", "export", name).exit_code == 0
        again = run("kb", "import", name, "--json")
        counts = {"added": 0, "changed": 0, "unchanged": 2, "archived": 0}
        assert json.loads(again.stdout).items() >= counts.items(), name
    changed = KB.replace("14", "30")
    (tmp_path / "kb.csv").write_text(changed, encoding="utf-8")
    assert json.loads(run("kb", "import", "kb.csv", "--json").stdout)["changed"] == 1


def test_topics_get_titles_from_the_command_line_and_from_files(run: Run, tmp_path: Path) -> None:
    run("kb", "import", "kb.csv")
    assert run("kb", "topics", "returns", "--title", "ru=Возврат", "--title", "en=Returning").exit_code == 0
    assert run("kb", "topics", "returns", "--title", "en=").exit_code == 0
    listed = json.loads(run("kb", "topics", "--json").stdout)["topics"]
    assert {"id": "returns", "titles": {"ru": "Возврат"}, "articles": 1} in listed
    assert "Возврат" in run("kb", "topics", "returns").stdout
    assert run("kb", "topics", "--export", "topics.csv").exit_code == 0
    written = (tmp_path / "topics.csv").read_text(encoding="utf-8")
    assert "returns,Возврат\n" in written
    (tmp_path / "topics.csv").write_text(written.replace("Возврат", "Вернуть товар"), encoding="utf-8")
    assert run("kb", "topics", "--import", "topics.csv").exit_code == 0
    printed = run("ask", "как вернуть товар").stdout
    assert "[returns-how, returns: Вернуть товар]" in printed


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["retruns", "--title", "ru=Возврат"], "there is no topic retruns"),
        (["retruns"], "there is no topic retruns"),
        (["returns", "--title", "Возврат"], "say the language, too"),
        (["--title", "ru=Возврат"], "--title needs the id of a topic"),
        (["returns", "--title", "русский=Возврат"], "is no language tag"),
    ],
)
def test_what_names_no_topic_is_refused(run: Run, arguments: list[str], problem: str) -> None:
    run("kb", "import", "kb.csv")
    ran = run("kb", "topics", *arguments)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert problem in ran.stderr


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (KB + "x,,no question,t,\n", "row 5, column question"),
        (KB + "returns-how,Ещё раз?,Да.,t,\n", "row 5, column id"),
        ("id,qestion,answer\na,b,c\n", "column qestion"),
        ("", "contains no articles"),
        ("\x00\x01\x02", "NUL"),
    ],
)
def test_a_bad_file_is_one_line_and_changes_nothing(
    run: Run, tmp_path: Path, content: str, problem: str
) -> None:
    run("kb", "import", "kb.csv")
    (tmp_path / "bad.csv").write_text(content, encoding="utf-8")
    result = run("kb", "import", "bad.csv")
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert problem in result.stderr
    run("kb", "export", "after.json")
    assert len(json.loads((tmp_path / "after.json").read_text(encoding="utf-8"))) == 2


def test_all_problems_of_a_file_come_at_once_and_the_other_rows_on_request(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(KB + "x,,no question,t,\ny,Где?,Тут.,t,\nz z,Как?,Так.,t,\n", "utf-8")
    result = run("kb", "import", "bad.csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "row 5, column question" in result.stderr
    assert "row 7, column id" in result.stderr
    assert "2 problems, so nothing was imported; --skip-bad-rows imports the other rows" in result.stderr
    assert json.loads(run("kb", "import", "kb.csv", "--json").stdout)["added"] == 2  # nothing was there
    assert run("kb", "import", "bad.csv", "--skip-bad-rows").stdout.startswith("1 added, 0 changed, 2 unch")


def test_a_dry_run_prints_what_would_become_of_a_file(run: Run, tmp_path: Path) -> None:
    rows = "№;Спросили;Мы сказали;Раздел\n1;Где вы?;В Туле.;Адреса\n2;;Никак.;Адреса\n"
    (tmp_path / "other.csv").write_bytes(rows.encode("cp1251"))
    refused = run("kb", "import", "other.csv", "--dry-run")
    assert refused.exit_code == 1
    assert "add --columns question=«its name»" in refused.stderr
    mapped = ("--columns", "question=Спросили,answer=Мы сказали")
    result = run("kb", "import", "other.csv", "--dry-run", *mapped)
    assert result.exit_code == 1
    assert "read as Windows-1251" in result.stderr
    assert "passed over 1 column: '№'" in result.stderr
    assert "row 3, column question" in result.stderr
    assert (
        "1 article; Windows-1251; columns question=Спросили, answer=Мы сказали, topic=Раздел" in result.stdout
    )
    assert "1 would be added, 0 would be changed, 0 unchanged." in result.stdout
    report = json.loads(run("kb", "import", "other.csv", "--dry-run", "--json", *mapped).stdout)
    (file,) = report["files"]
    assert (report["dry_run"], report["added"], report["n_problems"]) == (True, 1, 1)
    assert (file["encoding"], file["ignored_columns"]) == ("Windows-1251", ["№"])
    assert [(problem["row"], problem["column"]) for problem in file["problems"]] == [(3, "question")]
    assert "No articles." in run("kb", "check").stderr


def test_an_import_again_names_what_is_missing_and_what_was_edited(run: Run, tmp_path: Path) -> None:
    run("kb", "import", "kb.csv")
    (tmp_path / "kb.csv").write_text(KB.partition("order-where")[0], encoding="utf-8")
    printed = run("kb", "import", "kb.csv").stdout
    assert "No longer in the files, still in the knowledge base (--archive-missing archives them):" in printed
    assert "«Where is my order?» from kb.csv" in printed
    assert "1 archived." in run("kb", "import", "kb.csv", "--archive-missing").stdout
    run("kb", "export", "after.json")
    statuses = {
        article["id"]: article["status"]
        for article in json.loads((tmp_path / "after.json").read_text(encoding="utf-8"))
    }
    assert statuses == {"order-where": "archived", "returns-how": "published"}


def test_an_export_is_in_order_of_topic_and_question(run: Run, tmp_path: Path) -> None:
    rows = "id,topic,question,answer\n1,б,Яблоки?,Да\n2,а,Груши?,Да\n3,б,Айва?,Да\n"
    (tmp_path / "kb.csv").write_text(rows, encoding="utf-8")
    run("kb", "import", "kb.csv")
    run("kb", "export", "out.json")
    exported = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [article["id"] for article in exported] == ["2", "3", "1"]


def test_the_same_article_in_two_files_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text(KB, encoding="utf-8")
    result = run("kb", "import", "kb.csv", "more.csv")
    assert result.exit_code == 2
    assert "'returns-how' is also in kb.csv" in result.stderr


def test_kb_check_lists_problems_and_says_so_by_its_status(run: Run, tmp_path: Path) -> None:
    run("kb", "import", "kb.csv")
    assert run("kb", "check").exit_code == 0
    (tmp_path / "more.csv").write_text(
        'id,question,answer\nreturn-2,Как вернуть товар??,"Никак, {custmer_name}."\nempty,Пусто?,\n',
        encoding="utf-8",
    )
    run("kb", "import", "more.csv")
    result = run("kb", "check", "--json")
    assert result.exit_code == 1
    kinds = {problem["kind"]: problem["articles"] for problem in json.loads(result.stdout)["problems"]}
    assert set(kinds) == {"conflicting_answers", "unknown_field", "empty_answer"}
    assert set(kinds["conflicting_answers"]) == {"return-2", "returns-how"}


def test_accounts_from_the_command_line(run: Run) -> None:
    assert run("user", "add", "anna", "--password-stdin", stdin="correct horse battery\n").exit_code == 0
    assert "already" in run("user", "add", "Anna", "--password-stdin", stdin="correct horse battery\n").stderr
    assert "10 characters" in run("user", "add", "boris", "--password-stdin", stdin="short\n").stderr
    assert run("user", "add", "boris", "--role", "king", "--password-stdin", stdin="x\n").exit_code == 2
    assert run("user", "password", "anna", "--password-stdin", stdin="another good one\n").exit_code == 0
    assert "easily guessed" in run("user", "add", "boris", "--password-stdin", stdin="1234567890\n").stderr
    assert run("user", "token", "anna").stdout.startswith("sufler_1_")
    assert "scope admin needs the role admin" in run("user", "token", "anna", "--scope", "admin").stderr
    assert run("user", "token", "anna", "--scope", "all").exit_code == 2
    assert run("user", "token", "anna", "--scope", "metrics", "--scope", "read", "--never-expires").stdout
    assert [
        (token["scopes"], token["expires_at"] is None)
        for token in json.loads(run("user", "tokens", "anna", "--json").stdout)["tokens"]
    ] == [(["read"], False), (["metrics", "read"], True)]
    assert "never expires, never used" in run("user", "tokens", "anna").stdout
    assert run("user", "tokens", "anna", "--revoke-all").exit_code == 0
    assert run("user", "tokens", "anna").stdout == ""
    assert json.loads(run("user", "sessions", "anna", "--json").stdout) == {"sessions": []}
    assert run("user", "sessions", "anna", "--revoke-all").exit_code == 0
    assert run("user", "sessions", "nobody").exit_code == 2
    assert run("user", "disable", "anna").exit_code == 0
    assert json.loads(run("user", "list", "--json").stdout)["users"] == [
        {"name": "anna", "role": "operator", "disabled": True}
    ]
    assert run("user", "disable", "nobody").exit_code == 2


def test_migrate_moves_everything_to_another_database(run: Run) -> None:
    run("kb", "import", "kb.csv")
    here, there = "sqlite:///sufler-data/sufler.db", "sqlite:///other.db"
    result = run("migrate", "--from", here, "--to", there)
    assert "Copied" in result.stderr
    again = run("migrate", "--from", here, "--to", there)
    assert again.exit_code == 2
    assert "use a new one" in again.stderr
    assert run("migrate", "--from", here).exit_code == 2
    assert run("migrate", "--from", here, "--to", "nonsense://x").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["ask", "x", "--config", "nope.yml"], "nope.yml: no such file"),
        (["run", "--only", "api,bott"], "--only bott"),
        (["kb", "export", "file.xyz"], "file.xyz"),
        (["kb", "export", "file.csv", "--format", "xyz"], "--format xyz"),
        (["nonsense"], "nonsense"),
        (["kb", "import", "nope.csv"], "nope.csv"),
    ],
)
def test_bad_usage_is_status_2_with_the_reason(run: Run, arguments: list[str], problem: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert problem in result.stderr


def test_the_database_of_a_data_dir_is_private(run: Run, tmp_path: Path) -> None:
    run("migrate")
    if os.name == "posix":
        assert (tmp_path / "sufler-data").stat().st_mode & 0o077 == 0


def test_flags_of_the_version_before_work_and_name_the_new_ones(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--simulate", "--haste", "0.5", "--unjudged=0", "--wrong-delay", "0", "--runs", "10"]
    monkeypatch.setattr(sys, "argv", ["sufler", "evaluate", "readiness", *arguments, "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["false_go_live_haste"] is not None
    assert err.splitlines()[:3] == [
        "sufler: --haste is called --rubber-stamp-rate now",
        "sufler: --unjudged is called --missing-verdict-rate now",
        "sufler: --wrong-delay is called --wrong-verdict-delay now",
    ]


HEAVY = {"faiss", "nicegui", "numpy", "onnxruntime", "sqlalchemy", "telegram"}


@pytest.mark.parametrize("command", [[], ["kb"]])
def test_help_loads_nothing_heavy(command: list[str]) -> None:
    program = "import sys\nfrom sufler.cli import main\ntry: main()\nexcept SystemExit: print(*sys.modules)"
    arguments = [sys.executable, "-c", program, *command, "--help"]
    said = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    assert "Usage: " in said
    assert HEAVY.isdisjoint(said.splitlines()[-1].split())


def test_every_command_has_help() -> None:
    for command in ("demo", "run", "train", "ask", "migrate", "kb", "user", "evaluate"):
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0

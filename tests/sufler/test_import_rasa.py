"""An existing Rasa project is imported through the command line."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from kb_index import Article
from kb_index.formats import Format, normalize_article, read_articles, write_articles
from tests.command_line import run_command, run_well
from tests.skips import BENCHMARK_DATA

pytestmark = pytest.mark.slow

SHIPPED = Path(__file__).parents[2] / "training_data"
LOOKUP = """
version: "3.1"
nlu:
- lookup: city
  examples: "- Омск"
- synonym: СПб
  examples: "- Питер"
"""


def configure(folder: Path) -> str:
    config = folder / "config.yml"
    sufler = {"data_dir": str(folder / "data"), "encoder": {"kind": "tfidf"}}
    config.write_text(yaml.safe_dump({"sufler": sufler}), encoding="utf-8")
    return str(config)


def import_project(project: Path, config: str, *options: str) -> dict[str, Any]:
    return run_command("import-rasa", str(project), "--config", config, "--json", *options).report


def articles(config: str, folder: Path) -> list[Article]:
    path = folder / "exported.jsonl"
    run_well("kb", "export", str(path), "--config", config)
    return sorted(read_articles(path), key=lambda article: article.id)


def test_export_and_import_lose_nothing_beside_forms_and_lookup_tables(tmp_path: Path) -> None:
    shop = sorted(map(normalize_article, read_articles(SHIPPED / "kb.csv")), key=lambda article: article.id)
    project = tmp_path / "project"
    write_articles(shop, project, format=Format.RASA)
    shutil.copytree(SHIPPED / "flows", project / "flows")
    form = yaml.safe_load((SHIPPED / "domain.yml").read_text(encoding="utf-8"))
    dialogue = {key: form[key] for key in ("slots", "forms", "entities", "actions")}
    (project / "dialogue.yml").write_text(yaml.safe_dump(dialogue), encoding="utf-8")
    (project / "lookup.yml").write_text(LOOKUP, encoding="utf-8")
    config = configure(tmp_path)

    report = import_project(project, config)
    assert report["added"] == len(report["articles"]) == len(shop) > 30
    assert articles(config, tmp_path) == shop
    assert {kept["intent"]: (kept["reason"], kept["detail"]) for kept in report["kept"]} == {
        "order_status": ("form", "order_status_form"),
        "faq": ("action", "action_answer_faq"),
    }
    assert (report["counts"]["lookups"], report["counts"]["synonyms"], report["counts"]["forms"]) == (1, 1, 1)
    assert report["warnings"] == []

    again = import_project(project, config)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, len(shop))


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    config = configure(tmp_path)
    report = import_project(SHIPPED, config, "--dry-run")
    assert (report["added"], [article["intent"] for article in report["articles"]]) == (
        0,
        ["greeting", "thanks", "goodbye", "bot_challenge", "how_are_you"],
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.benchmark_data
@pytest.mark.skipif(not BENCHMARK_DATA.is_dir(), reason=f"no benchmark data in {BENCHMARK_DATA}")
def test_a_real_project(tmp_path: Path) -> None:
    project = BENCHMARK_DATA / "rasa_financial_demo"
    printed = run_well("import-rasa", str(project), "--config", configure(tmp_path))
    assert "5 intents become articles:" in printed
    assert "  small_talk: are you a bot?" in printed
    assert "  pay_cc: starts a form (cc_payment_form)" in printed
    assert "  check_balance: calls an action (action_show_balance)" in printed
    assert "  affirm: fills in a slot (AA_CONTINUE_FORM)" in printed
    assert printed.endswith("5 added, 0 changed, 0 unchanged.\n")


def test_what_is_no_project_is_refused_in_one_line(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for project in (empty, tmp_path / "nowhere"):
        assert run_command("import-rasa", str(project), "--config", configure(tmp_path)).exit_code == 2


def test_an_answer_beside_bookkeeping_is_taken_over_on_demand(tmp_path: Path) -> None:
    project = tmp_path / "bot"
    (project / "data").mkdir(parents=True)
    (project / "domain.yml").write_text("responses: {utter_faq/a: [{text: Так.}]}", encoding="utf-8")
    nlu = "nlu: [{intent: faq/a, examples: '- как?'}]\n"
    rules = "rules: [{rule: a, steps: [{intent: faq}, {action: utter_faq}, {action: action_log}]}]\n"
    (project / "data" / "all.yml").write_text(nlu + rules, encoding="utf-8")
    config = configure(tmp_path)
    lines = run_well("import-rasa", str(project), "--dry-run", "--config", config).splitlines()
    assert lines[2] == (
        "  faq/a: calls an action (action_log); has a fixed answer (utter_faq/a): "
        "if the rest sends customers nothing, take it over with --ignore action_log"
    )
    report = import_project(project, config, "--dry-run")
    assert report["kept"][0]["ignore"] == ["action_log"]
    assert import_project(project, config, "--ignore", "action_log")["added"] == 1

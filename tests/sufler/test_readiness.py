"""The commands readiness, autopilot and evaluate readiness work end to end."""

from pathlib import Path

import pytest

from prompter.storage import Store, connect, migrate
from tests.command_line import Ran, run_command
from tests.prompter.readiness.governed import RULE, GovernedShop

pytestmark = pytest.mark.slow

CONFIG = f"sufler:\n  readiness: {{bar: {RULE.bar}, thresholds: {list(RULE.thresholds)}}}\n"
CONTRACT = {
    "false_go_live", "median_labels_to_go_live", "kl_bound_labels", "median_answers_to_demotion",
    "false_demotion", "fdr", "power", "false_go_live_haste", "messages_haste", "runs", "standard_error",
    "scenarios", "ci",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.yml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "sufler-data").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def shop(folder: Path) -> GovernedShop:
    """A shop on the database that the commands open."""
    engine = connect(f"sqlite:///{folder / 'sufler-data' / 'sufler.db'}")
    migrate(engine)
    return GovernedShop(Store(engine))


def run(*arguments: str) -> Ran:
    return run_command(*arguments, "--config", "config.yml")


def test_the_state_of_every_topic(shop: GovernedShop) -> None:
    shop.prove(5)
    assert run("kb", "topics", "returns", "--title", "ru=Возврат").exit_code == 0
    assert "Возврат" in run("readiness").output
    report = run("readiness", "--json").report
    orders, returns = report["topics"]
    assert (orders["name"], orders["state"], orders["estimate"]) == ("orders", "collecting", None)
    assert (returns["judged_by_lot"], returns["estimate"]) == (5, 1.0)
    assert returns["more_judged_turns"] > 0
    low, high = report["ci"]["returns"]
    assert 0 < low < high == 1.0
    shop.store.close()


def test_a_plan_and_what_happened(shop: GovernedShop) -> None:
    shop.prove()
    printed = run("readiness", "returns", "--plan").output
    assert "days" in printed
    assert "done" in printed
    assert "ready: proved" in printed
    shop.store.close()


def test_on_hold_off(shop: GovernedShop) -> None:
    assert "returns: nothing has been judged yet" in run("autopilot", "on", "returns").refusal
    shop.prove()
    assert run("autopilot", "on", "returns").output == "returns: autopilot at confidence 0.6 or higher\n"
    assert run("autopilot", "hold", "returns").exit_code == 0
    assert run("autopilot", "off", "returns").output.splitlines()[-1] == "returns: ready"
    assert "there is no topic weather" in run("autopilot", "on", "weather").refusal
    shop.store.close()


@pytest.mark.usefixtures("folder")
def test_the_simulator_keeps_the_contract() -> None:
    arguments = ("evaluate", "readiness", "--simulate", "--runs", "20", "--labels", "200")
    report = run(*arguments, "--json").report
    assert set(report) >= CONTRACT
    assert report["runs"] == 20
    assert [set(scenario) for scenario in report["scenarios"]] == [
        {"accuracy", "median_labels", "mean_labels", "kl_labels", "false_go_live", "went_live"}
    ] * 4
    assert report["scenarios"][0]["accuracy"] == RULE.bar
    assert {(cost["way"], cost["probability"]) for cost in report["costs"]} == {
        ("blind", 0.05), ("blind", 0.2), ("second judged", 0.05), ("second judged", 0.2)
    }  # fmt: skip
    assert "of the last hundred" in run(*arguments).output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "needs --simulate"),
        (("--simulate", "--drift", "0.5"), "accuracy would leave 0 to 1"),
        (("--simulate", "--labels", "100", "--versions", "101"), "only 100 labels"),
    ],
)
def test_what_cannot_be_simulated_is_said(arguments: tuple[str, ...], problem: str) -> None:
    assert problem in run("evaluate", "readiness", *arguments).refusal

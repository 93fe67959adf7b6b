"""sufler readiness, sufler autopilot: which topics may answer alone, and why not yet."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sufler.cli.common import ConfigOption, JsonOption, print_json

if TYPE_CHECKING:
    from prompter.readiness.service import Readiness, TopicReadiness

app = typer.Typer(no_args_is_help=True, help="Let a topic answer alone, stop it, or only measure it.")

TopicArgument = Annotated[str, typer.Argument(help="A topic, or a group of topics.")]


def readiness(
    topic: Annotated[str | None, typer.Argument(help="Only this topic or group.")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Also say how long go-live will take at today's traffic.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show for each topic what the evidence says: may it answer alone?"""
    with _opened(config) as use_cases:
        found = use_cases.topics() if topic is None else [use_cases.topic(topic)]
    if as_json:
        print_json(
            {
                "topics": [as_object(topic_name) for topic_name in found],
                "ci": {topic_name.name: _interval(topic_name) for topic_name in found},
            }
        )
        return
    if not found:
        typer.echo("No topic has been looked at yet: the worker of a running Sufler does (sufler run).")
        return
    _print(found, plan=plan)
    if topic is not None:
        _print_events(found[0])


@app.command("on")
def switch_on(topic: TopicArgument, config: ConfigOption = None) -> None:
    """Let a topic answer alone, as widely as its evidence allows. Refused if it allows nothing yet."""
    _change(topic, config, lambda use_cases: use_cases.allow(topic, None))


@app.command()
def hold(topic: TopicArgument, config: ConfigOption = None) -> None:
    """Stop a topic from answering alone, at once; `on` lets it go on."""
    _change(topic, config, lambda use_cases: use_cases.hold(topic, None))


@app.command("off")
def switch_off(topic: TopicArgument, config: ConfigOption = None) -> None:
    """Only measure a topic from now on, whatever its evidence says."""
    _change(topic, config, lambda use_cases: use_cases.switch_off(topic, None))


def _change(topic: str, config: Any, act: "Callable[[Readiness], TopicReadiness]") -> None:
    with _opened(config) as use_cases:
        found = act(use_cases)
    threshold = "" if found.threshold is None else f", from a confidence of {found.threshold:g} on"
    typer.echo(f"{topic}: {found.state.value}{threshold}")


@contextmanager
def _opened(config: Any) -> "Iterator[Readiness]":
    from sufler import bootstrap
    from sufler.settings import load_settings

    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        yield bootstrap.build_readiness(settings, store)


def as_object(found: "TopicReadiness") -> dict[str, Any]:
    """What there is to know, as JSON: of the first threshold that has not passed, or else the last one."""
    step = found.steps[-1]
    return {
        "name": found.name,
        "topics": list(found.topics),
        "state": found.state.value,
        "mode": found.mode.value,
        "threshold": found.threshold,
        "passed": found.passed,
        "tested_threshold": step.threshold,
        "estimate": _rounded(step.estimate),
        "coverage": _rounded(found.coverage),
        "turns": step.n_turns,
        "judged_by_lot": step.n_by_lot,
        "more_judged_turns": step.more_labels,
        "days": _rounded(found.days_to_go, 1),
        "audited": found.audited,
        "audited_right": found.audited_right,
        "test_number": found.test_number,
        "since": found.test_began_at.isoformat(),
    }


def _interval(found: "TopicReadiness") -> list[float] | None:
    return None if found.interval is None else [round(found.interval.low, 4), round(found.interval.high, 4)]


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)


def _print(found: "Sequence[TopicReadiness]", *, plan: bool) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    columns = ["topic", "state", "right", "between", "coverage", "turns", "by lot"]
    table = Table(*columns, "more judged turns", *(["days"] if plan else []))
    for topic in found:
        step = topic.steps[-1]
        interval = topic.interval
        row = [
            escape(topic.name),
            topic.state.value + ("" if topic.threshold is None else f" ≥ {topic.threshold:g}"),
            "–" if step.estimate is None else f"{step.estimate:.1%}",
            "–" if interval is None else f"{interval.low:.1%} – {interval.high:.1%}",
            "–" if topic.coverage is None else f"{topic.coverage:.0%}",
            str(step.n_turns),
            str(step.n_by_lot),
            _more(topic),
        ]
        if plan:
            row.append("–" if topic.days_to_go is None else f"{topic.days_to_go:.0f}")
        table.add_row(*row)
    Console().print(table)


def _more(found: "TopicReadiness") -> str:
    step = found.steps[-1]
    if step.passed_after is not None:
        return "done"
    if step.more_labels is not None:
        return f"about {step.more_labels}"
    return "nothing judged yet" if step.estimate is None else "not on course"


def _print_events(found: "TopicReadiness") -> None:
    for event in found.events:
        typer.echo(f"{event.at:%Y-%m-%d %H:%M} {event.state.value}: {event.reason}")

"""The commands `sufler readiness` and `sufler autopilot`: readiness of topics and control of autopilot."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sufler.cli.common import ConfigOption, JsonOption, print_json

if TYPE_CHECKING:
    from prompter.domain.topic import TopicTitles
    from prompter.knowledge.topics import Topics
    from prompter.readiness.service import Readiness
    from prompter.readiness.topic_readiness import TopicReadiness

app = typer.Typer(
    no_args_is_help=True, help="Turn automated replies of a topic on, pause them, or only observe."
)

TopicArgument = Annotated[str, typer.Argument(help="A topic or a group of topics.")]


def readiness(
    topic: Annotated[str | None, typer.Argument(help="Show only this topic or group.")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Add the expected days until launch at the current volume.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the readiness of each topic for automated replies."""
    with _open(config) as (use_cases, topics):
        found = use_cases.topics() if topic is None else [use_cases.topic(topic)]
        titles = topics.titles()
    if as_json:
        print_json(
            {
                "topics": [as_object(readiness) for readiness in found],
                "ci": {readiness.name: _interval(readiness) for readiness in found},
            }
        )
        return
    if not found:
        typer.echo("No topics yet: the worker of a running Sufler (sufler run) adds them.")
        return
    _print(found, titles, plan=plan)
    if topic is not None:
        _print_events(found[0])


@app.command("on")
def switch_on(topic: TopicArgument, config: ConfigOption = None) -> None:
    """Turn autopilot on, as far as the evidence allows. Refused while it allows nothing."""
    _change(topic, config, lambda use_cases: use_cases.allow(topic, None))


@app.command()
def hold(topic: TopicArgument, config: ConfigOption = None) -> None:
    """Pause autopilot at once. `on` resumes it."""
    _change(topic, config, lambda use_cases: use_cases.hold(topic, None))


@app.command("off")
def switch_off(topic: TopicArgument, config: ConfigOption = None) -> None:
    """Observe only: operators answer, whatever the evidence says."""
    _change(topic, config, lambda use_cases: use_cases.switch_off(topic, None))


def _change(topic: str, config: Any, act: "Callable[[Readiness], TopicReadiness]") -> None:
    with _open(config) as (use_cases, _topics):
        found = act(use_cases)
    threshold = "" if found.threshold is None else f" at confidence {found.threshold:g} or higher"
    typer.echo(f"{topic}: {found.state.value}{threshold}")


@contextmanager
def _open(config: Any) -> "Iterator[tuple[Readiness, Topics]]":
    from sufler import bootstrap
    from sufler.settings import load_settings

    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        yield bootstrap.build_readiness(settings, store), bootstrap.build_topics(settings, store)


def as_object(found: "TopicReadiness") -> dict[str, Any]:
    """Return a topic's readiness as JSON, at the first threshold that has not passed or at the last one."""
    step = found.steps[-1]
    return {
        "name": found.name,
        "topics": list(found.topics),
        "state": found.state.value,
        "mode": found.mode.value,
        "threshold": found.threshold,
        "passed": found.passed,
        "tested_threshold": step.threshold,
        "estimate": _round(step.estimate),
        "coverage": _round(found.coverage),
        "turns": step.n_turns,
        "judged_by_lot": step.n_sampled,
        "more_judged_turns": step.more_labels,
        "days": _round(found.days_to_go, 1),
        "audited": found.audited,
        "audited_right": found.audited_right,
        "test_number": found.test_number,
        "since": found.test_began_at.isoformat(),
    }


def _interval(found: "TopicReadiness") -> list[float] | None:
    return None if found.interval is None else [round(found.interval.low, 4), round(found.interval.high, 4)]


def _round(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)


def _print(found: "Sequence[TopicReadiness]", titles: "TopicTitles", *, plan: bool) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    columns = ["topic", "state", "accuracy", "range", "coverage", "questions", "random sample"]
    table = Table(*columns, "until launch", *(["days"] if plan else []))
    for topic in found:
        step = topic.steps[-1]
        interval = topic.interval
        row = [
            escape("\n".join(filter(None, (topic.name, titles.title(topic.name, titles.language))))),
            topic.state.value + ("" if topic.threshold is None else f" ≥ {topic.threshold:g}"),
            "–" if step.estimate is None else f"{step.estimate:.1%}",
            "–" if interval is None else f"{interval.low:.1%} – {interval.high:.1%}",
            "–" if topic.coverage is None else f"{topic.coverage:.0%}",
            str(step.n_turns),
            str(step.n_sampled),
            _missing_labels(topic),
        ]
        if plan:
            row.append("–" if topic.days_to_go is None else f"{topic.days_to_go:.0f}")
        table.add_row(*row)
    Console().print(table)


def _missing_labels(found: "TopicReadiness") -> str:
    step = found.steps[-1]
    if step.passed_after is not None:
        return "done"
    if step.more_labels is not None:
        return f"about {step.more_labels}"
    return "no data yet" if step.estimate is None else "accuracy too low"


def _print_events(found: "TopicReadiness") -> None:
    for event in found.events:
        typer.echo(f"{event.at:%Y-%m-%d %H:%M} {event.state.value}: {event.reason}")

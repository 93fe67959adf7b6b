"""sufler learn: what operators have decided becomes a better model, or is refused."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sufler.cli.common import CHECK_FAILED, ConfigOption, JsonOption, print_json
from sufler.cli.history import mine
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from prompter.learning.outcome import LearningRun


def learn(
    shadow: Annotated[
        bool | None,
        typer.Option(
            "--shadow/--no-shadow",
            help="Let what was learned triage unseen first; without it, as the settings say.",
            show_default=False,
        ),
    ] = None,
    from_history: Annotated[
        Path | None,
        typer.Option(
            help="Propose articles and phrasings from chats of the past instead: CSV, JSON or JSONL "
            "with conversation, author, time, text."
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn from operators' decisions; what comes of it answers, unless it is measured to be worse."""
    if from_history is not None:
        mine(from_history, config, as_json)
        return
    from prompter.learning.report import as_object
    from sufler import bootstrap
    from sufler.bootstrap import learn
    from sufler.settings import load_settings

    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        outcome = learn(settings, store, shadow=shadow, bar=progress_bar)
    if as_json:
        print_json(as_object(outcome))
    else:
        _print(outcome, settings.learning.min_new_decisions)
    if outcome.report is not None and outcome.report.refusal is not None:
        raise typer.Exit(CHECK_FAILED)


def _print(outcome: "LearningRun", min_new_decisions: int) -> None:
    from prompter.learning.outcome import Result
    from prompter.learning.report import why_refused

    report = outcome.report
    if outcome.proposals is not None and outcome.proposals.new:
        typer.echo(f"{outcome.proposals.new} new proposals wait for a supervisor.")
    new = f"{outcome.split.n_new} decisions to learn from since the last time"
    match outcome.result:
        case Result.NOTHING_NEW:
            typer.echo(
                f"{new}; learning waits until there are {min_new_decisions} (learning.min_new_decisions)."
            )
        case Result.PROMOTED:
            typer.echo(f"Version {outcome.version} answers now, in every process.")
        case Result.SHADOW:
            typer.echo(f"Version {outcome.version} triages unseen from now on.")
        case Result.OVERTAKEN:
            typer.echo(f"Version {outcome.version} was not used: another one came into use meanwhile.")
        case Result.REFUSED if report is not None and report.refusal is not None:
            typer.echo(f"Version {outcome.version} is refused: {why_refused(report.refusal)}.")
    if report is None or outcome.label_set is None:
        return
    typer.echo(f"{new}, {len(outcome.label_set.texts)} different questions learned.")
    if report.champion is not None and report.candidate is not None and report.difference is not None:
        difference = report.difference
        typer.echo(
            f"First suggestion right: {report.candidate.value:.1%} of {report.candidate.n} rows, "
            f"{report.champion.value:.1%} before ({report.won} won, {report.lost} lost; "
            f"difference {100 * difference.value:+.1f} points, "
            f"{100 * difference.low:+.1f} to {100 * difference.high:+.1f})."
        )
    for topic in (topic_name for topic_name in report.topics if topic_name.is_live):
        typer.echo(
            f"{topic.name} answers alone: of {topic.n_answered} answers {topic.turned_wrong} would turn "
            f"wrong and {topic.turned_right} right; {topic.allowed:.1f} more may."
        )
    if outcome.changed_alone:
        typer.echo(
            f"{len(outcome.changed_alone)} of the last answers given alone would be others: audited more."
        )
    if outcome.label_set.contradictions:
        typer.echo(f"{len(outcome.label_set.contradictions)} questions were judged differently.")
    for operator in outcome.operators:
        if operator.is_flagged:
            typer.echo(
                f"{outcome.operator_names.get(operator.operator_id)}: "
                f"{operator.contradicted} of {operator.n_verdicts} "
                f"decisions contradict what all others say ({operator.expected:.0f} expected): not learned."
            )

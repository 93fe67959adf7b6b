"""The command `sufler learn`: train a version on operators' decisions, and use it unless it may be worse."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sufler.cli.common import CHECK_FAILED, ConfigOption, JsonOption, pluralize, print_json
from sufler.cli.history import mine
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from prompter.learning.outcome import LearningRun


def learn(
    shadow: Annotated[
        bool | None,
        typer.Option(
            "--shadow/--no-shadow",
            help="Run the new version in shadow mode first. Default: as the settings say.",
            show_default=False,
        ),
    ] = None,
    from_history: Annotated[
        Path | None,
        typer.Option(
            help="Propose articles and phrasings from past chats instead: a table (CSV, JSON, JSONL) with "
            "conversation, author, time, text, or an export of Telegram Desktop, WhatsApp, Chatwoot, Zendesk "
            "or Jivo; a file or a folder of files."
        ),
    ] = None,
    history_format: Annotated[
        str,
        typer.Option(
            "--format",
            help="Format of the past chats: auto, table, telegram, whatsapp, chatwoot, zendesk or jivo.",
        ),
    ] = "auto",
    operators: Annotated[
        str | None,
        typer.Option(
            help="Names or ids of the operators in the past chats, separated by commas, where the file does "
            'not say who they are: user5,"Smith, Ann". Everybody else is a customer.'
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a version on operators' decisions. It comes into use unless it may be worse."""
    if from_history is not None:
        mine(from_history, history_format, operators, config, as_json)
        return
    from prompter.learning.report import outcome_of
    from sufler import bootstrap
    from sufler.bootstrap import learn
    from sufler.settings import load_settings

    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        outcome = learn(settings, store, shadow=shadow, bar=progress_bar)
    if as_json:
        print_json(outcome_of(outcome).to_json())
    else:
        _print(outcome, settings.learning.min_new_decisions)
    if outcome.report is not None and outcome.report.refusal is not None:
        raise typer.Exit(CHECK_FAILED)


def _print(outcome: "LearningRun", min_new_decisions: int) -> None:
    from prompter.domain.learning_outcome import Result
    from prompter.learning.report import refusal_reason

    report = outcome.report
    if outcome.proposals is not None and outcome.proposals.new:
        typer.echo(f"{pluralize(outcome.proposals.new, 'new proposal')} for a supervisor to review.")
    new = f"{pluralize(outcome.split.n_new, 'new decision')} since the last run"
    match outcome.result:
        case Result.NOTHING_NEW:
            typer.echo(f"{new}; learning needs {min_new_decisions} (learning.min_new_decisions).")
        case Result.PROMOTED:
            typer.echo(f"Version {outcome.version} is now in use in every process.")
        case Result.SHADOW:
            typer.echo(f"Version {outcome.version} now runs in shadow mode.")
        case Result.OVERTAKEN:
            typer.echo(
                f"Version {outcome.version} is not used: another version was activated in the meantime."
            )
        case Result.REFUSED if report is not None and report.refusal is not None:
            typer.echo(f"Version {outcome.version} is rejected: {refusal_reason(report.refusal)}.")
    if report is None or outcome.label_set is None:
        return
    typer.echo(f"{new}; {pluralize(len(outcome.label_set.texts), 'distinct question')} learned.")
    if report.champion is not None and report.candidate is not None and report.difference is not None:
        difference = report.difference
        typer.echo(
            f"Top-suggestion accuracy: {report.candidate.value:.1%} "
            f"on {pluralize(report.candidate.n, 'row')}, {report.champion.value:.1%} before "
            f"({report.won} won, {report.lost} lost; difference {100 * difference.value:+.1f} points, "
            f"{100 * difference.low:+.1f} to {100 * difference.high:+.1f})."
        )
    for topic in report.topics:
        if topic.is_live:
            typer.echo(
                f"{topic.name}, on autopilot: of {pluralize(topic.n_answered, 'answer')}, "
                f"{topic.turned_wrong} would become wrong and {topic.turned_right} right "
                f"(allowed net loss: {topic.allowed:.1f})."
            )
    if outcome.changed_alone:
        n_changed = pluralize(
            len(outcome.changed_alone), "recent automated reply", "recent automated replies"
        )
        typer.echo(f"{n_changed} would change: audited more often.")
    if outcome.label_set.contradictions:
        typer.echo(
            f"{pluralize(len(outcome.label_set.contradictions), 'question')} with conflicting verdicts."
        )
    for check in outcome.operators:
        if check.is_flagged:
            typer.echo(
                f"{outcome.operator_names.get(check.operator_id)}: {check.contradicted} of "
                f"{check.n_verdicts} decisions contradict everybody else's ({check.expected:.0f} expected): "
                "not learned from."
            )

"""The command `sufler learn --from-history`: make proposals from past chats."""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sufler.cli.common import fail, pluralize, print_json
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from prompter.knowledge.chat_history import HistoryFormat, Omission, ReadReport
    from prompter.knowledge.chat_history_import import History

_MAX_LISTED = 20  # authors offered in the question for the operators


def mine(path: Path, history_format: str, operators: str | None, config: Path | None, as_json: bool) -> None:
    """Read a file or a folder of chats and make proposals from it. If a row is invalid, nothing is proposed.

    Where the chats do not say who the operators are, a person at a terminal is asked.
    """
    from prompter.domain.drafts import ProposalKind
    from prompter.knowledge.chat_history import HistoryFormat, ReadReport, UnknownOperators
    from prompter.learning.proposing import propose_from_history
    from sufler import bootstrap
    from sufler.settings import load_settings

    if history_format not in set(HistoryFormat):
        fail(f"--format {history_format} is unknown: use one of {', '.join(HistoryFormat)}")
    settings = load_settings(config)
    chosen = HistoryFormat(history_format)
    report = ReadReport()
    try:
        history = _read(path, chosen, _names(operators), report)
    except UnknownOperators:
        if not sys.stdin.isatty():
            raise
        names = _ask(path, chosen)
        report = ReadReport()
        history = _read(path, chosen, names, report)
    with bootstrap.open_store(settings) as store:
        with progress_bar("Comparing", None) as advance:
            proposals = bootstrap.proposal_config(settings)
            counts = propose_from_history(proposals, store, history, progress=advance)
        waiting = bootstrap.build_proposals(store).count_open()
    if as_json:
        print_json(
            {
                "messages": history.n_messages,
                "conversations": history.n_conversations,
                "questions": history.n_questions,
                "new": counts.new,
                "grown": counts.grown,
                "known": counts.known,
                "waiting": {kind.value: waiting[kind] for kind in ProposalKind},
                "formats": dict(report.formats),
                "passed_over": {kind.value: count for kind, count in report.passed_over.items() if count},
                "remarks": list(report.remarks),
            }
        )
        return
    for line in _told(report):
        typer.echo(line)
    typer.echo(
        f"{history.n_messages} messages in {history.n_conversations} conversations, "
        f"{history.n_questions} different questions."
    )
    typer.echo(f"{counts.new} new proposals, {counts.grown} extended, {counts.known} already known.")


def _read(
    path: Path, history_format: "HistoryFormat", operators: Sequence[str], report: "ReadReport"
) -> "History":
    from prompter.knowledge.chat_history import count_hint, read_history
    from prompter.knowledge.chat_history_import import mine_history

    messages = read_history(path, history_format=history_format, operators=operators, report=report)
    with progress_bar("Reading", count_hint(path)) as advance:
        return mine_history(messages, progress=advance)


def _names(operators: str | None) -> list[str]:
    """Return the names in a list separated by commas. A name with a comma stands in quotes.

    >>> _names('user5, "Smith, Ann"')
    ['user5', 'Smith, Ann']
    """
    cells = next(csv.reader([operators or ""], skipinitialspace=True), [])
    return [name.strip() for name in cells if name.strip()]


def _ask(path: Path, history_format: "HistoryFormat") -> list[str]:
    """Ask the person at the terminal which of the authors are operators."""
    from prompter.knowledge.chat_history import count_authors

    authors = count_authors(path, history_format=history_format).most_common(_MAX_LISTED)
    typer.echo("The chats do not say who the operators are. Who wrote:", err=True)
    for number, (names, n_messages) in enumerate(authors, start=1):
        typer.echo(f"  {number}  {' · '.join(names)}: {pluralize(n_messages, 'message')}", err=True)
    while True:
        answer = typer.prompt("Numbers of the operators, separated by commas", err=True)
        numbers = [int(part) for part in answer.replace(",", " ").split() if part.isdigit()]
        if numbers and all(1 <= number <= len(authors) for number in numbers):
            return [authors[number - 1][0][0] for number in numbers]


def _told(report: "ReadReport") -> list[str]:
    return [
        *(f"Read as {name}: {pluralize(count, 'file')}." for name, count in report.formats.items()),
        *(f"Passed over: {_describe(kind, count)}." for kind, count in report.passed_over.items() if count),
        *(f"Note: {remark}." for remark in report.remarks),
    ]


def _describe(kind: "Omission", count: int) -> str:
    singular, plural = {
        "internal_notes": ("internal note", "internal notes"),
        "service_messages": ("service message", "service messages"),
        "messages_without_text": ("message without text", "messages without text"),
        "channel_posts": ("post of a channel", "posts of channels"),
        "other_files": ("file with another ending", "files with other endings"),
    }[kind.value]
    return pluralize(count, singular, plural)

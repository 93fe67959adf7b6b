"""Options, output and exit statuses that the commands share."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", help="Settings file. Default: the settings shipped with Sufler.", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on standard output.")]

CHECK_FAILED = 1
BAD_INPUT = 2


def print_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def fail(message: str, status: int = BAD_INPUT) -> NoReturn:
    """End the command with one line on standard error."""
    typer.echo(f"sufler: {' '.join(message.split())}", err=True)
    raise typer.Exit(status)


def pluralize(count: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun.

    >>> pluralize(1, "problem"), pluralize(2, "problem"), pluralize(0, "reply", "replies")
    ('1 problem', '2 problems', '0 replies')
    """
    return f"{count} {singular if count == 1 else plural or singular + 's'}"

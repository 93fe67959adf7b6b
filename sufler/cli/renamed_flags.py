"""Renamed flags. Their old names work for one release."""

from collections.abc import Sequence

import typer

RENAMED_FLAGS = {
    "--anyway": "--force",
    "--haste": "--rubber-stamp-rate",
    "--or-skip": "--skip-if-unavailable",
    "--unjudged": "--missing-verdict-rate",
    "--wrong-delay": "--wrong-verdict-delay",
}


def with_new_names(arguments: Sequence[str]) -> list[str]:
    """Replace old names of flags in the arguments, and print each new name once.

    >>> with_new_names(["rasa", "setup", "--", "--or-skip"])
    ['rasa', 'setup', '--', '--or-skip']
    """
    renamed = []
    end = arguments.index("--") if "--" in arguments else len(arguments)
    for argument in arguments[:end]:
        name, is_set, value = argument.partition("=")
        new = RENAMED_FLAGS.get(name)
        if new is not None:
            typer.echo(f"sufler: {name} is called {new} now", err=True)
        renamed.append(f"{new or name}{is_set}{value}")
    return [*renamed, *arguments[end:]]

"""Run commands in the test's own process, which spares each of them the start of Python."""

from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO

import pytest

from sufler.cli import main


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A command that has ended."""

    exit_code: int
    stdout: str
    stderr: str


def run_command(*arguments: str, stdin: str = "") -> Ran:
    """Run the whole program like `sufler ...`."""
    out, err, exit_code = StringIO(), StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr("sys.argv", ["sufler", *arguments])
        patch.setattr("sys.stdin", StringIO(stdin))
        try:
            main()
        except SystemExit as end:
            exit_code = end.code if isinstance(end.code, int) else 0
    return Ran(exit_code=exit_code, stdout=out.getvalue(), stderr=err.getvalue())


def run_well(*arguments: str) -> str:
    """Run a command that must succeed, and return what it printed."""
    done = run_command(*arguments)
    assert done.exit_code == 0, done.stderr
    return done.stdout

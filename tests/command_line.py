"""Run commands in the test's own process, which spares each of them the start of Python."""

import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest

from sufler.cli import main


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A command that has ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Return what a command that must succeed has printed."""
        assert self.exit_code == 0, self.stderr
        return self.stdout

    @property
    def report(self) -> dict[str, Any]:
        """Return what a command with `--json` has printed."""
        document: dict[str, Any] = json.loads(self.output)
        return document

    @property
    def refusal(self) -> str:
        """Return the message of a command that was wrong to give and has printed nothing else."""
        assert (self.exit_code, self.stdout) == (2, "")
        return self.stderr


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def run_command(*arguments: str, stdin: str = "", is_terminal: bool = False) -> Ran:
    """Run the whole program like `sufler ...`, with `stdin` from a file or typed at a terminal."""
    out, err, exit_code = StringIO(), StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr("sys.argv", ["sufler", *arguments])
        patch.setattr("sys.stdin", (_Terminal if is_terminal else StringIO)(stdin))
        try:
            main()
        except SystemExit as end:
            exit_code = end.code if isinstance(end.code, int) else 0
    return Ran(exit_code=exit_code, stdout=out.getvalue(), stderr=err.getvalue())


def run_well(*arguments: str) -> str:
    """Run a command that must succeed, and return what it printed."""
    return run_command(*arguments).output

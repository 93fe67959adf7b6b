"""The wheel works alone, as `pip install` delivers it to a user without a checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.e2e.product import ARTICLES
from tests.skips import missing

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
_NO_NETWORK = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "Network is unreachable")


@pytest.mark.parametrize(
    "downloads",  # all that it depends on, some 100 MB, instead of taking it from the tests' environment
    [False, pytest.param(True, marks=pytest.mark.full)],
)
def test_a_wheel_in_an_empty_folder_answers(tmp_path: Path, downloads: bool) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    home = tmp_path / "empty"
    venv.create(home / "venv")
    # Without the downloads, no model of language embeds the shipped phrases for ten seconds either.
    variables = {} if downloads else {"SUFLER_ENCODER__KIND": "tfidf"}
    programs = home / "venv" / ("Scripts" if os.name == "nt" else "bin")

    def run(program: str | Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        outside = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
        environment = {name: value for name, value in os.environ.items() if name not in outside} | variables
        return subprocess.run(
            [str(programs / program), *arguments],  # an absolute path stays as it is
            cwd=home,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    alone = [] if downloads else ["--no-deps", "--no-index"]
    pip = ["-m", "pip", "--python", str(home / "venv"), "install", "--quiet", "--no-compile"]
    installed = run(sys.executable, *pip, *alone, str(wheel))
    if any(reason in installed.stderr for reason in _NO_NETWORK) and installed.returncode:
        missing("a package index to install from")
    assert installed.returncode == 0, installed.stderr
    if not downloads:
        purelib = sysconfig.get_path("purelib", "venv", {"base": str(home / "venv")})
        added = Path(purelib) / "dependencies.pth"
        added.write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    (home / "kb.csv").write_text(ARTICLES, encoding="utf-8")
    imported = run("sufler", "kb", "import", "kb.csv")
    assert imported.returncode == 0, imported.stderr
    asked = run("sufler", "ask", "как вернуть товар")
    assert asked.returncode == 0, asked.stderr
    assert "[returns-how, returns]" in asked.stdout.split("\n1. ")[1].splitlines()[0]
    assert (home / "sufler-data" / "sufler.db").exists()

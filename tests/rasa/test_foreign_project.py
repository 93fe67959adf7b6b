"""Rasa itself on the project in a foreign hand, from which articles are taken in other tests."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.kb_index.foreign_project import FOREIGN_PROJECT
from tests.skips import missing

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]

ENVIRONMENT = Path(__file__).parents[2] / ".venv-rasa"


def test_the_validator_has_nothing_to_say_against_it(tmp_path: Path) -> None:
    if not (ENVIRONMENT / "complete").exists():
        missing(f"{ENVIRONMENT} (make rasa)")
    (tmp_path / ".venv-rasa").symlink_to(ENVIRONMENT)
    before = (FOREIGN_PROJECT / "config.yml").read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "sufler", "rasa", "validate", "--project", str(FOREIGN_PROJECT)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "No story structure conflicts found" in done.stderr
    assert "will be skipped" not in done.stderr  # nothing in it is passed over as unreadable
    assert "The intent 'doctor_joke' is listed in the domain file, but" in done.stderr
    assert (FOREIGN_PROJECT / "config.yml").read_bytes() == before

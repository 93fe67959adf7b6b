"""Rasa itself runs on another team's project, whose articles are imported in other tests."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kb_index.foreign_project import FOREIGN_PROJECT
from tests.skips import missing
from tests.strace import NO_STRACE, Findings, Watch, can_watch

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]

ENVIRONMENT = Path(__file__).parents[2] / ".venv-rasa"
CONFIG = FOREIGN_PROJECT / "config.yml"


@dataclass(frozen=True, kw_only=True)
class Validation:
    """The result of `sufler rasa validate`, with system calls if they can be watched."""

    done: subprocess.CompletedProcess[str]
    config_before: bytes
    folder: Path
    watch: Watch | None


@pytest.fixture(scope="module")
def validation(tmp_path_factory: pytest.TempPathFactory) -> Validation:
    if not (ENVIRONMENT / "complete").exists():
        missing(f"{ENVIRONMENT} (make rasa)")
    folder = tmp_path_factory.mktemp("validation")
    (folder / ".venv-rasa").symlink_to(ENVIRONMENT)
    command = [sys.executable, "-m", "sufler", "rasa", "validate", "--project", str(FOREIGN_PROJECT)]
    before = CONFIG.read_bytes()
    watch = Watch(tmp_path_factory.mktemp("watch")) if can_watch() else None
    if watch is None:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    else:
        # As on a machine where somebody has wished for reports, and named folders of their own for caches.
        wishes = {"RASA_TELEMETRY_ENABLED": "true", "XDG_CACHE_HOME": str(watch.home / "caches")}
        done = watch.run(*command, cwd=folder, variables=wishes)
    return Validation(done=done, config_before=before, folder=folder, watch=watch)


def test_the_validator_has_nothing_to_say_against_it(validation: Validation) -> None:
    done = validation.done
    assert done.returncode == 0, done.stderr
    assert "No story structure conflicts found" in done.stderr
    assert "will be skipped" not in done.stderr  # nothing in it is passed over as unreadable
    assert "The intent 'doctor_joke' is listed in the domain file, but" in done.stderr
    assert CONFIG.read_bytes() == validation.config_before


def test_rasa_looks_nothing_up_and_leaves_nothing_at_home(validation: Validation) -> None:
    if validation.watch is None:
        missing(NO_STRACE)
    assert validation.done.returncode == 0
    assert validation.watch.findings(validation.folder / "sufler-data") == Findings()
    assert list(validation.watch.home.iterdir()) == []

"""Fixtures that every package's tests share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompter.storage import Store, connect, migrate

_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own there
_MIN_FREE = 4 << 30  # bytes


def pytest_configure(config: pytest.Config) -> None:
    """Keep temporary folders in memory where there is room: on a disk each commit waits for 4 ms."""
    chosen = config.option.basetemp or "PYTEST_DEBUG_TEMPROOT" in os.environ
    if not chosen and _is_suitable(_MEMORY):
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_MEMORY)


def _is_suitable(folder: Path) -> bool:
    """Some tests write programs into their folder and run them, which containers may forbid there."""
    if not os.access(folder, os.W_OK) or os.statvfs(folder).f_flag & os.ST_NOEXEC:
        return False
    return shutil.disk_usage(folder).free >= _MIN_FREE


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, to be copied."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    engine = connect(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def store(tmp_path: Path, empty_database: Path) -> Iterator[Store]:
    path = tmp_path / "test.db"
    shutil.copy(empty_database, path)
    store = Store(connect(f"sqlite:///{path}"))
    yield store
    store.close()

"""Fixtures that every package's tests share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompter.storage import Store, connect, migrate


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

"""Fixtures that every package's tests share."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Engine
from xdist.scheduler import LoadFileScheduling

from prompter.storage import Store, connect, migrate

settings.register_profile("patient", deadline=None)  # a busy machine is not a failure
settings.register_profile("fast", settings.get_profile("patient"), max_examples=25)  # for make test-fast
settings.load_profile("patient")

_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own there
_MIN_FREE = 4 << 30  # bytes
_FACES = ("tests/bot/", "tests/prompter_api/")
_SLOWEST_FIRST = (
    "tests/rasa/test_rasa_project.py",
    "tests/e2e/test_demo.py",
    "tests/prompter_api/desk/operator/test_page_in_browser.py",
    "tests/sufler/test_history.py",
    "tests/sufler/test_evaluate.py",
    "tests/e2e/test_kills.py",
    "tests/prompter/storage/test_store.py",
    "tests/sufler/test_from_nothing.py",
    "tests/prompter_api/desk/readiness/test_board_in_browser.py",
    "tests/sufler/test_learning.py",
    "tests/nlu/test_finetuning.py",
    "tests/sufler/test_finetune.py",
    "tests/e2e/test_nothing_leaves.py",
)
_WITH_TORCH = (  # it takes ten seconds to import
    "tests/nlu/test_encoders.py",
    "tests/nlu/test_finetuning.py",
    "tests/sufler/test_evaluate.py",
    "tests/sufler/test_finetune.py",
)


class _ByFile(LoadFileScheduling):  # type: ignore[misc]
    """Gives a worker whole files, and one of them all files with torch."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return "torch" if file in _WITH_TORCH else file


@pytest.hookimpl(optionalhook=True)  # without xdist there are no workers
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return _ByFile(config, log) if config.option.dist == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    """Keep temporary folders in memory if there is room, as each commit on a disk takes 4 ms.

    Workers and the programs that tests start compute in one thread each: more would wait for one another.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    chosen = config.option.basetemp or "PYTEST_DEBUG_TEMPROOT" in os.environ
    if not chosen and _is_suitable(_MEMORY):
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_MEMORY)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep the garbage collector from looking through all modules and tests, which stay, again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before tests are left out by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the web and the bot that use a store, and put the longest files first.

    Begun last, a long file would keep its worker busy while the others idle.
    """
    for item in items:
        if item.nodeid.startswith(_FACES) and "store" in getattr(item, "fixturenames", ()):
            item.add_marker("face")
    places = {name: place for place, name in enumerate(_SLOWEST_FIRST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


def _is_suitable(folder: Path) -> bool:
    """Return True if the folder has room and may hold programs, which containers can forbid."""
    if not os.access(folder, os.W_OK) or os.statvfs(folder).f_flag & os.ST_NOEXEC:
        return False
    return shutil.disk_usage(folder).free >= _MIN_FREE


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate a database that tests copy."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    engine = connect(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def compiling_once() -> Callable[[Engine], Engine]:
    """Let engines share compiled SQL, which is a third of the time of a test's own engine."""
    first = connect("sqlite://")
    with first.connect():  # only then does its dialect know the version of SQLite
        cache: dict[Any, Any] = {}

    def share(engine: Engine) -> Engine:
        engine.dialect = first.dialect  # a part of the cache's keys
        engine.update_execution_options(compiled_cache=cache)
        return engine

    return share


@pytest.fixture
def store(
    tmp_path: Path, empty_database: Path, compiling_once: Callable[[Engine], Engine]
) -> Iterator[Store]:
    path = tmp_path / "test.db"
    shutil.copy(empty_database, path)
    store = Store(compiling_once(connect(f"sqlite:///{path}")))
    yield store
    store.close()

"""Sufler's files are private, and a copy of the database gives no access."""

import os
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs
from typer.testing import CliRunner

from prompter.domain.account import Role
from prompter.storage import Store, connect, migrate
from sufler import bootstrap
from sufler.cli import app
from sufler.errors import BadConfig
from sufler.installation_secret import installation_secret, replace_secret
from sufler.private_files import make_private_folder, private_files
from sufler.settings import Database, Settings, Web

pytestmark = pytest.mark.slow

SECRET = "of an earlier version: 0123456789 0123456789"
posix = pytest.mark.skipif(os.name != "posix", reason="there are no modes on Windows")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder.parent)): stat.S_IMODE(path.lstat().st_mode)
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink()
    }


@posix
def test_whatever_the_folder_was_nobody_else_reads_it(settings: Settings, tmp_path: Path) -> None:
    folder = settings.data_dir
    (folder / "models" / "1").mkdir(parents=True)
    for name, mode in (("models/1/weights", 0o644), ("models/run", 0o755), ("sufler.db.copy", 0o666)):
        (folder / name).write_text("x")
        (folder / name).chmod(mode)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("x")
    elsewhere.chmod(0o644)
    (folder / "models" / "link").symlink_to(elsewhere)
    engine = connect(f"sqlite:///{folder / 'sufler.db'}")
    migrate(engine)
    for path in (folder, folder / "models", folder / "models" / "1"):
        path.chmod(0o755)
    (folder / "sufler.db").chmod(0o644)
    with capture_logs() as logs, bootstrap.open_store(settings) as store:
        with store.write() as tx:
            tx.facts.set("a", "1")
        found = modes(folder)
        assert found.pop("data/models/run") == 0o700  # what can be run still can be
        assert {"data/sufler.db-wal", "data/sufler.db-shm", "data/sufler.db.copy"} <= set(found)
        folders = {"data", "data/models", "data/models/1"}
        assert found == {name: 0o700 if name in folders else 0o600 for name in found}
        (folder / "models" / "made").touch(0o644)
    engine.dispose()
    assert modes(folder)["data/models/made"] == 0o600
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644
    assert {(entry["event"], entry["target"]) for entry in logs} == {
        ("data_link_not_private", str(elsewhere))
    }


@posix
@pytest.mark.parametrize("is_link", ["data_dir", "database", "sufler.db"])
def test_what_stands_behind_a_symbolic_link_is_private_too(tmp_path: Path, is_link: str) -> None:
    real = tmp_path / "real"
    (real / "models").mkdir(parents=True)
    (real / "sufler.db").touch()
    real.chmod(0o755)
    (real / "sufler.db").chmod(0o644)
    link = tmp_path / "link"
    settings = Settings(data_dir=link)
    if is_link == "data_dir":
        link.symlink_to(real)
    elif is_link == "database":
        link.symlink_to(real / "sufler.db")
        settings = Settings(data_dir=tmp_path / "data", database=Database(url=SecretStr(f"sqlite:///{link}")))
    else:
        link.mkdir()
        (link / "sufler.db").symlink_to(real / "sufler.db")
    with capture_logs() as logs, bootstrap.open_store(settings) as store:
        with store.write() as tx:
            tx.facts.set("a", "1")
        found = modes(real)
    assert logs == []
    assert {name for name in found if name.endswith(("db", "-wal", "-shm"))} == {
        "real/sufler.db", "real/sufler.db-wal", "real/sufler.db-shm"
    }  # fmt: skip
    others = {"real", "real/models"} if is_link != "data_dir" else set()
    assert {name for name, mode in found.items() if mode & 0o077} == others


@posix
def test_a_folder_that_holds_other_things_keeps_its_mode_and_they_keep_theirs(settings: Settings) -> None:
    folder = settings.data_dir
    (folder / "venv" / "bin").mkdir(parents=True)
    (folder / "models").mkdir()
    for name in ("venv/bin/python", "models/weights", "session-secret"):
        (folder / name).write_text("x")
        (folder / name).chmod(0o755)
    for path in (folder, folder / "venv", folder / "venv" / "bin", folder / "models"):
        path.chmod(0o755)
    with capture_logs() as logs, bootstrap.open_store(settings):
        found = modes(folder)
    assert {name for name, mode in found.items() if mode & 0o077} == {
        "data", "data/venv", "data/venv/bin", "data/venv/bin/python"
    }  # fmt: skip
    assert {entry["event"] for entry in logs} == {"data_dir_shared"}
    folder.chmod(0o700)  # nobody else gets in: nothing to warn of
    with capture_logs() as logs, bootstrap.open_store(settings):
        pass
    assert logs == []


@posix
def test_a_folder_like_tmp_is_never_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    make_private_folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


@posix
def test_a_database_elsewhere_is_private_from_its_first_byte(tmp_path: Path) -> None:
    target = tmp_path / "shared" / "target.db"
    target.parent.mkdir(mode=0o755)
    settings = Settings(data_dir=tmp_path / "data")
    with bootstrap.open_store(settings) as store:
        installation_secret(settings.secret, store)
    done = CliRunner().invoke(
        app, ["migrate", "--from", settings.database_url, "--to", f"sqlite:///{target}"]
    )
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert stat.S_IMODE(target.parent.stat().st_mode) == 0o755  # not ours
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT name FROM facts WHERE name LIKE 'session_secret%'").fetchall() == []


@posix
def test_the_umask_is_given_back(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with private_files():
            (tmp_path / "ours").touch()
        (tmp_path / "theirs").touch()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "theirs").stat().st_mode) == 0o644


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can be somebody else")
def test_a_folder_of_somebody_else_is_told_of_and_used() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        os.seteuid(65534)
        try:
            with capture_logs() as logs:
                make_private_folder(Path(name))
        finally:
            os.seteuid(0)
    assert [entry["event"] for entry in logs] == ["data_not_private"]


# --- the secret -------------------------------------------------------------------------------


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with bootstrap.open_store(settings) as store:
        yield store


def test_the_secret_stands_in_a_file_of_its_own_and_stays(settings: Settings, store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        (secret,) = {*pool.map(lambda _: installation_secret(settings.secret, store), range(8))}
    file = settings.data_dir / "session-secret"
    assert file.read_text() == secret
    assert os.name != "posix" or stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(secret) >= 43
    assert [path.name for path in settings.data_dir.glob("session-secret*")] == ["session-secret"]


def test_an_earlier_versions_secret_moves_out_of_the_database(settings: Settings, store: Store) -> None:
    with store.write() as tx:
        tx.facts.set("session_secret", SECRET)
    assert installation_secret(settings.secret, store) == SECRET  # sessions go on
    with store.read() as tx:
        assert tx.facts.get("session_secret") is None
    for path in settings.data_dir.glob("sufler.db*"):
        assert SECRET.encode() not in path.read_bytes(), path.name


def test_a_copy_of_the_database_holds_nothing_to_sign_with(settings: Settings, store: Store) -> None:
    secret = installation_secret(settings.secret, store)
    for path in settings.data_dir.glob("sufler.db*"):
        assert secret.encode() not in path.read_bytes()


def test_a_set_secret_counts_and_leaves_no_file(settings: Settings, store: Store) -> None:
    given = Settings(data_dir=settings.data_dir, web=Web(session_secret=SecretStr(SECRET)))
    assert installation_secret(given.secret, store) == SECRET
    assert not (settings.data_dir / "session-secret").exists()


def on_another_machine(settings: Settings, name: str, **more: object) -> Settings:
    """Return settings with the same database and another data folder."""
    return Settings(
        data_dir=settings.data_dir.with_name(name),
        database=Database(url=SecretStr(settings.database_url)),
        **more,  # type: ignore[arg-type]
    )


def test_two_secrets_on_one_database_are_refused_in_words(settings: Settings, store: Store) -> None:
    first, second = (on_another_machine(settings, name) for name in ("first", "second"))
    secret = installation_secret(first.secret, store)
    with pytest.raises(BadConfig, match="SUFLER_WEB__SESSION_SECRET") as caught:
        installation_secret(second.secret, store)
    assert secret not in str(caught.value)
    assert not (second.data_dir / "session-secret").exists()  # it would be refused for ever
    other = on_another_machine(settings, "other", web=Web(session_secret=SecretStr(SECRET)))
    with pytest.raises(BadConfig, match="with another secret"):
        installation_secret(other.secret, store)
    given = on_another_machine(settings, "third", web=Web(session_secret=SecretStr(secret)))
    assert installation_secret(given.secret, store) == secret
    replace_secret(first.secret, store)
    anew = installation_secret(second.secret, store)
    assert anew != secret
    with pytest.raises(BadConfig):
        installation_secret(given.secret, store)


def open_sessions(store: Store) -> int:
    with store._engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar_one())


def test_sessions_end_with_the_secret(settings: Settings, store: Store, tmp_path: Path) -> None:
    def log_in() -> None:
        assert bootstrap.build_sessions(settings, store).start(anna) is not None
        assert open_sessions(store) == 1

    anna = bootstrap.build_accounts(store).add("anna", Role.OPERATOR, "correct horse battery")
    installation_secret(settings.secret, store)
    log_in()
    installation_secret(settings.secret, store)  # another process of the same installation
    assert open_sessions(store) == 1
    (settings.data_dir / "session-secret").write_text("another one " * 4)
    installation_secret(settings.secret, store)
    assert open_sessions(store) == 0
    log_in()
    config = tmp_path / "config.yml"
    config.write_text(f"sufler:\n  data_dir: {settings.data_dir}\n")
    done = CliRunner().invoke(app, ["migrate", "--new-secret", "--config", str(config)])
    assert (done.exit_code, "All sessions have ended" in done.output) == (0, True)
    assert open_sessions(store) == 0


def test_who_has_lost_the_file_goes_on_with_a_new_secret(settings: Settings, store: Store) -> None:
    secret = installation_secret(settings.secret, store)
    (settings.data_dir / "session-secret").unlink()
    with capture_logs() as logs:
        assert installation_secret(settings.secret, store) != secret
    assert [entry["event"] for entry in logs] == ["session_secret_changed"]


@pytest.mark.parametrize("has_another", [False, True])
def test_a_database_that_moves_leaves_an_earlier_versions_secret_in_the_file(
    settings: Settings, store: Store, tmp_path: Path, has_another: bool
) -> None:
    with store.write() as tx:
        tx.facts.set("session_secret", SECRET)
    file = settings.data_dir / "session-secret"
    if has_another:
        file.write_text("another")
    target = f"sqlite:///{tmp_path / 'target.db'}"
    done = CliRunner().invoke(
        app,
        ["migrate", "--from", settings.database_url, "--to", target],
        env={"SUFLER_DATA_DIR": str(settings.data_dir)},
    )
    assert SECRET not in done.output
    if has_another:
        assert done.exit_code != 0
        assert (file.read_text(), not Path(tmp_path, "target.db").stat().st_size) == (
            "another",
            True,
        )  # untouched
    else:
        assert done.exit_code == 0, done.output
        moved = Settings(data_dir=settings.data_dir, database=Database(url=SecretStr(target)))
        with bootstrap.open_store(moved) as after:
            assert installation_secret(moved.secret, after) == SECRET

"""What this installation signs with: apart from the database, so that a copy of it opens nothing."""

import hashlib
import hmac
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from prompter.storage import Store
from sufler.errors import BadConfig

log = structlog.get_logger(__name__)

FILE = "session-secret"  # in data_dir
_LEGACY = "session_secret"  # facts: the secret itself, as earlier versions kept it,
_FINGERPRINT = "session_secret_fingerprint"  # and what tells two apart without telling them
_ADVICE = (
    f"copy {FILE} from the data_dir of another process on this database, or set SUFLER_WEB__SESSION_SECRET "
    "to the same value for all of them; if that secret is gone, run sufler migrate --new-secret"
)
_SECONDS = 5.0  # to wait for another process that has made the file and not written it yet


@dataclass(frozen=True, kw_only=True)
class SecretConfig:
    """Where the secret comes from: `given`, or a file in `folder`."""

    folder: Path
    given: str | None = field(repr=False)
    has_shared_database: bool  # others, in other folders, may sign on the same database


def installation_secret(config: SecretConfig, store: Store) -> str:
    """The secret that the settings name, or the one in data_dir, made where there is none.

    It signs the cookies of chats, those of browsers that have logged in before and what Rasa asks for, and
    keys the counts of logins, so all processes on one database need the same. Sessions are no signatures
    but rows of the database.

    Raises:
        BadConfig: another process on this database signs with another secret, or the file is empty. No file
            is made then.
    """
    if config.given is not None:
        secret = config.given
        _forget_legacy(store)
    else:
        secret = _of_file(config, store)
    _check_shared(config, store, secret)
    return secret


def replace_secret(config: SecretConfig, store: Store) -> None:
    """Forget the secret, which was lost or has become known; the next process to start says which counts.

    Whoever knew it may have logged in with what it opened, so every session ends.
    """
    (config.folder / FILE).unlink(missing_ok=True)
    with store.write() as tx:
        tx.sessions.delete_all()
        tx.facts.delete(_LEGACY)
        tx.facts.delete(_FINGERPRINT)
    store.overwrite_deleted()


def take_over_secret(config: SecretConfig, store: Store) -> Path | None:
    """Put a secret that an earlier version kept in this database into data_dir: copies of it leave it out.

    Returns the file; None where there is no such secret, or settings name another that counts.

    Raises:
        BadConfig: the file is there and holds another secret.
    """
    with store.read() as tx:
        legacy = tx.facts.get(_LEGACY)
    if legacy is None or config.given is not None:
        return None
    file = config.folder / FILE
    _write_new(file, legacy)
    if not hmac.compare_digest(_read(file).encode(), legacy.encode()):
        raise BadConfig(
            f"the database to move from signs with another secret than the one in {file}: set data_dir to "
            "the folder of that database, or remove the file if nothing signs with it"
        )
    return file


def _of_file(config: SecretConfig, store: Store) -> str:
    file = config.folder / FILE
    with store.read() as tx:  # before the look at the file: who made it has told the database afterwards
        legacy, known = tx.facts.get(_LEGACY), tx.facts.get(_FINGERPRINT)
    if not file.exists():
        if legacy is None and known is not None and config.has_shared_database:
            raise BadConfig(f"this database's chats are signed with a secret that is not here: {_ADVICE}")
        _write_new(file, legacy or secrets.token_urlsafe(48))
    secret = _read(file)
    _forget_legacy(store)  # only now: it is safe on the disk
    return secret


def _write_new(file: Path, secret: str) -> None:
    """Write the file unless another process was faster; it is there with all it holds, or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        _write_exclusively(draft, secret)
        try:
            os.link(draft, file)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            try:
                _write_exclusively(file, secret)
            except FileExistsError:
                return
    finally:
        draft.unlink(missing_ok=True)
    if os.name == "posix":
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name, too
        finally:
            os.close(folder)


def _write_exclusively(file: Path, secret: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(secret)
        stream.flush()
        os.fsync(stream.fileno())


def _read(file: Path) -> str:
    deadline = time.monotonic() + _SECONDS
    while not (secret := file.read_text(encoding="utf-8").strip()):
        if time.monotonic() > deadline:
            raise BadConfig(
                f"{file} is empty: remove it, and a new secret is made (everybody logs in again, customers "
                "of the web chat begin anew)"
            )
        time.sleep(0.05)
    return secret


def _forget_legacy(store: Store) -> None:
    with store.read() as tx:
        if tx.facts.get(_LEGACY) is None:
            return
    with store.write() as tx:
        tx.facts.delete(_LEGACY)
    store.overwrite_deleted()
    log.info("session_secret_moved", hint=f"out of the database, into {FILE} in data_dir")


def _check_shared(config: SecretConfig, store: Store, secret: str) -> None:
    fingerprint = hmac.new(secret.encode(), b"sufler session secret", hashlib.sha256).hexdigest()[:8]
    with store.read() as tx:
        known = tx.facts.get(_FINGERPRINT)
    if known is None:
        with store.write() as tx:
            known = tx.facts.set_if_absent(_FINGERPRINT, fingerprint)
    if known == fingerprint:
        return
    if not config.has_shared_database:  # in the very folder of the secret: nobody else has this database
        log.warning(
            "session_secret_changed",
            hint="customers of the web chat begin anew, and everybody logs in again",
        )
        with store.write() as tx:
            tx.sessions.delete_all()
            tx.facts.set(_FINGERPRINT, fingerprint)
        return
    raise BadConfig(
        "another process on this database signs with another secret, so each would refuse what the "
        f"other signs: {_ADVICE}"
    )

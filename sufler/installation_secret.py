"""The secret that this installation signs with. A copy of the database does not contain it."""

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
_LEGACY = "session_secret"  # fact: the secret itself, as earlier versions stored it
_FINGERPRINT = "session_secret_fingerprint"  # fact: distinguishes secrets without revealing them
_ADVICE = (
    f"copy {FILE} from the data_dir of another process on this database, or set SUFLER_WEB__SESSION_SECRET "
    "to the same value for all of them; if that secret is gone, run sufler migrate --new-secret"
)
_SECONDS = 5.0  # how long to wait for another process that has created the file but not written it yet


@dataclass(frozen=True, kw_only=True)
class SecretConfig:
    """The source of the secret: `given`, or a file in `folder`."""

    folder: Path
    given: str | None = field(repr=False)
    has_shared_database: bool  # processes with other folders may sign on the same database


def installation_secret(config: SecretConfig, store: Store) -> str:
    """Return the secret of the settings, or the secret in data_dir, which is created if it is missing.

    It signs the cookies of chats and of browsers that have logged in before, and the requests of Rasa. It is
    also the key for the hashes that count logins. So all processes on one database need the same secret.
    Sessions are not signed: they are rows of the database.

    Raises:
        BadConfig: when another process on this database signs with another secret, or the file is empty. No
            file is created then.
    """
    if config.given is not None:
        secret = config.given
        _forget_legacy(store)
    else:
        secret = _of_file(config, store)
    _check_shared(config, store, secret)
    return secret


def replace_secret(config: SecretConfig, store: Store) -> None:
    """Delete a secret that was lost or leaked. The next process that starts determines the new secret.

    Every session ends, as an attacker who knew the secret may have logged in with its help.
    """
    (config.folder / FILE).unlink(missing_ok=True)
    with store.write() as tx:
        tx.sessions.delete_all()
        tx.facts.delete(_LEGACY)
        tx.facts.delete(_FINGERPRINT)
    store.overwrite_deleted()


def take_over_secret(config: SecretConfig, store: Store) -> Path | None:
    """Move the secret that an earlier version stored in the database into data_dir.

    A copy of the database leaves it out. Return the file, or None if there is no such secret or the settings
    give another one.

    Raises:
        BadConfig: when the file exists and contains another secret.
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
    with store.read() as tx:  # before the file is checked: its creator writes to the database afterwards
        legacy, known = tx.facts.get(_LEGACY), tx.facts.get(_FINGERPRINT)
    if not file.exists():
        if legacy is None and known is not None and config.has_shared_database:
            raise BadConfig(f"this database's chats are signed with a secret that is not here: {_ADVICE}")
        _write_new(file, legacy or secrets.token_urlsafe(48))
    secret = _read(file)
    _forget_legacy(store)  # only now, as it is safe on disk
    return secret


def _write_new(file: Path, secret: str) -> None:
    """Write the file atomically, unless another process was faster."""
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
            os.fsync(folder)  # makes the name durable, too
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
    if not config.has_shared_database:  # the database is in the secret's folder, so nobody else uses it
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

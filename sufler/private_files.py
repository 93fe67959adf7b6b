"""Make Sufler's own files private to their owner, whatever the mode of the data folder."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# The files and folders that Sufler creates in data_dir.
_OUR_NAMES = ("sufler.db*", "session-secret*", "models", "index", "rasa", "measured.yml")
_NOBODYS = frozenset({"lost+found", ".DS_Store"})  # created by the file system and the desktop
_HAS_MODES = os.name == "posix"  # on other systems access lists control access


def make_private_folder(folder: Path) -> None:
    """Create the folder if it is missing, and make our files in it private to their owner.

    A folder that also contains foreign files keeps its mode, and so do those files. A warning asks for a
    separate folder. There is also a warning if files cannot be made private (another owner, a volume without
    modes).
    """
    folder = folder.resolve()  # settings may name a symbolic link
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not _HAS_MODES:
        return
    entries = _entries(folder)
    is_private = True
    if not _is_shared(folder, entries):
        is_private = _close(folder)
    elif folder.stat().st_mode & _OTHERS:
        log.warning(
            "data_dir_shared",
            folder=str(folder),
            hint="it holds other things than Sufler's, so it stays open to others, with all that is not "
            "Sufler's: set data_dir to a folder that is for Sufler alone",
        )
    for path in entries:
        if _is_ours(path):
            is_private &= _close_all(path)
    if not is_private:
        _warn(folder)


def make_private_file(file: Path) -> None:
    """Create an empty file if it is missing, and make it private to its owner.

    SQLite gives the files that it creates beside a database the database's mode.
    """
    file = file.resolve()  # like SQLite, which creates its files beside a link's target
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    beside = [file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm", "-journal")]
    if not _HAS_MODES:
        return
    is_private = True
    for path in (file, *beside):
        is_private &= _close(path)
    if not is_private:
        _warn(file)


@contextmanager
def private_files() -> Iterator[None]:
    """Make the files that this process creates within the block private to their owner."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # it belongs to another user
        return []


def _is_shared(folder: Path, entries: Iterable[Path]) -> bool:
    """Tell whether the folder is not ours alone: a home, a folder like /tmp, or one with foreign files."""
    home = Path.home().resolve()
    return (
        folder in {home, *home.parents}
        or bool(folder.stat().st_mode & stat.S_ISVTX)
        or not all(_is_ours(path) or path.name in _NOBODYS for path in entries)
    )


def _is_ours(path: Path) -> bool:
    return any(path.match(name) for name in _OUR_NAMES)


def _close_all(path: Path) -> bool:
    """Make a file, or a folder with its content, private. Return False if others keep access.

    Symbolic links are not followed. A warning is logged for a link to a file that others can read.
    """
    is_private = _close(path)
    _look_at_link(path)
    if path.is_symlink():
        return is_private
    for place, folders, files in os.walk(path):  # does not follow symbolic links
        for name in [*folders, *files]:
            is_private &= _close(Path(place, name))
            _look_at_link(Path(place, name))
    return is_private


def _look_at_link(path: Path) -> None:
    try:
        if path.is_symlink() and path.stat().st_mode & _OTHERS:
            log.warning(
                "data_link_not_private",
                path=str(path),
                target=str(path.resolve()),
                hint="the link leads to what other users of this machine can read: take their rights away",
            )
    except OSError:  # a broken link
        return


def _close(path: Path) -> bool:
    """Remove access for group and others. Return False if they keep it."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & _OTHERS:
            return True
        path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
        return not path.lstat().st_mode & _OTHERS
    except FileNotFoundError:
        return True  # it was removed meanwhile
    except OSError:
        return False


def _warn(path: Path) -> None:
    log.warning(
        "data_not_private",
        path=str(path),
        hint="other users of this machine may be able to read it: make it the folder of the user that runs "
        "Sufler, with mode 0700",
    )

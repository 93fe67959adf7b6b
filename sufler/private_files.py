"""Our own files are nobody else's: whatever mode the data folder came with."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_HAS_MODES = os.name == "posix"  # elsewhere a folder's access list says who may read


def make_private_folder(folder: Path) -> None:
    """Make the folder if it is not there; nobody but its owner may look into it or into what is in it.

    Where that is impossible (somebody else's folder, a volume without modes) a warning says so.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not _HAS_MODES:
        return
    if folder.resolve() in {Path.home().resolve(), *Path.home().resolve().parents}:
        # Not all that is in there is ours.
        log.warning("data_dir_shared", folder=str(folder), hint="set data_dir to a folder of its own")
        return
    is_private = _close(folder)
    for place, folders, files in os.walk(folder):  # does not follow symbolic links
        for name in [*folders, *files]:
            is_private &= _close(Path(place, name))
    if not is_private:
        _warn(folder)


def make_private_file(file: Path) -> None:
    """Make an empty file if there is none; nobody but its owner may read or write it.

    SQLite gives the files that it puts beside a database the database's mode.
    """
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
    """Files that this process makes within the block are its owner's only."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _close(path: Path) -> bool:
    """Take group's and others' rights away; False where they remain."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & _OTHERS:
            return True
        path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
        return not path.lstat().st_mode & _OTHERS
    except FileNotFoundError:
        return True  # it has just been removed
    except OSError:
        return False


def _warn(path: Path) -> None:
    log.warning(
        "data_not_private",
        path=str(path),
        hint="other users of this machine may be able to read it: make it the folder of the user that runs "
        "Sufler, with mode 0700",
    )

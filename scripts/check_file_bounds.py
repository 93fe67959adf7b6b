"""Check that no hostile file takes more than 10 seconds or 500 MB to read or refuse. (Linux)

    python -m scripts.check_file_bounds [--size 9.9] [--only WORD]

Every case of `tests.hostile_files` is written in full size and read in its own process. The table shows
processor seconds, memory above the start, and the reader's message. Status 1 if a case exceeds a limit.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.hostile_files import CASES, reader_of

MAX_SECONDS = 10.0
MAX_MB = 500
_GIVE_UP_SECONDS = 60  # processor time after which a reader is stopped
_GIVE_UP_BYTES = 6 * 1024**3


def _warm_up(read: Callable[[Path], object], ending: str, folder: Path) -> None:
    """Run the imports first, so that they are not counted for the file."""
    path = folder / f"small{ending}"
    small = {
        ".csv": "question,answer\na,b\n",
        ".jsonl": '{"question":"a","answer":"b"}',
        ".md": "# a\nb",
        ".html": "<h2>a</h2>b",
    }
    path.write_text(small.get(ending, "[]"), encoding="utf-8")
    if ending == ".xlsx":
        CASES["articles, xlsx: workbook that lies of its size"][2](path, 0)
    try:
        read(path)
    except Exception as error:
        del error


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")  # ru_maxrss is inherited by exec
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _measure(name: str, path: Path) -> None:
    """Read one file and print the resources used."""
    reader, _, _ = CASES[name]
    read = reader_of(reader)
    _warm_up(read, path.suffix, path.parent)
    resource.setrlimit(resource.RLIMIT_CPU, (_GIVE_UP_SECONDS, _GIVE_UP_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_GIVE_UP_BYTES, _GIVE_UP_BYTES))
    before, began = _peak_mb(), time.process_time()
    try:
        said, refused = f"read: {read(path)}", False
    except Exception as error:
        said, refused = f"{type(error).__name__}: {str(error).replace(str(path.parent) + '/', '')}", True
    taken = {
        "seconds": time.process_time() - began,
        "mb": _peak_mb() - before,
        "said": said,
        "refused": refused,
    }
    print(json.dumps(taken))  # noqa: T201 - a script


def _run(name: str, size: int) -> bool:
    """Write one case, read it in a process, print its row. Return True if it kept the limits."""
    _, file, write = CASES[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        write(path, size)
        n_bytes = path.stat().st_size
        command = [sys.executable, "-m", "scripts.check_file_bounds", "--measure", name, "--path", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    try:
        taken = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        taken = {
            "seconds": float(_GIVE_UP_SECONDS),
            "mb": 0,
            "said": f"status {done.returncode}: {done.stderr[-200:]!r}",
        }
    clear = any(word in taken["said"] for word in (f"{file}", "read: "))
    is_good = taken["seconds"] <= MAX_SECONDS and taken["mb"] <= MAX_MB and clear
    mark = "ok  " if is_good else "OVER"
    figures = f"{taken['seconds']:6.2f} s {taken['mb']:6.0f} MB {n_bytes / 1e6:6.2f} MB file"
    print(f"{mark} {figures} | {name} | {taken['said'][:150]}", flush=True)  # noqa: T201 - a script
    return is_good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=9.9, help="Megabytes of each file.")
    parser.add_argument("--only", default="", help="Cases whose name has this in it.")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        _measure(given.measure, given.path)
        return
    names = [name for name in CASES if given.only in name]
    over = [name for name in names if not _run(name, int(given.size * 1_000_000))]
    print(f"{len(names)} files, {len(over)} over {MAX_SECONDS:.0f} s or {MAX_MB} MB")  # noqa: T201
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()

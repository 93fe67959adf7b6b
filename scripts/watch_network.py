"""Check that no data leaves the machine: `python -m scripts.watch_network [--minutes 10]`

Runs `sufler demo --with-traffic` for that time under strace, in an empty home, and reports the network peers
and written files of the process and its children. Ends with status 1 if they include anything but this
machine, the data folder and the temporary folder. Needs strace (apt install strace).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.strace import NO_STRACE, Findings, Watch, can_watch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="that the demo runs, its start included")
    minutes = parser.parse_args().minutes
    if not can_watch():
        parser.error(f"needs {NO_STRACE}")
    with tempfile.TemporaryDirectory(prefix="sufler-watched-") as name:
        folder = Path(name).resolve()
        watch = Watch(folder)
        status = _run(folder, watch, minutes)
        data = folder / "data-with-traffic"
        found = watch.findings(data)
        n_files = sum(path.is_file() for path in data.rglob("*"))
    print(f"{minutes:g} minutes; the demo ended with status {status}")  # noqa: T201
    _print(found, n_files)
    sys.exit(1 if status or found != Findings() else 0)


def _run(folder: Path, watch: Watch, minutes: float) -> int:
    """Run the demo in `folder`, stop it, and return its status."""
    config = folder / "config.yml"
    settings = {"data_dir": str(folder / "data"), "web": {"port": 0}}
    config.write_text(json.dumps({"sufler": settings}), encoding="utf-8")  # JSON is YAML
    command = watch.command(sys.executable, "-m", "sufler", "demo", "--with-traffic", "--config", config)
    with subprocess.Popen(command, env=watch.environment()) as demo:  # noqa: S603
        try:
            return demo.wait(60 * minutes)  # it ended by itself: the status says why
        except subprocess.TimeoutExpired:
            demo.terminate()
            return demo.wait()


def _print(found: Findings, n_files: int) -> None:
    print(f"{found.n_calls:,} calls seen")  # noqa: T201
    print(f"{found.n_loopback:,} connections within this machine")  # noqa: T201
    print(f"{n_files} files in the data folder")  # noqa: T201
    for title, entries in (
        ("look-ups of names", found.name_lookups),
        ("addresses of other machines", found.addresses),
        ("files outside the data folder and the temporary folder", found.written),
    ):
        print(f"{len(entries)} {title}", *entries, sep="\n  ")  # noqa: T201


if __name__ == "__main__":
    main()

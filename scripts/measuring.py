"""Helpers of the measuring scripts: data folder, running a command for its figures, medians."""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("SUFLER_BENCHMARK_DATA") or ROOT.parent / "shared" / "data")


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the command line with one more option, `data`: the folder of the benchmark data."""
    parser.add_argument("--data", type=Path, default=DATA, help="the benchmark data")
    options = parser.parse_args()
    options.data = options.data.resolve()
    if not options.data.is_dir():
        parser.error(f"{options.data}: no such folder; pass --data or set SUFLER_BENCHMARK_DATA")
    return options


def run(arguments: Sequence[str]) -> Any:
    """Run a module with arguments and return the JSON that it prints. Its progress stays visible."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", *arguments], stdout=subprocess.PIPE, check=True, cwd=ROOT, text=True
    )
    return json.loads(done.stdout)


def median_of(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of each figure, and its range under `ci`, because machines vary."""
    keys = [key for key, value in runs[0].items() if isinstance(value, (int, float))]
    values = {key: sorted(figures[key] for figures in runs) for key in keys}
    middle = {key: statistics.median(ordered) for key, ordered in values.items()}
    return {**middle, "ci": {key: [ordered[0], ordered[-1]] for key, ordered in values.items()}}

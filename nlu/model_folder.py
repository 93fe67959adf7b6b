"""Write the folder of a model atomically."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlu.encoders.sentence import METADATA


def write_model(engine: Any, out: Path, metadata: Mapping[str, Any]) -> None:
    """Write the folder under a temporary name, then rename it, so that it is complete or absent."""
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.parent / f".{out.name}.{os.getpid()}"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        engine.save(str(aside), create_model_card=False)
        text = json.dumps(metadata, ensure_ascii=False, indent=1)
        (aside / METADATA).write_text(text, encoding="utf-8")
        for path in (*aside.rglob("*"), aside):
            _sync(path)
        aside.rename(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _sync(out.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

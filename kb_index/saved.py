"""A search on disk: a start neither encodes nor counts anything again."""

import json
import os
import shutil
import zlib
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from kb_index.article import Article
from kb_index.errors import IncompatibleIndex
from kb_index.faiss_index import FaissIndex
from kb_index.lexical import LexicalIndex
from kb_index.search import ArticleSearch, Reader, SearchConfig, fingerprint, published

_FORMAT = 1
_MANIFEST = "manifest.json"


def save_search(search: ArticleSearch, folder: Path) -> None:
    """Write the search to `folder`, in place of what is there: all of it or nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    shutil.rmtree(aside, ignore_errors=True)
    for name, index in (("questions", search.questions), ("passages", search.passages)):
        (aside / name).mkdir(parents=True)
        index.save(aside / name)
    np.save(aside / "starts.npy", search.starts)
    for name, lexical in (("words", search.words), ("characters", search.characters)):
        (aside / name).mkdir()
        for field in fields(LexicalIndex):
            np.save(aside / name / f"{field.name}.npy", getattr(lexical, field.name))
    files = sorted(path for path in aside.rglob("*") if path.is_file())
    manifest = {
        "format": _FORMAT,
        "fingerprint": search.fingerprint,
        "files": {path.relative_to(aside).as_posix(): _checksum(path) for path in files},
    }
    (aside / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    for path in (*aside.rglob("*"), aside):
        _sync(path)
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
    except OSError:  # another process saves at the same time; whoever loads checks what it finds
        shutil.rmtree(aside, ignore_errors=True)
        if not folder.exists():
            raise
    _sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def load_search(
    folder: Path, articles: Iterable[Article], *, reader: Reader, config: SearchConfig
) -> ArticleSearch:
    """Read the search that was saved for exactly these articles, models and settings.

    Raises:
        IncompatibleIndex: there is none, it is damaged, or it was made for others; build it anew.
    """
    chosen = published(articles)
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        found, files = (manifest["format"], manifest["fingerprint"]), manifest["files"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IncompatibleIndex(f"{folder}: holds no readable index: {error!r}") from None
    expected = (_FORMAT, fingerprint(chosen, reader=reader, config=config))
    if found != expected:
        raise IncompatibleIndex(f"{folder}: made for other articles, models or settings")
    for name, checksum in files:
        if _checksum(folder / name) != checksum:
            raise IncompatibleIndex(f"{folder / name}: is damaged")
    try:
        return ArticleSearch(
            articles=chosen,
            starts=np.load(folder / "starts.npy", allow_pickle=False),
            questions=FaissIndex.load(folder / "questions", hnsw_above=config.hnsw_above),
            passages=FaissIndex.load(folder / "passages", hnsw_above=config.hnsw_above),
            words=_lexical(folder / "words"),
            characters=_lexical(folder / "characters"),
            config=config,
            fingerprint=expected[1],
        )
    except (OSError, ValueError, EOFError) as error:
        raise IncompatibleIndex(f"{folder}: the index cannot be read: {error!r}") from None


def _lexical(folder: Path) -> LexicalIndex:
    arrays: dict[str, Any] = {
        field.name: np.load(folder / f"{field.name}.npy", allow_pickle=False)
        for field in fields(LexicalIndex)
    }
    return LexicalIndex(**arrays)


def _checksum(file: Path) -> list[int] | None:
    try:
        content = file.read_bytes()
    except OSError:
        return None
    return [len(content), zlib.crc32(content)]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

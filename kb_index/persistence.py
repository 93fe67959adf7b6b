"""Save and load an `ArticleSearch`, so that a restart re-encodes nothing."""

import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from kb_index.article import Article
from kb_index.errors import IncompatibleIndex
from kb_index.faiss_index import FaissIndex
from kb_index.index_contents import Contents, Reader
from kb_index.lexical import LexicalIndex, LexicalLayers
from kb_index.search import ArticleSearch, SearchConfig, models_of, select_published
from kb_index.stored_names import stored_text

_FORMAT = 2
_GONE = Article(id="-", question="-", answer="", topic="-", language="und")  # fills rows that are not live
_MAX_SAVE_SECONDS = 3600  # seconds
_MANIFEST = "manifest.json"
_ARRAYS = ("starts", "same_answer", "centre")


def save_search(search: ArticleSearch, folder: Path) -> None:
    """Write the search to `folder`, replacing its contents: all of it or nothing.

    Only a search without layers is saved. `load_search` quickly updates an older one.
    """
    contents = search.contents
    if contents.has_layers:
        raise ValueError("the search has changes on top: save the one below them")
    folder.parent.mkdir(parents=True, exist_ok=True)
    _tidy(folder)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    for name, index in (("questions", contents.questions), ("passages", contents.passages)):
        (aside / name).mkdir(parents=True)
        index.save(aside / name)
    hashes = b"".join(bytes.fromhex(article.content_hash) for article in contents.articles)
    np.save(aside / "articles.npy", np.frombuffer(hashes, dtype=np.uint8).reshape(-1, 32))
    for name in _ARRAYS:
        np.save(aside / f"{name}.npy", getattr(contents, name))
    for name, lexical in (("words", contents.words), ("characters", contents.characters)):
        (aside / name).mkdir()
        for field in fields(LexicalIndex):
            np.save(aside / name / f"{field.name}.npy", getattr(lexical, field.name))
    files = sorted(path for path in aside.rglob("*") if path.is_file())
    manifest = {
        "format": _FORMAT,
        "models": search.models,
        "config": stored_text(search.config),
        "files": {path.relative_to(aside).as_posix(): _checksum(path) for path in files},
    }
    (aside / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    for path in (*aside.rglob("*"), aside):
        _sync(path)
    old = aside.with_name(f"{aside.name}.old")
    try:
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
    except OSError:  # another process saves at the same time; loading checks the files anyway
        shutil.rmtree(aside, ignore_errors=True)
        if not folder.exists():
            raise
    _sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def load_search(
    folder: Path, articles: Iterable[Article], *, reader: Reader, config: SearchConfig
) -> ArticleSearch:
    """Read the saved search of these articles, without the rows of articles that have changed since.

    Pass it to `ArticleSearch.build` as `previous`, which adds new articles.

    Raises:
        IncompatibleIndex: when no search is saved, it is damaged, or it was built with other models or
            settings; rebuild it.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        found = (manifest["format"], manifest["models"], manifest["config"])
        files = manifest["files"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IncompatibleIndex(f"{folder}: holds no readable index: {error!r}") from None
    if found != (_FORMAT, models_of(reader), stored_text(config)):
        raise IncompatibleIndex(f"{folder}: made for other models or settings")
    for name, checksum in files:
        if _checksum(folder / name) != checksum:
            raise IncompatibleIndex(f"{folder / name}: is damaged")
    try:
        hashes = np.load(folder / "articles.npy", allow_pickle=False)
        arrays: dict[str, Any] = {
            name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in _ARRAYS
        }
        words, characters = _lexical(folder / "words"), _lexical(folder / "characters")
    except (OSError, ValueError, EOFError) as error:
        raise IncompatibleIndex(f"{folder}: the index cannot be read: {error!r}") from None
    by_hash = {article.content_hash: article for article in select_published(articles)}
    rows = [by_hash.get(bytes(row).hex()) for row in hashes]
    live = np.array([article is not None for article in rows], dtype=np.bool_)
    questions = FaissIndex.load(folder / "questions", hnsw_above=config.hnsw_above)
    passages = FaissIndex.load(folder / "passages", hnsw_above=config.hnsw_above)
    if not live.all():
        live_texts = np.repeat(live, np.diff(arrays["starts"]))
        questions.remove(np.flatnonzero(~live_texts))
        passages.remove(np.flatnonzero(~live))
        nothing = words.bags(np.zeros(0, dtype=np.int64))
        words = LexicalLayers.layer_over(words, nothing, live_texts)
        characters = LexicalLayers.layer_over(characters, nothing, live_texts)
    contents = Contents(
        articles=tuple(article or _GONE for article in rows),
        live=live,
        questions=questions,
        passages=passages,
        words=words,
        characters=characters,
        **arrays,
    )
    return ArticleSearch(contents, config=config, models=models_of(reader))


def _lexical(folder: Path) -> LexicalIndex | LexicalLayers:
    arrays: dict[str, Any] = {
        field.name: np.load(folder / f"{field.name}.npy", allow_pickle=False)
        for field in fields(LexicalIndex)
    }
    return LexicalIndex(**arrays)


def _tidy(folder: Path) -> None:
    """Remove leftovers of processes that were killed while saving."""
    for leftover in folder.parent.glob(f".{folder.name}.*"):
        try:
            if time.time() - leftover.stat().st_mtime > _MAX_SAVE_SECONDS:
                shutil.rmtree(leftover, ignore_errors=True)
        except FileNotFoundError:
            continue


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

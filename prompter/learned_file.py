"""What was learned from verdicts, as one file of plain arrays and JSON: nothing in it can run.

It holds what customers wrote: who erases a customer's texts learns anew and replaces the file.
"""

import json
import os
import zipfile
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import numpy as np

from kb_index import JudgedText, JudgedTexts, Weights
from nlu.errors import IncompatibleModel
from prompter.confidence import ConfidenceModel
from prompter.learned import Learned

_FORMAT = 1  # raised whenever older code could not read what newer code writes, or the reverse


def save_learned(learned: Learned, file: Path, *, reader_id: str) -> None:
    """Write it in place of what is there: all of it or nothing.

    `reader_id` names encoder and text processing: vectors of others would mean nothing.
    """
    document = {
        "format": _FORMAT,
        "reader_id": reader_id,
        "until": learned.until.isoformat() if learned.until else None,
        "weights": asdict(learned.weights),
        "confidence": asdict(learned.confidence),
        "texts": [[one.text, one.right, one.wrong] for one in learned.judged.texts],
        "cleaned": learned.judged.cleaned,
    }
    content = np.frombuffer(json.dumps(document, ensure_ascii=False).encode(), dtype=np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    with aside.open("wb") as target:
        np.savez(target, document=content, vectors=learned.judged.vectors())
        target.flush()
        os.fsync(target.fileno())
    aside.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load_learned(file: Path, *, reader_id: str) -> Learned:
    """Read what was learned with the encoder and text processing in use.

    Raises:
        IncompatibleModel: nothing has been learned, or the file is damaged or was made by another
            encoder or version; says which.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            document, vectors = json.loads(bytes(arrays["document"])), arrays["vectors"]
        found = (document["format"], document["reader_id"])
        if found != (_FORMAT, reader_id):
            raise IncompatibleModel(
                f"{file}: learned in format {found[0]} with {found[1]}, in use are {_FORMAT} and {reader_id}"
            )
        texts = [
            JudgedText(text=text, right=tuple(right), wrong=tuple(wrong))
            for text, right, wrong in document["texts"]
        ]
        return Learned(
            judged=JudgedTexts(texts, vectors, cleaned=document.get("cleaned", ())),
            weights=Weights(**document["weights"]),
            confidence=ConfidenceModel(**document["confidence"]),
            until=datetime.fromisoformat(document["until"]) if document.get("until") else None,
        )
    except FileNotFoundError:
        raise IncompatibleModel(f"{file}: nothing has been learned yet") from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, IndexError, zipfile.BadZipFile) as error:
        raise IncompatibleModel(f"{file}: is damaged: {error!r}") from None

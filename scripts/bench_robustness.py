"""Measure the cost of misspelling and of other languages. scripts/bench.py adds it to its page.

    python -m scripts.bench_robustness --data DATA    # five minutes on two cores

The test rows are asked unchanged, misspelt (one typo in half of the words of at least four letters), and, if
Russian, typed in the wrong keyboard layout or in Latin letters. English rows are also asked of a Russian
knowledge base, and Russian rows of an English one (hwu64: four training rows of an intent form an article).
"""

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from evaluation.typos import with_typos
from nlu.respelling import keyboard
from nlu.text import detect_language
from scripts.measuring import ROOT, parse, run

PHRASINGS = 4
LATIN = str.maketrans(
    dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye", strict=True))
    | {
        "ж": "zh",
        "х": "kh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "sch",
        "ъ": "",
        "ь": "",
        "ю": "yu",
        "я": "ya",
    }
)
Case = tuple[str, str]  # text and article ids


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    json.dump(measure(parse(parser).data), sys.stdout, indent=1)


def measure(data: Path) -> list[dict[str, Any]]:
    """Return one row for each knowledge base and way of asking."""
    console, rows = Console(stderr=True), []
    with tempfile.TemporaryDirectory(prefix="sufler-robustness-") as folder:
        for base, way, kb, cases in tasks(data, Path(folder)):
            console.log(f"{base}: {way}")
            asked = Path(folder) / "cases.csv"
            _write(asked, ("text", "article_id"), cases)
            files = ["--kb", str(kb), "--cases", str(asked)]
            figures = run(["sufler", "evaluate", "retrieval", *files, "--json"])
            rows.append({"base": base, "way": way, **figures})
    return rows


def tasks(data: Path, folder: Path) -> Iterator[tuple[str, str, Path, list[Case]]]:
    """Yield knowledge base, way of asking, file of the base, and cases."""
    for name in ("covid", "stack"):
        kb, cases = data / "faq" / f"{name}_kb.csv", read_cases(data / "faq" / f"{name}_test.csv")
        yield name, "as it is", kb, cases
        yield name, "typos", kb, misspell(cases)
    shipped_data = ROOT / "training_data"
    russian = [case for case in read_cases(shipped_data / "held_out.csv") if detect_language(case[0]) == "ru"]
    yield "own, Russian rows", "as it is", shipped_data / "kb.csv", russian
    yield "own, Russian rows", "typos", shipped_data / "kb.csv", misspell(russian)
    in_layout = [(keyboard.to_latin(text.lower()), ids) for text, ids in russian]
    yield "own, Russian rows", "in the Latin layout", shipped_data / "kb.csv", in_layout
    in_letters = [(text.lower().translate(LATIN), ids) for text, ids in russian]
    yield "own, Russian rows", "in Latin letters", shipped_data / "kb.csv", in_letters
    intents = data / "intents"
    for name, other, languages in (
        ("hwu64_ru", "hwu64_large", ("Russian", "English")),
        ("hwu64_large", "hwu64_ru", ("English", "Russian")),
    ):
        kb, cases = make_base(intents / f"{name}_train.csv", intents / f"{other}_test.csv", folder)
        own_rows = make_base(intents / f"{name}_train.csv", intents / f"{name}_test.csv", folder)[1]
        base = f"hwu64, {languages[0]} base"
        yield base, f"{languages[0]} rows", kb, own_rows
        yield base, f"{languages[1]} rows", kb, cases


def misspell(cases: Iterable[Case]) -> list[Case]:
    random = np.random.default_rng(0)
    return [(with_typos(text.lower(), random, share=0.5), ids) for text, ids in cases]


def make_base(train: Path, test: Path, folder: Path, *, per_intent: int = 10) -> tuple[Path, list[Case]]:
    """Build a base with one article per intent from training rows, and test rows of these intents."""
    random = np.random.default_rng(0)
    texts, asked = _group_by_intent(train), _group_by_intent(test)
    articles: list[tuple[str, ...]] = []
    cases: list[Case] = []
    for intent in sorted(texts.keys() & asked.keys()):
        if len(texts[intent]) < PHRASINGS:
            continue
        question, *phrasings = _draw(texts[intent], PHRASINGS, random)
        answer = f"answer {len(articles)}"  # articles with the same answer would count as one
        articles.append((intent, question, answer, "all", "\n".join(phrasings)))
        cases += [(text, intent) for text in _draw(asked[intent], per_intent, random)]
    kb = folder / f"{train.stem}.csv"
    _write(kb, ("id", "question", "answer", "topic", "phrasings"), articles)
    return kb, cases


def _group_by_intent(path: Path) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for row in _rows(path):  # the two sets spell the same names differently
        texts.setdefault(row["intent"].replace("__", "_"), []).append(row["text"])
    return texts


def _draw(texts: list[str], count: int, random: np.random.Generator) -> list[str]:
    return [texts[number] for number in random.permutation(len(texts))[:count]]


def read_cases(path: Path) -> list[Case]:
    return [(row["text"], row["article_id"]) for row in _rows(path)]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _write(path: Path, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()

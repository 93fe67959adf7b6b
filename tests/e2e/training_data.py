"""Make a small copy of the shipped training data, which a demo embeds in seconds instead of a minute."""

import csv
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

import yaml

SHIPPED = Path(__file__).parents[2] / "training_data"

_MAX_ARTICLES = 3  # of a topic in a language
_MAX_EXAMPLES = 5  # of an intent


def copy_topics(folder: Path, topics: Collection[str]) -> Path:
    """Copy some articles of these topics in each language, their questions, and some phrases of intents."""
    folder.mkdir()
    copied: Counter[tuple[str, str]] = Counter()

    def is_wanted(article: dict[str, str]) -> bool:
        group = article["topic"], article["language"]
        copied[group] += 1
        return article["topic"] in topics and copied[group] <= _MAX_ARTICLES

    articles = _copy_rows("kb.csv", folder, is_wanted)
    _copy_rows("topics.csv", folder, lambda row: row["topic"] in topics)
    known = {article["id"] for article in articles}
    _copy_rows("held_out.csv", folder, lambda row: known.issuperset(row["article_id"].split("|")))
    examples = yaml.safe_load((SHIPPED / "nlu.yml").read_text(encoding="utf-8"))
    for intent in examples["nlu"]:
        intent["examples"] = "".join(intent["examples"].splitlines(keepends=True)[:_MAX_EXAMPLES])
    (folder / "nlu.yml").write_text(yaml.safe_dump(examples, allow_unicode=True), encoding="utf-8")
    return folder


def _copy_rows(name: str, folder: Path, is_wanted: Callable[[dict[str, str]], bool]) -> list[dict[str, str]]:
    with (SHIPPED / name).open(encoding="utf-8", newline="") as source:
        rows = csv.DictReader(source)
        wanted = [row for row in rows if is_wanted(row)]
    with (folder / name).open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, rows.fieldnames or ())
        writer.writeheader()
        writer.writerows(wanted)
    return wanted

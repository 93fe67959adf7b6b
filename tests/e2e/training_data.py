"""Make a small copy of the shipped training data, which a demo embeds in seconds instead of a minute."""

import csv
import re
import shutil
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

from sufler import resources

SHIPPED = resources.training_data()

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
    shutil.copy(SHIPPED / "nlu.yml", folder)
    keep_first_examples(folder, _MAX_EXAMPLES)
    return folder


def keep_first_examples(folder: Path, limit: int) -> None:
    """Leave the first examples of each intent in a folder's nlu.yml."""
    path = folder / "nlu.yml"
    examples = path.read_text(encoding="utf-8")
    few = re.sub(rf"((?: {{4}}- .*\n){{{limit}}})(?: {{4}}- .*\n)+", r"\1", examples)
    path.write_text(few, encoding="utf-8")


def _copy_rows(name: str, folder: Path, is_wanted: Callable[[dict[str, str]], bool]) -> list[dict[str, str]]:
    with (SHIPPED / name).open(encoding="utf-8", newline="") as source:
        rows = csv.DictReader(source)
        wanted = [row for row in rows if is_wanted(row)]
    with (folder / name).open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, rows.fieldnames or ())
        writer.writeheader()
        writer.writerows(wanted)
    return wanted

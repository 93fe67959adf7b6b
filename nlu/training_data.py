"""Read intent examples from Rasa's YAML files."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path

from files import BadFile, Budget
from files.limits import MAX_EXAMPLE_CHARS, MAX_EXAMPLES
from files.yaml_tree import Node, load
from nlu.errors import BadTrainingData

_log = logging.getLogger(__name__)

# Where a bracket begins no annotation, everything up to the next closing bracket is skipped at once.
_ENTITY = re.compile(
    r"\[(?:(?P<text>[^\]]*+)\](?:\([^)]{0,500}+\)|\{[^}]{0,500}+\}|\[\{.{0,500}?\}\])|[^\]]*+)"
)
_NOT_EXAMPLES = ("lookup", "synonym", "regex")


@dataclass(frozen=True, kw_only=True)
class Example:
    """A text that a customer may write, and its intent."""

    text: str
    intent: str


def read_examples(path: Path) -> list[Example]:
    """Read a file, or every .yml and .yaml file below a folder, in the order of their names.

    Entity annotations are stripped: `[Omsk](city)` and `[Omsk]{"entity": "city"}` become `Omsk`. Lookup
    tables, synonyms and expressions belong to Rasa, and retrieval intents are articles; warnings name them.

    Raises:
        BadTrainingData: when a file cannot be read; the message names file, row and problem.
    """
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in {".yml", ".yaml"})
    found = (example for file in files for example in _examples(file, _load(file)))
    try:
        examples = list(islice(Budget(path).watch(found), MAX_EXAMPLES + 1))
    except BadFile as error:
        raise BadTrainingData(str(error)) from None
    if len(examples) > MAX_EXAMPLES:
        raise BadTrainingData(f"{path}: holds more than {MAX_EXAMPLES} examples: leave out some")
    return examples


def _load(path: Path) -> Node | None:
    if not path.exists():
        raise BadTrainingData(f"{path}: no such file")
    try:
        node = load(path, on_repeated_key=partial(_warn_of_repeated_key, path))
    except BadFile as error:
        raise BadTrainingData(str(error)) from None
    if node is not None and not isinstance(node.value, dict):
        raise _error_at(path, node, "must be a mapping with 'version' and 'nlu'")
    return node


def _examples(path: Path, document: Node | None) -> Iterator[Example]:
    entries = document.fields.get("nlu") if document else None
    if entries is None:
        return
    if not isinstance(entries.value, list):
        raise _error_at(path, entries, "nlu must be a list")
    for entry in entries.items:
        if not isinstance(entry.value, dict):
            raise _error_at(path, entry, "an entry of nlu must be a mapping")
        fields = entry.fields
        ignored = next((kind for kind in _NOT_EXAMPLES if kind in fields), None)
        if ignored:
            _pass_over(path, entry.line, f"{ignored} is Rasa's: Sufler does not use it")
            continue
        intent = fields.get("intent")
        name = ((intent.text if intent else None) or "").strip()
        if not name:
            raise _error_at(path, intent or entry, "an entry of nlu needs an intent")
        if "/" in name:
            problem = f"{name} is an article, not an intent: sufler import-rasa {path.parent}"
            _pass_over(path, entry.line, problem)
            continue
        examples = fields.get("examples")
        if examples is None:
            raise _error_at(path, entry, f"intent {name} has no examples")
        for text in _texts(path, examples):
            yield Example(text=text, intent=name)


@cache
def _pass_over(path: Path, row: int, problem: str) -> None:
    """Warn of unused content once, as the same file is read for several purposes."""
    _log.warning("%s, row %d: %s", path, row, problem)


def _warn_of_repeated_key(path: Path, row: int, name: str) -> None:
    _pass_over(path, row, f"the key {name[:60]!r} comes twice: the last one holds")


def _texts(path: Path, node: Node) -> Iterator[str]:
    if node.text is not None:
        first = node.line + node.is_block
        for row, line in enumerate(node.text.splitlines(), start=first):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            if not text.startswith("-"):
                raise BadTrainingData(f"{path}, row {row}: an example must start with '- ': {text[:60]!r}")
            yield from _read_example(path, row, text[1:])
    elif isinstance(node.value, list):
        for item in node.items:
            if item.value is None:
                continue
            text_of_item = item.fields["text"].text if "text" in item.fields else item.text
            if text_of_item is None:
                raise _error_at(path, item, "an example must be a text")
            yield from _read_example(path, item.line, text_of_item)
    elif node.value is not None:
        raise _error_at(path, node, "examples must be text with one '- example' a line")


def _read_example(path: Path, row: int, text: str) -> Iterator[str]:
    if len(text) > MAX_EXAMPLE_CHARS:
        problem = f"is an example of over {MAX_EXAMPLE_CHARS} characters: shorten it"
        raise BadTrainingData(f"{path}, row {row}: {problem}")
    stripped = _ENTITY.sub(lambda match: match[0 if match["text"] is None else "text"], text).strip()
    if stripped:
        yield stripped


def _error_at(path: Path, node: Node, problem: str) -> BadTrainingData:
    return BadTrainingData(f"{path}, row {node.line}: {problem}")

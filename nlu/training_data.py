"""Intent examples from Rasa's YAML files."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from nlu.errors import BadTrainingData

_log = logging.getLogger(__name__)

# Where a bracket begins none, all up to the next closing one is passed over at once.
_ENTITY = re.compile(
    r"\[(?:(?P<text>[^\]]*+)\](?:\([^)]{0,500}+\)|\{[^}]{0,500}+\}|\[\{.{0,500}?\}\])|[^\]]*+)"
)
_NOT_EXAMPLES = ("lookup", "synonym", "regex")


@dataclass(frozen=True, kw_only=True)
class Example:
    """Something a customer may write, and what is meant."""

    text: str
    intent: str


def read_examples(path: Path) -> list[Example]:
    """Read a file, or every .yml and .yaml file below a folder, in the order of their names.

    Entity annotations are stripped: `[Omsk](city)` and `[Omsk]{"entity": "city"}` become `Omsk`. Lookup
    tables, synonyms and expressions are Rasa's, retrieval intents are articles: a warning names them.

    Raises:
        BadTrainingData: a file cannot be read; the message names file, row and problem.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in {".yml", ".yaml"})
        return [example for file in files for example in read_examples(file)]
    return list(_examples(path, _load(path)))


def _load(path: Path) -> yaml.MappingNode | None:
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except FileNotFoundError:
        raise BadTrainingData(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadTrainingData(f"{path}: cannot be read: {error}") from None
    except yaml.MarkedYAMLError as error:
        row = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadTrainingData(f"{path}, row {row}: is no valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise BadTrainingData(f"{path}: is no valid YAML: {error}") from None
    if node is None:
        return None
    if not isinstance(node, yaml.MappingNode):
        raise _bad(path, node, "must be a mapping with 'version' and 'nlu'")
    return node


def _examples(path: Path, document: yaml.MappingNode | None) -> Iterator[Example]:
    entries = _fields(document).get("nlu") if document else None
    if entries is None:
        return
    if not isinstance(entries, yaml.SequenceNode):
        raise _bad(path, entries, "nlu must be a list")
    for entry in entries.value:
        if not isinstance(entry, yaml.MappingNode):
            raise _bad(path, entry, "an entry of nlu must be a mapping")
        fields = _fields(entry)
        ignored = next((kind for kind in _NOT_EXAMPLES if kind in fields), None)
        if ignored:
            _pass_over(path, entry.start_mark.line + 1, f"{ignored} is Rasa's: Sufler does not use it")
            continue
        intent = fields.get("intent")
        if not isinstance(intent, yaml.ScalarNode) or not intent.value.strip():
            raise _bad(path, intent or entry, "an entry of nlu needs an intent")
        if "/" in intent.value:
            problem = f"{intent.value.strip()} is an article, not an intent: sufler import-rasa {path.parent}"
            _pass_over(path, entry.start_mark.line + 1, problem)
            continue
        examples = fields.get("examples")
        if examples is None:
            raise _bad(path, entry, f"intent {intent.value} has no examples")
        for text in _texts(path, examples):
            yield Example(text=text, intent=intent.value.strip())


@cache
def _pass_over(path: Path, row: int, problem: str) -> None:
    """Say what is not used, once: the same file is read for several purposes."""
    _log.warning("%s, row %d: %s", path, row, problem)


def _texts(path: Path, node: yaml.Node) -> Iterator[str]:
    if isinstance(node, yaml.ScalarNode):
        first = node.start_mark.line + (2 if node.style in {"|", ">"} else 1)
        for row, line in enumerate(node.value.splitlines(), start=first):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            if not text.startswith("-"):
                raise BadTrainingData(f"{path}, row {row}: an example must start with '- ': {text[:60]!r}")
            yield from _one(text[1:])
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            text_node: Any = _fields(item).get("text") if isinstance(item, yaml.MappingNode) else item
            if not isinstance(text_node, yaml.ScalarNode):
                raise _bad(path, item, "an example must be a text")
            yield from _one(text_node.value)
    else:
        raise _bad(path, node, "examples must be text with one '- example' a line")


def _one(text: str) -> Iterator[str]:
    stripped = _ENTITY.sub(lambda found: found[0 if found["text"] is None else "text"], text).strip()
    if stripped:
        yield stripped


def _fields(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _bad(path: Path, node: yaml.Node, problem: str) -> BadTrainingData:
    return BadTrainingData(f"{path}, row {node.start_mark.line + 1}: {problem}")

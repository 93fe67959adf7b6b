"""Read the training data of Rasa 1, Markdown and JSON, into the form that its YAML has today.

Rasa 2 was the last version that could convert all of it to YAML.
"""

import json
import re
from pathlib import Path
from typing import Any

from files import BadFile
from files.limits import MAX_EXAMPLES, MAX_JSON_CONTAINERS, MAX_MARKDOWN_LINES
from files.text import whole_text
from files.yaml_tree import Node, load

CONVERT = "rasa data convert nlu -f yaml --data FOLDER --out FOLDER, likewise convert core and convert nlg"
_HEADING = re.compile(r"##?#?\s*(?P<title>.*)")
_NLU_HEADING = re.compile(r"(?P<kind>intent|synonym|regex|lookup)\s*:\s*(?P<name>.+)")
_TURN = re.compile(r"[*]\s*(?P<intents>\S.*)")
_STEP = re.compile(r"[-+*]\s*(?P<text>.*)")
_CHECKPOINT = re.compile(r">\s*(?P<name>\S.*)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_VALUES = re.compile(r"[({].*")


def load_document(file: Path) -> Node | None:
    """Return the root of a YAML file, or of a Markdown or JSON file of Rasa 1 in the same form.

    Raises:
        BadFile: when the file cannot be read.
    """
    if file.suffix.lower() == ".md":
        return _load_markdown(file)
    if file.suffix.lower() == ".json":
        return _load_json(file)
    return load(file)


def is_legacy(file: Path) -> bool:
    """Return whether a file is in a format of Rasa 1."""
    return file.suffix.lower() in {".md", ".json"}


def _load_markdown(file: Path) -> Node:
    text = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), whole_text(file))
    lines = text.split("\n")
    if len(lines) > MAX_MARKDOWN_LINES:
        raise BadFile(file, f"holds over {MAX_MARKDOWN_LINES} lines: split it")
    nlu: list[Node] = []
    stories: list[Node] = []
    responses: dict[str, Node] = {}
    items: list[Node] = []  # the examples of the current intent
    steps: list[Node] = []  # the steps of the current story
    answers: list[Node] | None = None  # the texts of the current response
    is_nlu = False
    for line, raw in enumerate(lines, start=1):
        stripped = raw.strip()
        heading = _HEADING.fullmatch(stripped)
        if heading is not None:
            named = _NLU_HEADING.fullmatch(heading["title"].strip())
            is_nlu, answers = named is not None, None
            if named is not None:
                items = []
                fields = {named["kind"]: _text(line, named["name"].strip()), "examples": _list(line, items)}
                nlu.append(Node(line=line, value=fields))
            else:
                steps = []
                story = {"story": _text(line, heading["title"]), "steps": _list(line, steps)}
                stories.append(Node(line=line, value=story))
        elif is_nlu:
            step = _STEP.fullmatch(stripped)
            if step is not None and step["text"].strip():
                items.append(_text(line, step["text"].strip()))
        elif (turn := _TURN.fullmatch(stripped)) is not None:
            intents = [_VALUES.sub("", intent).strip() for intent in turn["intents"].split(" OR ")]
            answers = [] if len(intents) == 1 and "/" in intents[0] else None
            if answers is not None:
                responses[f"utter_{intents[0]}"] = _list(line, answers)
            turns = [Node(line=line, value={"intent": _text(line, intent)}) for intent in intents]
            steps.append(turns[0] if len(turns) == 1 else Node(line=line, value={"or": _list(line, turns)}))
        elif (checkpoint := _CHECKPOINT.fullmatch(stripped)) is not None:
            steps.append(Node(line=line, value={"checkpoint": _text(line, checkpoint["name"].strip())}))
        elif (step := _STEP.fullmatch(stripped)) is not None and step["text"].strip():
            if answers is not None and not re.match(r"(?:utter|action|respond)_", step["text"]):
                answers.append(Node(line=line, value={"text": _text(line, step["text"].strip())}))
            else:
                steps.append(_story_step(line, step["text"].strip()))
    _check_examples(file, nlu)
    responses = {name: node for name, node in responses.items() if node.items}
    return Node(
        line=1,
        value={
            "nlu": _list(1, nlu),
            "stories": _list(1, [story for story in stories if len(story.fields["steps"].items) > 1]),
            "responses": Node(line=1, value=responses),
        },
    )


def _story_step(line: int, text: str) -> Node:
    """Return a step after a customer's turn: a slot, a form, or an action."""
    if text.startswith("slot{"):
        return Node(line=line, value={"slot_was_set": _list(line, [])})
    if text.startswith("form{"):
        name = re.search(r'"name"\s*:\s*"([^"]+)"', text)
        return Node(line=line, value={"active_loop": Node(line=line, value=name[1] if name else None)})
    return Node(line=line, value={"action": _text(line, _VALUES.sub("", text).strip())})


def _load_json(file: Path) -> Node:
    text = whole_text(file)
    if text.count("[") + text.count("{") > MAX_JSON_CONTAINERS:  # each takes 50 times its characters
        raise BadFile(file, f"holds over {MAX_JSON_CONTAINERS} lists and objects: split it")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        row = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise BadFile(file, "is not valid JSON", row=row) from None
    data = document.get("rasa_nlu_data") if isinstance(document, dict) else None
    data = data if isinstance(data, dict) else {}
    examples: dict[str, list[Node]] = {}
    for example in _objects(data.get("common_examples")):
        if isinstance(example.get("intent"), str) and isinstance(example.get("text"), str):
            examples.setdefault(example["intent"], []).append(_text(1, example["text"]))
    nlu = [
        Node(line=1, value={"intent": _text(1, intent), "examples": _list(1, texts)})
        for intent, texts in examples.items()
    ]
    for key, kind, name in (
        ("regex_features", "regex", "name"),
        ("lookup_tables", "lookup", "name"),
        ("entity_synonyms", "synonym", "value"),
    ):
        named = (str(item.get(name, "")) for item in _objects(data.get(key)))
        nlu += [Node(line=1, value={kind: _text(1, text)}) for text in named if text]
    _check_examples(file, nlu)
    return Node(line=1, value={"nlu": _list(1, nlu)})


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _check_examples(file: Path, nlu: list[Node]) -> None:
    if sum(len(item.fields["examples"].items) for item in nlu if "examples" in item.fields) > MAX_EXAMPLES:
        raise BadFile(file, f"holds over {MAX_EXAMPLES} examples: leave out some")


def _text(line: int, text: str) -> Node:
    return Node(line=line, value=text)


def _list(line: int, items: list[Node]) -> Node:
    return Node(line=line, value=items)

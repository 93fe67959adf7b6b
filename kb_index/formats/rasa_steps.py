"""Read the parts of a Rasa project, and what its rules and stories say after each intent."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from files.yaml_tree import Node
from kb_index.formats.rasa_yaml import Intent, add_intent, add_responses, section

UTTER = "utter_"
ELSEWHERE = ""  # a step after which the continuation depends on more than the intent
_BOOKKEEPING = frozenset({"action_listen", "action_session_start", "action_unlikely_intent"})
_DATA = {"lookup": "lookups", "synonym": "synonyms", "regex": "regexes"}


@dataclass(kw_only=True)
class ProjectParts:
    """The parts of a project read so far."""

    intents: dict[str, Intent] = field(default_factory=dict)
    declared: dict[str, None] = field(default_factory=dict)  # intents that the domain declares
    responses: dict[str, tuple[Path, Node]] = field(default_factory=dict)
    ignored: Set[str] = frozenset()  # actions and slots that only keep books
    forms: dict[str, None] = field(default_factory=dict)
    flows: dict[str, None] = field(default_factory=dict)
    triggers: dict[str, str] = field(default_factory=dict)  # the flow that an intent triggers
    follows: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)  # steps after an intent
    opens: set[str] = field(default_factory=set)  # intents that a rule or story begins with
    goes_on: set[str | None] = field(default_factory=set)  # checkpoints after which the bot acts first
    fills: dict[str, str] = field(default_factory=dict)  # the slot that an intent fills in
    counted: dict[str, set[object]] = field(default_factory=dict)  # names by kind, as files repeat them
    warnings: dict[str, None] = field(default_factory=dict)

    def count(self, kind: str, names: Iterable[object]) -> None:
        self.counted.setdefault(kind, set()).update(names)


def read_domain(read: ProjectParts, file: Path, root: Node) -> None:
    add_responses(file, root, read.responses)
    read.forms |= dict.fromkeys(_names(section(root, "forms")))
    read.declared |= dict.fromkeys(_names(section(root, "intents")))
    for name, slot in section(root, "slots").fields.items():
        for mapping in slot.fields["mappings"].items if "mappings" in slot.fields else []:
            for intent in _texts(mapping.fields.get("intent")) if name not in read.ignored else []:
                read.fills.setdefault(intent, name)
    for item in section(root, "intents").items:
        for intent, described in item.fields.items():
            if "triggers" in described.fields:  # Rasa 1's mapping policy
                read.opens.add(intent)
                _note(read, [intent], [described.fields["triggers"].text or ""])
    _read_flows(read, root)
    for kind in ("forms", "slots", "entities", "actions"):
        read.count(kind, _names(section(root, kind)))


def _read_flows(read: ProjectParts, root: Node) -> None:
    for name, flow in section(root, "flows").fields.items():
        read.flows[name] = None
        for trigger in flow.fields["nlu_trigger"].items if "nlu_trigger" in flow.fields else []:
            named = trigger.fields.get("intent")
            intent = named.fields.get("name") if named is not None and named.fields else named
            if intent is not None and intent.text:
                read.triggers.setdefault(intent.text, name)
    read.count("flows", read.flows)


def read_nlu(read: ProjectParts, file: Path, root: Node) -> None:
    for item in section(root, "nlu").items:
        for key, kind in _DATA.items():
            read.count(kind, _texts(item.fields.get(key)))
        add_intent(file, item, read.intents)


def read_checkpoints(read: ProjectParts, root: Node) -> None:
    for story in section(root, "stories").items:
        steps = story.fields["steps"].items if "steps" in story.fields else []
        for step, following in pairwise(steps):
            if "checkpoint" in step.fields and not _is_turn(following):
                read.goes_on.add(step.fields["checkpoint"].text)


def read_steps(read: ProjectParts, file: Path, root: Node) -> None:
    for kind, named in (("rules", "rule"), ("stories", "story")):
        for block in section(root, kind).items:
            if named in block.fields:
                read.count(kind, [(file, block.line)])
                _read_block(read, block)


def _read_block(read: ProjectParts, block: Node) -> None:
    """Record the continuation of each intent of a rule or story, unless a form is asking there."""
    conditions = block.fields["condition"].items if "condition" in block.fields else []
    form = any(_form_of(condition) for condition in conditions)
    depends = any("active_loop" not in condition.fields for condition in conditions)
    depends = depends or _says(block, "conversation_start", "true")
    depends = depends or _says(block, "wait_for_user_input", "false")
    begun = form
    waiting: list[str] = []
    steps: list[str] = []
    has_condition = False  # a slot is named behind an action: a condition for what comes after it
    for step in block.fields["steps"].items if "steps" in block.fields else []:
        intents = _intents_of(step)
        if _is_turn(step):
            _note(read, waiting, steps)
            if not begun:
                read.opens.update(intents)
            waiting, steps, has_condition = ([] if form else intents), [], False
            if depends or "entities" in step.fields:
                steps.append(ELSEWHERE)
        elif "action" in step.fields:
            steps += [ELSEWHERE] if has_condition else []
            steps.append(step.fields["action"].text or "")
        elif "slot_was_set" in step.fields and steps:
            has_condition = True
        elif "active_loop" in step.fields:
            form = bool(_form_of(step))
            if form:
                steps.append(_form_of(step) or "")
        elif "checkpoint" in step.fields and step.fields["checkpoint"].text not in read.goes_on:
            pass  # the continuation begins with a customer's turn
        elif {"bot", "checkpoint", "or", "slot_was_set"} & step.fields.keys():
            steps.append(ELSEWHERE)
        begun = True
    _note(read, waiting, steps)


def _note(read: ProjectParts, intents: Sequence[str], steps: Sequence[str]) -> None:
    for intent in intents:
        read.follows.setdefault(intent, []).append(
            tuple(_rename(step) for step in steps if step not in _BOOKKEEPING and step not in read.ignored)
        )


def _rename(step: str) -> str:
    """Return the response that Rasa 1 called by `respond_` and the name of a retrieval intent."""
    return UTTER + step.removeprefix("respond_") if step.startswith("respond_") else step


def _intents_of(step: Node) -> list[str]:
    if "or" in step.fields:
        return [name for item in step.fields["or"].items for name in _intents_of(item)]
    named = step.fields.get("intent")
    name = (named.text or "").strip().removeprefix("/").partition("/")[0] if named is not None else ""
    return [name] if name else []


def _is_turn(step: Node) -> bool:
    """Return True if the customer says something: an intent, or a text without an intent."""
    return "user" in step.fields or bool(_intents_of(step))


def _form_of(step: Node) -> str | None:
    loop = step.fields.get("active_loop")
    return loop.text if loop is not None else None


def _says(block: Node, key: str, value: str) -> bool:
    return key in block.fields and (block.fields[key].text or "").lower() == value


def _texts(node: Node | None) -> list[str]:
    """Yield a single text or the texts of a list."""
    if node is None:
        return []
    return [item.text for item in (node.items or [node]) if item.text]


def _names(node: Node) -> list[str]:
    """Yield the names in a list of texts or one-entry mappings, or a mapping's keys."""
    if node.fields:
        return list(node.fields)
    return [name for item in node.items for name in ([item.text] if item.text else list(item.fields))]

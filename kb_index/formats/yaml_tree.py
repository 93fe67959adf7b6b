"""YAML as plain nodes that know their line, built without recursion and without expanding aliases.

PyYAML's own constructors overflow the C stack on a hundred thousand `[`, read `yes` as True, and let
merge keys double with every level. Here every scalar stays text, an alias is the very same node, and a
merge key (`<<`) brings each entry once.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml

from kb_index.errors import BadFile
from kb_index.formats.text import whole_text

DEEPEST = 50
MOST_ALIASES = 1_000
MOST_MERGED = 100_000  # entries that merge keys bring

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TOO_DEEP = "is nested too deeply for a list of articles"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A scalar (text, or None for null), a sequence or a mapping, and the line on which it starts."""

    line: int
    value: "str | list[Node] | dict[str, Node] | None"

    @property
    def text(self) -> str | None:
        """The scalar's text; None for null and for what is no scalar."""
        return self.value if isinstance(self.value, str) else None

    @property
    def items(self) -> "list[Node]":
        """The members of a sequence; none for anything else."""
        return self.value if isinstance(self.value, list) else []

    @property
    def fields(self) -> "dict[str, Node]":
        """The entries of a mapping; none for anything else."""
        return self.value if isinstance(self.value, dict) else {}


def load(path: Path) -> Node | None:
    """The root of the file's first document; None if the file is empty.

    Raises:
        BadFile: it is no YAML, repeats a key, or is nested or interlinked like a bomb; says the line.
    """
    try:
        return _Builder(path).build(whole_text(path))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        row = mark.line + 1 if mark else None
        if "nesting depth" in str(error.problem):  # newer parsers refuse it before we count
            raise BadFile(path, _TOO_DEEP, row=row) from None
        raise BadFile(path, f"is no valid YAML: {error.problem}", row=row) from None
    except yaml.YAMLError:
        raise BadFile(path, "is no valid YAML: it holds characters that YAML does not allow") from None


class _Builder:
    """Turns the parser's events into nodes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root: Node | None = None
        self._open: list[tuple[Node, list[Node]]] = []  # a collection, and a key that waits for a value
        self._anchors: dict[str, Node] = {}
        self._aliases = 0
        self._merged = 0

    def build(self, text: str) -> Node | None:
        for event in yaml.parse(text, _Loader):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.AliasEvent):
                self._place(self._aliased(event.anchor or "", line))
            elif isinstance(event, yaml.ScalarEvent):
                null = not event.style and event.value in {"", "~", "null", "Null", "NULL"}
                self._place(self._anchored(event, Node(line=line, value=None if null else event.value)))
            elif isinstance(event, yaml.CollectionStartEvent):
                is_list = isinstance(event, yaml.SequenceStartEvent)
                node = self._anchored(event, Node(line=line, value=[] if is_list else {}))
                self._place(node)
                self._open.append((node, []))
                if len(self._open) > DEEPEST:
                    raise BadFile(self._path, _TOO_DEEP, row=line)
            elif isinstance(event, yaml.CollectionEndEvent):
                closed, _ = self._open.pop()
                self._merge(closed)
            elif isinstance(event, yaml.DocumentEndEvent):
                break
        return self._root

    def _place(self, node: Node) -> None:
        """Put a node where the parser is: the root, a member, a key, or the value of the key before it."""
        if not self._open:
            self._root = node
            return
        parent, waiting = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif isinstance(parent.value, dict):
            if not waiting:
                waiting.append(node)
                return
            key = waiting.pop()
            name = key.text
            if name is None:
                raise BadFile(self._path, "holds a key that is no text", row=node.line)
            if name in parent.value:
                raise BadFile(self._path, f"the key {name[:60]!r} comes twice: remove one", row=node.line)
            parent.value[name] = node

    def _merge(self, node: Node) -> None:
        """Add what the mapping's `<<` names, a mapping or several, as far as it does not say it itself."""
        if not isinstance(node.value, dict) or "<<" not in node.value:
            return
        merged = node.value.pop("<<")
        for source in merged.items or [merged]:
            self._merged += len(source.fields)
            if self._merged > MOST_MERGED:
                raise BadFile(self._path, "merges too much by <<: write the entries out", row=node.line)
            for name, value in source.fields.items():
                node.value.setdefault(name, value)

    def _anchored(self, event: yaml.NodeEvent, node: Node) -> Node:
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _aliased(self, name: str, line: int) -> Node:
        self._aliases += 1
        if self._aliases > MOST_ALIASES:
            raise BadFile(self._path, f"uses more than {MOST_ALIASES} aliases: write the texts out", row=line)
        if name not in self._anchors:
            raise BadFile(self._path, f"the alias *{name} has no anchor &{name} before it", row=line)
        return self._anchors[name]

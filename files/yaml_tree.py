"""Parse YAML into plain nodes with line numbers, without recursion and without expanding aliases.

PyYAML's own constructors overflow the C stack on a hundred thousand `[`, read `yes` as True, and let
merge keys double with every level. Here every scalar stays text, an alias is the same node object, and a
merge key (`<<`) adds each entry once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from files.errors import BadFile
from files.limits import (
    MAX_FILE_BYTES,
    MAX_YAML_ALIASES,
    MAX_YAML_COPIED_CHARS,
    MAX_YAML_COPIES,
    MAX_YAML_DEPTH,
    MAX_YAML_MERGED,
    MAX_YAML_NODES,
)
from files.text import whole_text

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TOO_DEEP = "is nested too deeply"


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A scalar (text, or None for null), a sequence or a mapping, and the line on which it starts.

    `is_block` is True for a text after `|` or `>`, whose first line is the next line of the file.
    """

    line: int
    value: "str | list[Node] | dict[str, Node] | None"
    is_block: bool = False

    @property
    def text(self) -> str | None:
        """Return the scalar's text, or None for null and for other kinds of node."""
        return self.value if isinstance(self.value, str) else None

    @property
    def items(self) -> "list[Node]":
        """Return the members of a sequence, none for other kinds of node."""
        return self.value if isinstance(self.value, list) else []

    @property
    def fields(self) -> "dict[str, Node]":
        """Return the entries of a mapping, none for other kinds of node."""
        return self.value if isinstance(self.value, dict) else {}


def load(
    path: Path,
    *,
    max_bytes: int = MAX_FILE_BYTES,
    max_aliases: int = MAX_YAML_ALIASES,
    on_repeated_key: Callable[[int, str], None] | None = None,
) -> Node | None:
    """Return the root of the file's first document, or None if the file is empty.

    If a mapping repeats a key, the last value wins, as in PyYAML, and `on_repeated_key` is called with the
    line and the name. If `on_repeated_key` is None, such a file is refused.

    Raises:
        BadFile: when the file is not YAML, repeats a key although it must not, is larger than
            `max_bytes`, or is nested or interlinked like a bomb; the message names the line.
    """
    text = whole_text(path, max_bytes=max_bytes)
    try:
        return _Builder(path, max_aliases, on_repeated_key).build(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        row = min(mark.line, text.count("\n")) + 1 if mark else None  # the parser may be one line ahead
        if "nesting depth" in str(error.problem):  # newer parsers refuse it before we count the depth
            raise BadFile(path, _TOO_DEEP, row=row) from None
        raise BadFile(path, f"is not valid YAML: {error.problem}", row=row) from None
    except yaml.YAMLError:
        raise BadFile(path, "is not valid YAML: it holds characters that YAML does not allow") from None


class _Builder:
    """Turns the parser's events into nodes."""

    def __init__(
        self, path: Path, max_aliases: int, on_repeated_key: Callable[[int, str], None] | None
    ) -> None:
        self._path = path
        self._on_repeated_key = on_repeated_key
        self._max_aliases = max_aliases
        self._root: Node | None = None
        self._open: list[tuple[Node, list[Node], dict[str, int]]] = []  # their pending keys, rows of keys
        self._anchors: dict[str, Node] = {}
        self._sizes: dict[int, tuple[Node, int, int]] = {}  # by id(), unique while the node is stored
        self._n_nodes = self._n_aliases = self._n_merged = self._n_copies = self._n_copied_chars = 0

    def build(self, text: str) -> Node | None:
        for event in yaml.parse(text, _Loader):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.AliasEvent):
                self._place(self._resolve_alias(event.anchor or "", line))
            elif isinstance(event, yaml.ScalarEvent):
                null = not event.style and event.value in {"", "~", "null", "Null", "NULL"}
                is_block = event.style in {"|", ">"}
                node = Node(line=line, value=None if null else event.value, is_block=is_block)
                self._place(self._anchor(event, node))
            elif isinstance(event, yaml.CollectionStartEvent):
                is_list = isinstance(event, yaml.SequenceStartEvent)
                node = self._anchor(event, Node(line=line, value=[] if is_list else {}))
                self._place(node)
                self._open.append((node, [], {}))
                if len(self._open) > MAX_YAML_DEPTH:
                    raise BadFile(self._path, _TOO_DEEP, row=line)
            elif isinstance(event, yaml.CollectionEndEvent):
                closed, _, _ = self._open.pop()
                self._merge(closed)
            elif isinstance(event, yaml.DocumentEndEvent):
                break
        return self._root

    def _place(self, node: Node) -> None:
        """Attach a node: as the root, a member, a key, or the value of the preceding key."""
        if not self._open:
            self._root = node
            return
        parent, waiting, rows = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif isinstance(parent.value, dict):
            if not waiting:
                waiting.append(node)
                return
            key = waiting.pop()
            name = key.text
            if name is None:
                raise BadFile(self._path, "holds a key that is not text", row=node.line)
            if name in parent.value and self._on_repeated_key:
                self._on_repeated_key(key.line, name)
            elif name in parent.value:
                problem = f"the key {name[:60]!r} comes twice, first in row {rows[name]}: remove one"
                raise BadFile(self._path, problem, row=key.line)
            parent.value[name] = node
            rows[name] = key.line

    def _merge(self, node: Node) -> None:
        """Add the entries of the mappings that `<<` names, except keys that the mapping itself has."""
        if not isinstance(node.value, dict) or "<<" not in node.value:
            return
        merged = node.value.pop("<<")
        for source in merged.items or [merged]:
            self._n_merged += len(source.fields)
            if self._n_merged > MAX_YAML_MERGED:
                raise BadFile(self._path, "merges too much by <<: write the entries out", row=node.line)
            for name, value in source.fields.items():
                node.value.setdefault(name, value)

    def _anchor(self, event: yaml.NodeEvent, node: Node) -> Node:
        self._n_nodes += 1
        if self._n_nodes > MAX_YAML_NODES:
            problem = f"holds more than {MAX_YAML_NODES} entries: split the file"
            raise BadFile(self._path, problem, row=node.line)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _resolve_alias(self, name: str, line: int) -> Node:
        self._n_aliases += 1
        if self._n_aliases > self._max_aliases:
            problem = f"uses more than {self._max_aliases} aliases: write the texts out"
            raise BadFile(self._path, problem, row=line)
        if name not in self._anchors:
            raise BadFile(self._path, f"the alias '*{name}' has no anchor of that name before it", row=line)
        node = self._anchors[name]
        if any(node is open_node for open_node, _, _ in self._open):
            raise BadFile(self._path, f"the alias '*{name}' stands for what it is itself a part of", row=line)
        n_nodes, n_chars = self._size(node)
        self._n_copies += n_nodes
        self._n_copied_chars += n_chars
        if self._n_copies > MAX_YAML_COPIES or self._n_copied_chars > MAX_YAML_COPIED_CHARS:
            raise BadFile(self._path, "repeats too much by aliases: write the entries out", row=line)
        return node

    def _size(self, node: Node) -> tuple[int, int]:
        """Return the number of nodes and characters that the node stands for, with aliases expanded."""
        if id(node) not in self._sizes:
            parts = [self._size(part) for part in (*node.items, *node.fields.values())]
            chars = sum(map(len, node.fields)) + len(node.text or "")
            self._sizes[id(node)] = (node, 1 + sum(n for n, _ in parts), chars + sum(n for _, n in parts))
        _, n_nodes, n_chars = self._sizes[id(node)]
        return n_nodes, n_chars

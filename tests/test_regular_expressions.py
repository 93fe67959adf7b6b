"""Every regular expression takes at most a few steps per character, for any input.

The expressions are collected from the packages' code, so a new expression is tested automatically.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.backtracking import Machine, attacks, worst_growth

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("nlu", "kb_index", "prompter", "prompter_api", "bot", "sufler", "evaluation", "web", "files")
MODES = {
    "match": "match",
    "fullmatch": "fullmatch",
    "search": "finditer",
    "sub": "finditer",
    "subn": "finditer",
    "split": "finditer",
    "findall": "finditer",
    "finditer": "finditer",
}
OLD_SIGNATURE = re.compile(r"(?:^|\n)\s*(?:--\s*$|_{3,}\s*$)[\s\S]*\Z", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A regular expression in the packages, and how it is used."""

    module: str
    line: int
    pattern: re.Pattern[Any]
    modes: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.module}:{self.line}"


class NotReadable(Exception):
    """An expression is built where no test can read it. Make it a constant of its module."""


@cache
def expressions() -> tuple[Expression, ...]:
    paths = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    trees = {path: ast.parse(path.read_text("utf-8")) for path in paths}
    uses = _uses(list(trees.values()))
    with_re = {path: tree for path, tree in trees.items() if _imports_re(tree)}
    return tuple(
        expression for path, tree in with_re.items() for expression in _expressions(path, tree, uses)
    )


def _imports_re(tree: ast.Module) -> bool:
    return any(
        (isinstance(node, ast.Import) and any(name.name.partition(".")[0] == "re" for name in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "re")
        for node in ast.walk(tree)
    )


def _expressions(path: Path, tree: ast.Module, uses: dict[str, frozenset[str]]) -> Iterator[Expression]:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    calls = list(_calls(tree))
    names = {
        id(node.value): node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    module = importlib.import_module(name)
    read = set()
    for call, function in calls:
        if function == "escape":
            continue
        pattern = _pattern(call, function, module)
        read.add((pattern.pattern, pattern.flags))
        modes = frozenset({MODES[function]}) if function in MODES else None
        if modes is None:
            modes = uses.get(names.get(id(call), ""), frozenset(MODES.values()))
        yield Expression(module=name, line=call.lineno, pattern=pattern, modes=modes)
    for pattern in _find_compiled(vars(module).values()):
        if (pattern.pattern, pattern.flags) not in read:  # made in another way, or imported
            yield Expression(module=name, line=0, pattern=pattern, modes=frozenset(MODES.values()))


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Return the calls of `re`'s functions, which must be called by these names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "re":
            raise NotReadable(f"line {node.lineno}: write import re")
        if isinstance(node, ast.Import) and any(name.name == "re" and name.asname for name in node.names):
            raise NotReadable(f"line {node.lineno}: write import re")
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
        ):
            yield node, node.func.attr


class _WithAWord(ast.NodeTransformer):
    """Replaces values known only at run time with a word."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        try:
            _evaluate(node.value, self._module)
        except NameError:
            return ast.copy_location(ast.Constant("слово"), node)
        return node


def _pattern(call: ast.Call, function: str, module: ModuleType) -> re.Pattern[Any]:
    first, *others = call.args
    flags = next((keyword.value for keyword in call.keywords if keyword.arg == "flags"), None)
    place = {"compile": 0, "match": 1, "fullmatch": 1, "search": 1, "findall": 1, "finditer": 1}.get(function)
    if flags is None and place is not None and len(others) > place:
        flags = others[place]
    try:
        pattern = _evaluate(ast.fix_missing_locations(_WithAWord(module).visit(first)), module)
    except NameError as error:
        raise NotReadable(f"{module.__name__}, line {call.lineno}: {error}") from None
    return re.compile(pattern, 0 if flags is None else _evaluate(flags, module))


def _evaluate(node: ast.expr, module: ModuleType) -> Any:
    return eval(compile(ast.Expression(node), "<expression>", "eval"), dict(vars(module)))  # noqa: S307


def _uses(trees: list[ast.Module]) -> dict[str, frozenset[str]]:
    """Return all uses of a named expression in any module. One that is passed on counts as every use."""
    uses: dict[str, set[str]] = {}
    for tree in trees:
        owners = {
            id(node.value): node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used = owners.get(id(node))
                modes = {MODES[used]} if used in MODES else set(MODES.values())
                uses.setdefault(node.id, set()).update(modes)
    return {name: frozenset(modes) for name, modes in uses.items()}


def _find_compiled(values: Any) -> Iterator[re.Pattern[Any]]:
    for value in values:
        if isinstance(value, re.Pattern):
            yield value
        elif isinstance(value, tuple | list | set | frozenset):
            yield from _find_compiled(value)
        elif isinstance(value, dict):
            yield from _find_compiled(value.values())


def test_all_expressions_are_found() -> None:
    modules = {expression.module for expression in expressions()}
    assert {
        "nlu.text",
        "prompter.text.pii",
        "kb_index.templates",
        "bot.names",
        "prompter_api.errors",
    } <= modules
    assert len(expressions()) > 90


def test_an_expression_that_nobody_can_read_is_refused() -> None:
    tree = ast.parse("import re\ndef f(pattern, text):\n    return re.sub(pattern, '', text)")
    call, function = next(_calls(tree))
    with pytest.raises(NotReadable):
        _pattern(call, function, importlib.import_module("nlu.text"))


@pytest.mark.parametrize("n_attacks", [12, pytest.param(200, marks=pytest.mark.full)])
def test_steps_grow_no_faster_than_the_text(n_attacks: int) -> None:
    slow = [
        f"{expression.name}: {expression.pattern.pattern!r}\n    {growth}"
        for expression in expressions()
        for mode in sorted(expression.modes)
        if (growth := worst_growth(Machine(expression.pattern), mode, count=n_attacks))
    ]
    assert not slow, "\n".join(slow)


@pytest.mark.parametrize(
    "slow",
    [
        OLD_SIGNATURE,
        re.compile(r"\s+$"),
        re.compile(r"[ \t]*\n"),
        re.compile(r"(?:a|a)*b"),
        re.compile(r"(\w+\s?)*!"),
        re.compile(r"<b>(.*?)</b>"),
        re.compile(r"\S+@\S+"),
    ],
)
def test_expressions_that_grow_faster_are_found(slow: re.Pattern[str]) -> None:
    assert worst_growth(Machine(slow), "finditer", count=12) is not None


def test_the_machine_finds_what_re_finds() -> None:
    for expression in expressions():
        machine = Machine(expression.pattern)
        for attack in list(attacks(machine, count=12))[-20:]:
            text = attack.text(3)
            given = text.encode("latin-1", "replace") if machine.is_bytes else text
            text = given.decode("latin-1") if isinstance(given, bytes) else text
            for mode in sorted(expression.modes):
                if mode == "finditer":
                    expected = [match.span() for match in expression.pattern.finditer(given)]
                else:
                    match = getattr(expression.pattern, mode)(given)
                    expected = [match.span()] if match else []
                assert getattr(machine, mode)(text) == expected, (expression.name, mode, text)

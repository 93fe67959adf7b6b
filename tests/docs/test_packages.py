"""Every package opens with its question and a map of its modules."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOPS = ("sufler", "bot", "prompter_api", "web", "prompter", "nlu", "kb_index", "evaluation", "files")
PACKAGES = sorted(path.parent for top in TOPS for path in (ROOT / top).rglob("__init__.py"))
NO_PACKAGES = {"static", "templates", "migrations", "__pycache__"}  # browsers and Alembic read these


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_package_opens_with_a_question_and_a_map_of_its_modules(package: Path) -> None:
    text = _docstring_of(package)
    first = text.splitlines()[0]
    assert first.endswith("?")
    assert "?" not in first[:-1], "one question"
    assert _modules_of(package) - set(_map_in(text)) == set(), "modules that the map leaves out"


def test_maps_name_only_what_exists() -> None:
    missing = []
    for package in PACKAGES:
        tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
        known = _modules_of(package) | NO_PACKAGES | _names_of(tree)
        for row in re.findall(r"^ {4}(\w+(?:, \w+)*)  ", ast.get_docstring(tree) or "", re.MULTILINE):
            missing += [
                f"{package.relative_to(ROOT)}: {name}" for name in row.split(", ") if name not in known
            ]
    assert missing == []


def _docstring_of(package: Path) -> str:
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    return ast.get_docstring(tree, clean=False) or ""


def _map_in(docstring: str) -> list[str]:
    """Return the names at the left of a map, whose rows are names, two or more spaces, a few words."""
    rows = re.findall(r"^(?: {4})?(\w+(?:, \w+)*)  ", docstring, re.MULTILINE)
    return [name for row in rows for name in row.split(", ")]


def _modules_of(package: Path) -> set[str]:
    modules = {path.stem for path in package.glob("*.py") if not path.stem.startswith("_")}
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    return modules | folders


def _names_of(tree: ast.Module) -> set[str]:
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return functions | {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

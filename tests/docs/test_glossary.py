"""Every concept has one word: no text or name uses a term that docs/glossary.md lists as replaced."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
from babel.messages.pofile import read_po
from pydantic import BaseModel

from sufler.cli import app
from sufler.settings import Settings
from tests.docs.glossary import LABELS, NAMES, ROOT, Word, replaced_names, replaced_words, rows

TOPS = ("sufler", "bot", "prompter_api", "web", "prompter", "nlu", "kb_index", "evaluation", "files")
MODULES = sorted(
    path for top in TOPS for path in (ROOT / top).rglob("*.py") if "migrations" not in path.parts
)
CATALOGS = sorted(path for top in TOPS for path in (ROOT / top).rglob("*.po"))
# They tell what was: what was called how at the time, and what the old names are.
HISTORY = {ROOT / "CHANGELOG.md", ROOT / "docs" / "glossary.md", *(ROOT / "docs" / "adr").glob("*.md")}
DOCS = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("training_data/*.md")} - HISTORY)
# Functions there are named by the operation ids of the API, which programs rely on.
OPERATIONS = ROOT / "prompter_api" / "routes"
# Russian in these packages is what customers write, not what we say.
WORDS_OF_CUSTOMERS = ("nlu", "kb_index", "evaluation")

EVERYWHERE = {
    "en": replaced_words("replaced", of_labels=False),
    "ru": replaced_words("заменено", of_labels=False),
}
ON_PAGES = {
    "en": EVERYWHERE["en"] + replaced_words("replaced", of_labels=True),
    "ru": EVERYWHERE["ru"] + replaced_words("заменено", of_labels=True),
}


def test_each_term_stands_once_and_is_not_replaced_elsewhere() -> None:
    terms = Counter(
        row.cells.get("term") or row.cells["label"] for row in rows() if row.section not in (LABELS, NAMES)
    )
    assert [term for term, count in terms.items() if count > 1] == []
    assert [(word.text, term) for word in EVERYWHERE["en"] for term in terms if word.is_in(term)] == []


@pytest.mark.parametrize("column", ["по-русски", "meaning"])
def test_each_term_has_a_translation_and_a_meaning(column: str) -> None:
    assert [row.cells["term"] for row in rows() if not row.cells.get(column, "-")] == []


@pytest.mark.parametrize("catalog", CATALOGS, ids=lambda path: str(path.relative_to(ROOT)))
def test_page_texts(catalog: Path) -> None:
    with catalog.open("rb") as source:
        messages = [message for message in read_po(source) if message.id]
    english = [text for message in messages for text in _forms(message.id)]
    russian = [text for message in messages for text in _forms(message.string)]
    used = [*_uses(ON_PAGES["en"], english), *_uses(ON_PAGES["ru"], russian)]
    assert not used, "\n".join(used)


@pytest.mark.parametrize("name", ["chat.html", "chat.js"])
def test_texts_of_the_web_chat(name: str) -> None:
    text = (ROOT / "bot" / "static" / name).read_text(encoding="utf-8")
    texts = re.findall(r'"([^"\n]+)"', text) + re.findall(r">([^<>{}\n]+)<", text)
    used = _uses(ON_PAGES["en"] + ON_PAGES["ru"], texts)
    assert not used, "\n".join(used)


def test_texts_in_code() -> None:
    """Notices, buttons, error messages and the output of the command line use current words."""
    used = []
    for module in MODULES:
        place = module.relative_to(ROOT)
        texts = [text for text in _texts_in(module) if " " in text]
        used += _uses(EVERYWHERE["en"], texts, place)
        if place.parts[0] not in WORDS_OF_CUSTOMERS:
            used += _uses(EVERYWHERE["ru"], texts, place)
    assert not used, "\n".join(used)


def test_help_of_the_command_line() -> None:
    texts = [text for command in _commands(typer.main.get_command(app)) for text in _help_of(command)]
    used = _uses(EVERYWHERE["en"], texts)
    assert not used, "\n".join(used)


@pytest.mark.parametrize("page", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_of_documentation(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```|`[^`\n]*`|\]\([^)]*\)", " ", text, flags=re.DOTALL)
    used = _uses(EVERYWHERE["en"] + EVERYWHERE["ru"], prose.split("\n\n"))
    used += [
        f"{word.text!r}, now {word.term!r}"
        for word in ON_PAGES["en"] + ON_PAGES["ru"]
        if word.is_quoted_in(prose)
    ]
    assert not used, "\n".join(used)


@pytest.mark.parametrize("page", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_flags_and_settings_in_documentation(page: Path) -> None:
    """A line may give the old name if it also gives the new name."""
    lines = page.read_text(encoding="utf-8").splitlines()
    used = []
    for name, now in replaced_names():
        if not (name.startswith("--") or re.fullmatch(r"[a-z_]+\.[a-z_]+", name)) or name.endswith(".py"):
            continue
        old = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
        used += [f"{name}, now {now}: {line[:120]}" for line in lines if old.search(line) and now not in line]
    assert not used, "\n".join(used)


@pytest.mark.slow
def test_names_in_code() -> None:
    names = _names_in_code()
    used = [f"{name}, now {now}: {names[name]}" for name, now in replaced_names() if name in names]
    assert not used, "\n".join(used)


def _uses(words: Iterable[Word], texts: Iterable[str], place: object = "") -> list[str]:
    texts = list(texts)
    return [
        f"{place} {word.text!r}, now {word.term!r}: {' '.join(text.split())[:120]}"
        for word in words
        for text in texts
        if word.is_in(text)
    ]


def _forms(text: Any) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


@cache
def _nodes_of(module: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))


def _texts_in(module: Path) -> Iterator[str]:
    """Yield every string of a module except its docstrings."""
    docstrings = {id(node.value) for node in _nodes_of(module) if isinstance(node, ast.Expr)}
    for node in _nodes_of(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def _commands(command: Any) -> Iterator[Any]:
    yield command
    for child in getattr(command, "commands", {}).values():
        yield from _commands(child)


def _help_of(command: Any) -> Iterator[str]:
    yield command.help or ""
    yield from (getattr(parameter, "help", None) or "" for parameter in command.params)


def _names_in_code() -> dict[str, str]:
    """Return each public name as the glossary writes it, with its place."""
    names = {}
    for module in MODULES:
        place = str(module.relative_to(ROOT))
        names[module.name] = place
        owners = [node for node in _nodes_of(module) if isinstance(node, ast.Module | ast.ClassDef)]
        names |= {node.name: place for node in owners if isinstance(node, ast.ClassDef)}
        if module.parent == OPERATIONS:
            continue
        names |= {
            f"{node.name}()": place
            for owner in owners
            for node in owner.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
    for command in _commands(typer.main.get_command(app)):
        names |= {flag: f"sufler {command.name}" for parameter in command.params for flag in parameter.opts}
    return names | dict.fromkeys(_settings(Settings), "sufler/settings.py")


def _settings(model: type[BaseModel], path: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{path}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _settings(field.annotation, f"{path}{name}.")

"""Documentation refers only to things that exist."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from sufler.cli import app
from sufler.renamed_settings import RENAMED_SECTIONS, RENAMED_SETTINGS
from sufler.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("training_data/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    root = typer.main.get_command(app)
    for first, second in re.findall(
        r"(?:^|`)sufler ([a-z-]+)(?: ([a-z]+))?", page.read_text("utf-8"), re.MULTILINE
    ):
        assert first in root.commands, first  # type: ignore[attr-defined]
        group = root.commands[first]  # type: ignore[attr-defined]
        if hasattr(group, "commands") and second:
            assert second in group.commands, (first, second)


def test_flags_of_the_command_line_are_those_of_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")
    documented = set(re.findall(r"--[a-z][a-z-]+", page))
    flags = {
        flag
        for command in _commands(typer.main.get_command(app))
        for parameter in command.params
        for flag in (*parameter.opts, *parameter.secondary_opts)
    }
    assert documented - flags == set(), "flags that do not exist"
    undocumented = {flag for flag in flags - documented if re.match(r"--(?!no-|help)", flag)}
    assert undocumented == set()


@pytest.mark.parametrize("page", ["README.md", "README.ru.md"])
def test_first_screen_of_the_readme(page: str) -> None:
    """The purpose, a trial, a picture and the next steps stand before the first heading."""
    first, _, _ = (ROOT / page).read_text("utf-8").partition("\n## ")
    assert len(first.splitlines()) < 25
    for needed in ("make demo", "make test", "docs/images/desk.png", "docs/tutorial/first-conversation.md"):
        assert needed in first


def test_changelog_has_the_version_that_is_built() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d", headings[1])


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/adr/*.md")), ids=lambda page: page.stem)
def test_decisions_state_their_status(page: Path) -> None:
    assert page.read_text("utf-8").splitlines()[2].startswith("Status: ")


def test_every_setting_stands_in_the_shipped_file() -> None:
    section = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["sufler"]
    expected = Settings().model_dump(exclude={"telegram_token"})
    assert section.keys() == expected.keys()
    for name, value in expected.items():
        if isinstance(value, dict) and name != "templates":
            assert section[name].keys() == value.keys(), name


def test_old_names_of_settings_stand_beside_the_new_ones() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    old_sections = {new: old for old, new in RENAMED_SECTIONS.items()}
    for section, settings in RENAMED_SETTINGS.items():
        if section == "encoder.parts":  # those of encoder itself
            continue
        for old, new in settings.items():
            row = f"| `{old_sections.get(section, section)}.{old}` | `{section}.{new.name}` |"
            assert row in page, row


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in ("README.md", "README.ru.md"):
        for target in re.findall(r"make ([a-z]+)", (ROOT / page).read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def _commands(command: Any) -> Iterator[Any]:
    yield command
    for child in getattr(command, "commands", {}).values():
        yield from _commands(child)

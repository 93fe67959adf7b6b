"""Documentation does not point at what is not there."""

import re
from pathlib import Path

import pytest
import typer.main
import yaml

from sufler.cli import app
from sufler.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("training_data/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    missing = [each for each in targets if "://" not in each and not (page.parent / each).exists()]
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


def test_every_setting_stands_in_the_shipped_file() -> None:
    section = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["sufler"]
    expected = Settings().model_dump(exclude={"telegram_token"})
    assert section.keys() == expected.keys()
    for name, value in expected.items():
        if isinstance(value, dict) and name != "templates":
            assert section[name].keys() == value.keys(), name


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in ("README.md", "README.ru.md"):
        for target in re.findall(r"make ([a-z]+)", (ROOT / page).read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target

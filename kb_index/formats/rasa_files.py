"""Find the files that Rasa itself would load from a project's folder.

These are `domain.yml` or `domain/`, and `data/`, as for `rasa train` without options, or the paths given.
A folder without `data/` is read as the training data itself, as far as no other project lies in it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from files import BadFile
from files.text import check_size, unreadable_error
from files.yaml_tree import load

_NOT_THE_PROJECT = {"venv", "env", "node_modules", "site-packages", "tests", "e2e_tests"}
_YAML = (".yml", ".yaml")
_OLD = (".md", ".json")  # training data of Rasa 1
_DOMAINS = ("domain.yml", "domain.yaml", "domain")
_MAX_NAMED = 10  # files or folders in a message
# Rasa uses the same test to tell its own files from charts or workflows, which may be invalid YAML.
_SECTIONS = (
    rb"nlu|rules|stories|responses|templates|intents|entities|slots|forms|actions|flows|session_config"
)
_RASAS = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t]*(?:%b):" % _SECTIONS, re.MULTILINE)
_OLD_MARKDOWN = re.compile(
    rb"^[ \t]*+##[ \t]*+(?:intent|synonym|regex|lookup)[ \t]*+:"
    rb"|^[ \t]*+[*][^\r\n]++\r?\n(?:[ \t]*+\r?\n){0,3}[ \t]*+-[ \t]*+"
    rb"(?:(?:utter|action|respond)_|form\{|slot\{)"
    rb"|^[ \t]*+##[^\r\n]*+\r?\n(?:[ \t]*+\r?\n){0,3}[ \t]*+[*][ \t]*+[^\s/]++/[^\s/]++[ \t]*+\r?\n"
    rb"(?:[ \t]*+\r?\n){0,3}[ \t]*+-\s",
    re.MULTILINE,
)
_DOMAIN_SECTIONS = re.compile(rb"^(?:responses|templates|intents):", re.MULTILINE)
_IMPORTS = re.compile(rb"^imports:", re.MULTILINE)


def project_files(
    folder: Path,
    *,
    domain: Sequence[Path] = (),
    data: Sequence[Path] = (),
    warn: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Return the files of the project in the folder. `warn` is told of everything else that is for Rasa.

    Raises:
        BadFile: when there is no such file, several projects lie side by side, or a given path is missing.
    """
    others = _projects_below(folder)
    own_data = list(_given(folder, data)) or [path for path in [folder / "data"] if path.is_dir()]
    own_domain = list(_given(folder, domain)) or _own_domain(folder)
    if not own_domain and not own_data and others:
        beside = [file for file in _below([folder], others) if is_rasas(file)]
        if len(others) > 1 or not beside:
            return _only_project(folder, others, warn)
        own_data, others = [folder], []  # the domain lies in a folder beside the data
    elif not own_data:
        own_data = [folder]
    own_data += _imports(folder)
    files = list(dict.fromkeys(_below([*own_domain, *own_data], others if folder in own_data else ())))
    if not files:
        raise BadFile(folder, "the folder holds no .yml files")
    found = [file for file in files if is_rasas(file)]
    left_out = [file for file in _below([folder], ()) if file not in set(files) and is_rasas(file)]
    if left_out:
        names = ", ".join(str(file.relative_to(folder)) for file in left_out[:_MAX_NAMED])
        more = ", …" if len(left_out) > _MAX_NAMED else ""
        warn(
            f"{folder}: left out what Rasa would not load with this domain and data, "
            f"{len(left_out)} in all: {names}{more} (--domain and --data name other paths)"
        )
    return found


def is_rasas(file: Path) -> bool:
    """Return whether a file holds a domain or training data of Rasa, in YAML or in a format of Rasa 1.

    Raises:
        BadFile: when the file cannot be read or is too large.
    """
    check_size(file)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise unreadable_error(file, error) from None
    if file.suffix.lower() == ".json":
        return b'"rasa_nlu_data"' in content
    return (_OLD_MARKDOWN if file.suffix.lower() == ".md" else _RASAS).search(content) is not None


def _only_project(folder: Path, others: Sequence[Path], warn: Callable[[str], None]) -> list[Path]:
    """Return the files of the one project below the folder."""
    names = ", ".join(str(other.relative_to(folder)) for other in others[:_MAX_NAMED])
    if len(others) > 1:
        raise BadFile(folder, f"holds several Rasa projects: give one of these folders: {names}")
    warn(f"{folder}: the project is in {names}")
    return project_files(others[0], warn=warn)


def _own_domain(folder: Path) -> list[Path]:
    """Return the domain that Rasa takes by default, or the only other one beside `data/`."""
    found = [folder / name for name in _DOMAINS if (folder / name).exists()]
    if found or not (folder / "data").is_dir():
        return found[:1]
    candidates = [
        file
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in _YAML and is_rasas(file) and _DOMAIN_SECTIONS.search(file.read_bytes())
    ]
    if len(candidates) > 1:
        names = ", ".join(file.name for file in candidates[:_MAX_NAMED])
        raise BadFile(folder, f"has no domain.yml but several files like one: choose with --domain: {names}")
    return candidates


def _given(folder: Path, paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        found = next((place for place in (path, folder / path) if place.exists()), None)
        if found is None:
            raise BadFile(path, "does not exist")
        yield found


def _imports(folder: Path) -> list[Path]:
    """Return the folders that a config for Rasa's MultiProjectImporter adds, as far as they are inside."""
    config = folder / "config.yml"
    if not config.is_file() or not _IMPORTS.search(config.read_bytes()):
        return []
    root = load(config)
    named = root.fields["imports"].items if root is not None and "imports" in root.fields else []
    places = [folder / item.text for item in named if item.text]
    return [place for place in places if place.exists() and folder.resolve() in place.resolve().parents]


def _projects_below(folder: Path) -> list[Path]:
    """Return the folders inside that have a domain of their own, without folders inside those."""
    found: list[Path] = []
    for path in sorted(folder.rglob("domain*")):
        place = path.parent
        is_domain = path.name in _DOMAINS and (path.is_file() or any(path.glob("*.y*ml")))
        inside = place.relative_to(folder)
        if (
            is_domain
            and place != folder
            and place != folder / "data"
            and not any(_is_passed_over(part) for part in inside.parts)
            and "domain" not in inside.parts
            and not any(other == place or other in place.parents for other in found)
        ):
            found.append(place)
    return found


def _below(roots: Iterable[Path], others: Iterable[Path]) -> Iterator[Path]:
    """Yield the files of Rasa's kinds below the roots, except in other projects and in folders of tools."""
    apart = set(others)
    for root in roots:
        if not root.is_dir():
            yield root
            continue
        for file in sorted(root.rglob("*")):
            inside = file.relative_to(root)
            if (
                file.suffix.lower() in (*_YAML, *_OLD)
                and file.is_file()
                and not any(_is_passed_over(part) for part in inside.parts)
                and not file.name.startswith("test_")  # test conversations, which must not be learned from
                and not apart.intersection(file.parents)
            ):
                yield file


def _is_passed_over(part: str) -> bool:
    return part.startswith(".") or part in _NOT_THE_PROJECT

"""The Russian catalog and the pages say the same."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import prompter_api
from prompter_api.locale import CATALOGS, LANGUAGES, translator

Key = str | tuple[str, ...]


def used() -> set[Key]:
    """Every string that the pages translate; of plurals singular and plural."""
    (root,) = prompter_api.__path__
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    found = extract_from_dir(root, method_map=methods, strip_comment_tags=True)
    return {message if isinstance(message, str) else tuple(message) for _, _, message, _, _ in found}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    with (CATALOGS / "ru" / "LC_MESSAGES" / "sufler.po").open("rb") as source:
        return read_po(source, locale="ru", abort_invalid=True)


def test_every_string_has_a_russian_translation_and_none_is_stale(catalog: Catalog) -> None:
    translated: set[Key] = {
        message.id if isinstance(message.id, str) else tuple(message.id)
        for message in catalog
        if message.id and not message.fuzzy and all(_forms(message.string))
    }
    assert used() == translated


def test_translations_have_the_fields_of_their_source(catalog: Catalog) -> None:
    wrong = [
        (message.id, form)
        for message in catalog
        if message.id
        for form in _forms(message.string)
        if _fields(form) != _fields(_forms(message.id)[-1])
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "Не доставлен 1 ответ"),
        (2, "Не доставлены 2 ответа"),
        (5, "Не доставлено 5 ответов"),
        (11, "Не доставлено 11 ответов"),
        (21, "Не доставлен 21 ответ"),
    ],
)
def test_russian_plurals(count: int, text: str) -> None:
    t = translator("ru")
    forms = t.ngettext("{count} reply not delivered", "{count} replies not delivered", count)
    assert forms.format(count=count) == text


def test_english_and_unknown_languages_keep_the_source() -> None:
    assert [translator(language).gettext("Send") for language in ("en", "xx", "../ru")] == ["Send"] * 3


def test_every_language_but_the_source_has_a_catalog() -> None:
    assert {path.name for path in Path(CATALOGS).iterdir() if path.is_dir() and path.name[0] != "_"} == {
        *LANGUAGES
    } - {"en"}


def _forms(string: object) -> list[str]:
    return [string] if isinstance(string, str) else list(string)  # type: ignore[call-overload]


def _fields(text: str) -> set[str]:
    return {part.split("}")[0] for part in text.split("{")[1:]}

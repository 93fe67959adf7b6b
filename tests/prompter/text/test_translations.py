"""The catalogs and the program contain the same messages."""

import re
import tomllib
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.buttons import Button
from bot.telegram.keyboard import answer_to, keyboard
from bot.webchat.texts import page_texts
from prompter.domain.triage import HandoffReason
from prompter.text.notices import notice
from prompter.text.translations import (
    LANGUAGES,
    SOURCE_LANGUAGE,
    catalog_path,
    language_names,
    require_language,
    translator,
)

ROOT = Path(__file__).parents[3]
Key = str | tuple[str, ...]


@pytest.fixture(scope="module")
def used() -> set[Key]:
    """Return every translated string, found as `make catalogs` finds them, with both forms of plurals."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in tools["babel"]["mappings"]]
    return {
        message if isinstance(message, str) else tuple(message)
        for package in ("bot", "prompter", "prompter_api")
        for _, _, message, _, _ in extract_from_dir(ROOT / package, method_map=methods)
    }


@pytest.fixture(scope="module", params=[language for language in LANGUAGES if language != SOURCE_LANGUAGE])
def catalog(request: pytest.FixtureRequest) -> Catalog:
    with catalog_path(request.param).open("rb") as source:
        return read_po(source, locale=request.param, abort_invalid=True)


@pytest.mark.slow
def test_every_string_is_translated_and_none_is_stale(catalog: Catalog, used: set[Key]) -> None:
    translated: set[Key] = {
        message.id if isinstance(message.id, str) else tuple(message.id)
        for message in catalog
        if message.id and not message.fuzzy and all(_forms(message.string))
    }
    assert used == translated


@pytest.mark.slow
def test_chat_messenger_and_notices_are_among_the_strings(used: set[Key]) -> None:
    assert {
        "Chat with us; we reply here",
        "Talk to a person",
        "I have passed your question to an operator. They will reply here.",
    } <= used


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


def test_languages_are_those_with_a_catalog_and_have_names() -> None:
    folders = {path.name for path in (ROOT / "prompter" / "text" / "locale").iterdir()}
    assert set(LANGUAGES) == folders | {"en"}
    assert language_names() == {"ru": "Русский", "en": "English"}
    with pytest.raises(ValueError, match="ru, en"):
        require_language("xx")


@pytest.mark.parametrize(
    ("language", "label", "thanks", "notice_text"),
    [
        (
            "en",
            "Talk to a person",
            "Thank you!",
            "I have passed your question to an operator. They will reply here.",
        ),
        ("ru", "Позвать оператора", "Спасибо!", "Передал ваш вопрос оператору, он ответит здесь."),
        (
            "xx",
            "Talk to a person",
            "Thank you!",
            "I have passed your question to an operator. They will reply here.",
        ),
    ],
)
def test_one_catalog_speaks_in_chat_messenger_and_notices(
    language: str, label: str, thanks: str, notice_text: str
) -> None:
    chat = page_texts(language, max_message_length=4000)
    assert (chat["operator"], chat["afterUp"]) == (label, thanks)
    assert [button.text for row in keyboard(1, language).inline_keyboard for button in row] == [
        "👍",
        "👎",
        label,
    ]
    assert answer_to(Button.UP, language) == thanks
    assert notice(HandoffReason.CUSTOMER_REQUEST, language) == notice_text


def test_the_chat_has_every_text_that_its_page_asks_for() -> None:
    script = (ROOT / "bot" / "static" / "chat.js").read_text(encoding="utf-8")
    asked = set(re.findall(r"\bwords\.(\w+)", script))
    states = {"offline", "slowDown", "busy", "cookies", "waiting", "typing", "up", "down"}  # words[name]
    server_side = {"title", "noScript"}
    assert set(page_texts("en", max_message_length=4000)) == asked | states | server_side


@pytest.mark.parametrize(
    ("language", "longest", "text"),
    [
        ("ru", 4000, "длиннее 4000 знаков"),
        ("ru", 21, "длиннее 21 знака"),
        ("en", 1, "longer than 1 character"),
    ],
)
def test_the_chat_names_its_limit(language: str, longest: int, text: str) -> None:
    assert page_texts(language, max_message_length=longest)["tooLong"] == text


def _forms(string: object) -> list[str]:
    return [string] if isinstance(string, str) else list(string)  # type: ignore[call-overload]


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}

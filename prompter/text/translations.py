"""Translations of all texts for people: pages, the web chat, messenger buttons and notices.

Source strings are English. Each other language is one catalog under `locale/`: a language exists as
soon as its catalog does.
"""

import re
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

SOURCE_LANGUAGE = "en"
CATALOGS = Path(__file__).parent / "locale"

Translations = NullTranslations  # gettext's name for "translates, or returns the text unchanged"


def N_(text: str) -> str:  # noqa: N802 - the name that extraction tools search for
    """Mark a string that is translated where it is shown."""
    return text


def catalog_path(language: str) -> Path:
    """Return the path of a language's catalog, even if there is none."""
    return CATALOGS / language / "LC_MESSAGES" / "sufler.po"


LANGUAGES = (
    *sorted(path.parts[-3] for path in CATALOGS.glob("*/LC_MESSAGES/sufler.po")),
    SOURCE_LANGUAGE,
)


@cache
def language_names() -> dict[str, str]:
    """Return each language's name in its own words.

    >>> language_names()["ru"]
    'Русский'
    """
    from babel import Locale  # takes a fifth of a second, which commands need not wait for

    names = {
        language: Locale.parse(language).get_display_name(language) or language for language in LANGUAGES
    }
    return {language: name[:1].upper() + name[1:] for language, name in names.items()}


def supported_language(tag: str | None, default: str) -> str:
    """Return the language to use for a customer's language tag.

    It is English for a language without a catalog, and `default` if the tag is unknown.

    >>> supported_language("ru-RU", "en"), supported_language("xx", "ru"), supported_language(None, "ru")
    ('ru', 'en', 'ru')
    """
    language = re.split("[-_]", (tag or default).lower(), maxsplit=1)[0]
    return language if language in LANGUAGES else SOURCE_LANGUAGE


def require_language(language: str) -> str:
    """Return the language, if there is one.

    Raises:
        ValueError: when it has no catalog.
    """
    if language not in LANGUAGES:
        raise ValueError(f"there is no such language; there are {', '.join(LANGUAGES)}")
    return language


@cache
def translator(language: str) -> Translations:
    """Return the translations into a language, or English texts if there is no such catalog.

    >>> one, many = "{count} reply not delivered", "{count} replies not delivered"
    >>> [translator("ru").ngettext(one, many, count).format(count=count) for count in (1, 3, 5)]
    ['Не доставлен 1 ответ', 'Не доставлены 3 ответа', 'Не доставлено 5 ответов']
    """
    if language == SOURCE_LANGUAGE or language not in LANGUAGES:
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with catalog_path(language).open("rb") as source:
        catalog = read_po(source, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)

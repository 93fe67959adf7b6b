"""How do the pages speak the reader's language?

Source strings are English; catalogs lie beside this file, one folder per language.

    translator    the translations into a language
    LANGUAGES     the languages that the pages offer, each named in itself
"""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

__all__ = ["LANGUAGES", "Translations", "translator"]

Translations = NullTranslations  # gettext's name for "translates, or hands back what it was given"

LANGUAGES = {"ru": "Русский", "en": "English"}  # each in its own words
CATALOGS = Path(__file__).parent


@cache
def translator(language: str) -> Translations:
    """The translations into a language; English words where there is no such catalog.

    >>> one, many = "{count} reply not delivered", "{count} replies not delivered"
    >>> [translator("ru").ngettext(one, many, count).format(count=count) for count in (1, 3, 5)]
    ['Не доставлен 1 ответ', 'Не доставлены 3 ответа', 'Не доставлено 5 ответов']
    """
    path = CATALOGS / language / "LC_MESSAGES" / "sufler.po"
    if language not in LANGUAGES or not path.is_file():
        return NullTranslations()
    with path.open("rb") as source:
        catalog = read_po(source, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)

"""The texts of the chat's page, by language."""

import re
from collections.abc import Mapping

from prompter.text.translations import LANGUAGES, N_, translator

# By the names that chat.js uses. It also fills in the fields in braces.
_TEXTS: Mapping[str, str] = {
    "title": N_("Support"),
    "subtitle": N_("Chat with us; we reply here"),
    "greeting": N_("Hello! How can we help?"),
    "placeholder": N_("Message"),
    "send": N_("Send"),
    "name": N_("Your name (optional)"),
    "sending": N_("sending…"),
    "retrying": N_("not sent, trying again"),
    "refused": N_("not accepted"),
    "remove": N_("remove"),
    "waiting": N_("Message received. We'll reply soon"),
    "typing": N_("The operator is typing…"),
    "offline": N_("No connection. Your message will be sent as soon as it is back"),
    "slowDown": N_("Too many messages at once. Yours will be sent a little later"),
    "slowDownMinutes": N_("Too many messages from your network. Yours will be sent in {minutes} min"),
    "busy": N_("We are getting a lot of messages. Yours is saved here and will be sent automatically"),
    "cookies": N_("The chat needs cookies to recognise you. Please allow them for this site"),
    "today": N_("Today"),
    "bot": N_("bot"),
    "rating": N_("Did this answer help?"),
    "up": N_("Helpful"),
    "down": N_("Not helpful"),
    "operator": N_("Talk to a person"),
    "afterUp": N_("Thank you!"),
    "afterDown": N_("Thank you, we will check this answer."),
    "afterOperator": N_("An operator will reply here."),
    "notPressed": N_("Something went wrong. Please try again"),
    "media": N_("[attachment]"),
    "noScript": N_("The chat needs JavaScript"),
}


def page_texts(language: str, *, max_message_length: int) -> Mapping[str, str]:
    """Return the texts in a language by the names that chat.js uses. Lengths are in characters."""
    t = translator(language)
    too_long = t.ngettext(
        "longer than {count} character", "longer than {count} characters", max_message_length
    )
    return {name: t.gettext(text) for name, text in _TEXTS.items()} | {
        "tooLong": too_long.format(count=max_message_length)
    }


def preferred_language(accept_language: str, default: str) -> str:
    """Return the first of our languages that a browser asks for (RFC 9110, 12.5.4), or `default`.

    >>> preferred_language("de, en;q=0.5, ru-RU; q=0.8", "en"), preferred_language("de", "ru")
    ('ru', 'ru')
    """
    preferences: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        tag, _, parameter = part.partition(";")
        quality = parameter.strip().removeprefix("q=") or "1"
        if re.fullmatch(r"[01](\.\d{0,3})?", quality) and float(quality) > 0:
            preferences.append((float(quality), tag.strip().lower().partition("-")[0]))
    by_quality = sorted(preferences, key=lambda pair: -pair[0])  # stable: ties keep the browser's order
    return next((language for _, language in by_quality if language in LANGUAGES), default)

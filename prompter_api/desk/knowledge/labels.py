"""Labels of an article's fields and texts of its problems."""

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any

from kb_index import InvalidArticle
from kb_index.checks import Kind, Problem
from prompter.text.translations import N_, Translations
from prompter_api.desk.knowledge.articles_page import STATUSES, article_address
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.labels import TopicLabel

LABELS = {
    "question": N_("Question"),
    "answer": N_("Answer"),
    "topic": N_("Topic"),
    "language": N_("Language"),
    "phrasings": N_("Alternative phrasings"),
    "status": N_("Status"),
    "valid_from": N_("Valid from"),
    "valid_until": N_("Valid until"),
}
_NEEDED = {
    "id": N_("The ID must have 1 to 200 characters, without spaces or |."),
    "question": N_("Enter a question of up to 20,000 characters."),
    "answer": N_("The answer can have up to 20,000 characters."),
    "topic": N_("Enter a topic."),
    "language": N_("Enter the language as a short code, such as ru or en."),
    "phrasings": N_("Up to 2,000 alternative phrasings, one per line."),
    "valid_from": N_("Enter a date in “Valid from”."),
    "valid_until": N_("Enter a date in “Valid until” that is not before “Valid from”."),
}
_WRONG = {
    Kind.NEAR_DUPLICATE: N_("Another article has nearly the same question and the same answer: merge them."),
    Kind.CONFLICTING_ANSWERS: N_(
        "Another article has nearly the same question but a different answer: customers may get either."
    ),
    Kind.EMPTY_ANSWER: N_("The answer is empty: write one or save the article as a draft."),
    Kind.UNKNOWN_FIELD: N_("There is no value for {field}: a reply that contains it is not sent."),
    Kind.MARKUP: N_("The answer has markup such as ** or <b>, which customers would see: write plain text."),
}


def refusal(error: InvalidArticle, t: Translations) -> str:
    """Return the message that says what must change before the article can be saved."""
    needed = t.gettext(_NEEDED[error.field]) if error.field in _NEEDED else str(error)
    return t.gettext("Cannot save. {reason}").format(reason=needed)


def problem(wrong: Problem, article_id: str, t: Translations) -> None:
    """Draw one line about a problem, with links to the other articles."""
    with Tag("li"):
        Tag("span", t.gettext(_WRONG[wrong.kind]).format(field=f"{{{wrong.field}}}"))
        for other_id in wrong.article_ids:
            if other_id != article_id:
                Tag("span", " ")
                Tag("a", other_id, href=article_address(other_id), classes="link", dir="auto")


def differences(
    before: Mapping[str, Any], now: Mapping[str, Any], topic: TopicLabel, t: Translations
) -> bool:
    """Draw each changed field with a word diff. Return False if nothing differs.

    Removed words are struck through and added words underlined, so that no colour is needed.
    """
    found = False
    for name, label in LABELS.items():
        old, new = (_as_text(name, fields.get(name), topic, t) for fields in (before, now))
        if old != new:
            found = True
            Tag("p", t.gettext(label), classes="board__small")
            difference(old, new)
    return found


def _as_text(name: str, value: Any, topic: TopicLabel, t: Translations) -> str:
    if name == "topic" and value:
        return topic(str(value))
    if name == "status" and value:
        return next((t.gettext(word) for status, word in STATUSES.items() if status.value == value), value)
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _words(text: str) -> list[str]:
    """Split a text into words and line ends."""
    return re.findall(r"\n|[^\s]+", text)


def _show_line_ends(words: list[str]) -> str:
    """Join added or removed words, with a visible mark for line ends."""
    return _join("↵\n" if word == "\n" else word for word in words)


def _join(words: Iterable[str]) -> str:
    return " ".join(words).replace("\n ", "\n")


def difference(before: str, now: str) -> None:
    """Draw a word diff of two texts."""
    old, new = _words(before), _words(now)
    with Tag("p", classes="card__text", dir="auto"):
        for kind, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
            if kind == "equal":
                Tag("span", _join([*old[a:b], ""]))
                continue
            if b > a:
                Tag("del", _show_line_ends(old[a:b]))
                Tag("span", " ")
            if d > c:
                Tag("ins", _show_line_ends(new[c:d]))
                Tag("span", " ")

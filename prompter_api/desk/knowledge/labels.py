"""What an article's fields, and what is wrong with them, are called on its page."""

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any

from kb_index import InvalidArticle
from kb_index.checks import Kind, Problem
from prompter_api.desk.knowledge.articles_page import STATUSES, article_address
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.labels import N_, TopicLabel
from prompter_api.locale import Translations

LABELS = {
    "question": N_("Question"),
    "answer": N_("Answer"),
    "topic": N_("Topic"),
    "language": N_("Language"),
    "phrasings": N_("Other ways to put the question"),
    "status": N_("Status"),
    "valid_from": N_("Valid from"),
    "valid_until": N_("Valid until"),
}
_NEEDED = {
    "id": N_("The id needs 1 to 200 characters, without spaces and |."),
    "question": N_("The question has to say something, in 20,000 characters at most."),
    "answer": N_("The answer has 20,000 characters at most."),
    "topic": N_("The article needs a topic."),
    "language": N_("The language is a short code, such as ru or en."),
    "phrasings": N_("At most 2,000 other ways to put the question, one a line."),
    "valid_from": N_("“Valid from” needs a date."),
    "valid_until": N_("“Valid until” needs a date that is not before “Valid from”."),
}
_WRONG = {
    Kind.NEAR_DUPLICATE: N_("Another article asks nearly the same and answers the same: merge them."),
    Kind.CONFLICTING_ANSWERS: N_(
        "Another article asks nearly the same but answers otherwise: customers may get either answer."
    ),
    Kind.EMPTY_ANSWER: N_("There is no answer: write one, or make it a draft."),
    Kind.UNKNOWN_FIELD: N_("Nothing fills in {field}: a reply that holds it is not sent."),
}


def refusal(error: InvalidArticle, t: Translations) -> str:
    """What has to change before the article can be saved."""
    needed = t.gettext(_NEEDED[error.field]) if error.field in _NEEDED else str(error)
    return t.gettext("This cannot be saved. {reason}").format(reason=needed)


def problem(wrong: Problem, article_id: str, t: Translations) -> None:
    """One line about what is wrong, with the way to the other article."""
    with Tag("li"):
        Tag("span", t.gettext(_WRONG[wrong.kind]).format(field=f"{{{wrong.field}}}"))
        for other in wrong.article_ids:
            if other != article_id:
                Tag("span", " ")
                Tag("a", other, href=article_address(other), classes="link", dir="auto")


def differences(
    before: Mapping[str, Any], now: Mapping[str, Any], topic: TopicLabel, t: Translations
) -> bool:
    """Word by word, each field that differs under its name; False if none does.

    What was taken out is struck through and what was put in underlined, so that no colour is needed.
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
    """Words, and the ends of lines between them."""
    return re.findall(r"\n|[^\s]+", text)


def _seen(words: list[str]) -> str:
    """Words that came or went; the end of a line would be nothing to see."""
    return _joined("↵\n" if word == "\n" else word for word in words)


def _joined(words: Iterable[str]) -> str:
    return " ".join(words).replace("\n ", "\n")


def difference(before: str, now: str) -> None:
    """Word by word, what was taken out and what was put in."""
    old, new = _words(before), _words(now)
    with Tag("p", classes="card__text", dir="auto"):
        for kind, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
            if kind == "equal":
                Tag("span", _joined([*old[a:b], ""]))
                continue
            if b > a:
                Tag("del", _seen(old[a:b]))
                Tag("span", " ")
            if d > c:
                Tag("ins", _seen(new[c:d]))
                Tag("span", " ")

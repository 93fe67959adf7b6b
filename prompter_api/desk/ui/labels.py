"""Labels that the pages share."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from math import ceil

from babel.dates import format_datetime, format_time
from babel.numbers import format_decimal

from prompter.common.errors import (
    AlreadyDecided,
    CustomerWroteAgain,
    Forbidden,
    InvalidDecision,
    NotFound,
    PrompterError,
    TooLateToUndo,
    UnfilledField,
)
from prompter.domain.account import Role
from prompter.domain.conversation import Customer, Message, MessageKind, OfferedSuggestion, OutboxState
from prompter.domain.dialogue import TOPICS, dialogue_name, is_dialogue
from prompter.domain.evidence import RejectReason
from prompter.domain.topic import TopicTitles
from prompter.domain.triage import HandoffReason
from prompter.text.translations import N_, Translations

REASONS = {
    HandoffReason.LOW_CONFIDENCE: N_("low confidence"),
    HandoffReason.AMBIGUOUS: N_("ambiguous"),
    HandoffReason.OUT_OF_SCOPE: N_("not in the knowledge base"),
    HandoffReason.NO_ARTICLE: N_("no article"),
    HandoffReason.CUSTOMER_REQUEST: N_("asks for a person"),
    HandoffReason.COMPLAINT: N_("complaint"),
    HandoffReason.OPERATOR_ACTIVE: N_("with an operator"),
    HandoffReason.TOPIC_NOT_READY: N_("automated replies are off for this topic"),
    HandoffReason.ARTICLE_CHANGED: N_("article changed"),
    HandoffReason.ARTICLE_EXPIRED: N_("article expired"),
    HandoffReason.MEDIA: N_("attachment"),
    HandoffReason.EDITED: N_("question changed after the answer"),
    HandoffReason.ENGINE_DOWN: N_("system error"),
    HandoffReason.POLICY: N_("operators only"),
}
URGENT = {HandoffReason.COMPLAINT, HandoffReason.CUSTOMER_REQUEST, HandoffReason.ENGINE_DOWN}

REJECT_REASONS = {
    RejectReason.WRONG_ARTICLE: N_("Wrong article"),
    RejectReason.OUTDATED: N_("Out of date"),
    RejectReason.INCOMPLETE: N_("Incomplete"),
    RejectReason.TONE: N_("Wrong tone"),
    RejectReason.NOT_A_QUESTION: N_("No reply needed"),
    RejectReason.OTHER: N_("Other"),
}

KINDS = {
    MessageKind.TEXT: N_("text"),
    MessageKind.PHOTO: N_("photo"),
    MessageKind.VIDEO: N_("video"),
    MessageKind.VOICE: N_("voice message"),
    MessageKind.AUDIO: N_("audio"),
    MessageKind.DOCUMENT: N_("document"),
    MessageKind.STICKER: N_("sticker"),
    MessageKind.LOCATION: N_("location"),
    MessageKind.CONTACT: N_("contact"),
    MessageKind.OTHER: N_("unsupported attachment"),
}

STATES = {
    OutboxState.PENDING: N_("waiting to be sent"),
    OutboxState.SENDING: N_("sending…"),
    OutboxState.SENT: N_("sent"),
    OutboxState.UNKNOWN: N_("delivery not confirmed"),
    OutboxState.FAILED: N_("not delivered"),
    OutboxState.CANCELLED: N_("cancelled"),
}

ROLES = {
    Role.OPERATOR: N_("operator"),
    Role.SUPERVISOR: N_("supervisor"),
    Role.ADMIN: N_("administrator"),
}

_CHANNELS = {
    "telegram": "Telegram",
    "web": N_("Web chat"),
    "whatsapp": "WhatsApp",
    "viber": "Viber",
    "max": "MAX",
}


def customer_name(customer: Customer, t: Translations) -> str:
    """Return the customer's name, or a number by which nameless customers can be told apart."""
    return customer.name or t.gettext("Visitor {number}").format(number=customer.conversation_id)


def channel(name: str, t: Translations) -> str:
    """Return a channel's usual name. An unknown channel keeps its own name."""
    return t.gettext(_CHANNELS[name]) if name in _CHANNELS else name


def attachment(message: Message, t: Translations, language: str) -> str:
    """Return the kind of an attachment, with the name and size of its file if they are known."""
    parts = [t.gettext(KINDS[message.kind])]
    if message.file_name:
        parts.append(message.file_name)
    if message.file_size is not None:
        parts.append(file_size(message.file_size, t, language))
    return " · ".join(parts)


def file_size(n_bytes: int, t: Translations, language: str) -> str:
    """Return the size of a file in the unit that leaves one to three digits before the point."""
    units = (
        (1_000_000_000, t.gettext("{size} GB")),
        (1_000_000, t.gettext("{size} MB")),
        (1000, t.gettext("{size} kB")),
    )
    for unit, text in units:
        if n_bytes >= unit:
            size = format_decimal(n_bytes / unit, "0.#" if n_bytes < 10 * unit else "0", locale=language)
            return text.format(size=size)
    return t.gettext("{size} bytes").format(size=n_bytes)


def badge(reason: str | None, t: Translations) -> str | None:
    """Return the badge of a turn, which says why the bot did not answer.

    None if every turn would have it: until a topic is on autopilot, all its turns go to operators.
    """
    return None if reason == HandoffReason.TOPIC_NOT_READY else handoff(reason, t)


def handoff(reason: str | None, t: Translations) -> str | None:
    """Return the reason why an operator answers and not the bot."""
    return t.gettext(REASONS[HandoffReason(reason)]) if reason in list(HandoffReason) else reason


TopicLabel = Callable[[str], str]  # from a topic's id to its title on the page


def topic(topic_id: str, titles: TopicTitles, t: Translations, language: str) -> str:
    """Return the title of a topic, a group of topics or a dialogue, or its id if it has no title."""
    label = titles.label(topic_id, language)
    return t.gettext("Dialogue: {name}").format(name=label) if topic_id.startswith(TOPICS) else label


def question(suggestion: OfferedSuggestion, topic_label: TopicLabel) -> str:
    """Return the question that a suggestion answers, or the dialogue that it comes from."""
    return topic_label(suggestion.topic) if is_dialogue(suggestion.article_id) else suggestion.question


def article(article_id: str, question: str | None, topic_label: TopicLabel) -> str:
    """Return an article's question if it has one, or the title of a dialogue."""
    if is_dialogue(article_id):
        return topic_label(TOPICS + dialogue_name(article_id))
    return question or article_id


def confidence(probability: float, t: Translations) -> str:
    """Return a probability of being right as a percentage and a word."""
    if probability >= 0.85:
        word = t.gettext("high confidence")
    elif probability >= 0.6:
        word = t.gettext("medium confidence")
    elif probability >= 0.3:
        word = t.gettext("low confidence")
    else:
        word = t.gettext("very low confidence")
    return f"{percent(probability)} · {word}"


def percent(probability: float) -> str:
    """Return a percentage that is never a full 100, as nothing here is certain."""
    return f"{min(99, round(100 * probability))} %"


def duration(seconds: float, t: Translations) -> str:
    """Return a short duration, rounded down, such as `5 min`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return t.gettext("{count} s").format(count=whole)
    if whole < 3600:
        return t.gettext("{count} min").format(count=whole // 60)
    if whole < 86_400:
        return t.gettext("{count} h").format(count=whole // 3600)
    return t.gettext("{count} d").format(count=whole // 86_400)


def seconds_left(until: datetime, now: datetime) -> int:
    return max(0, ceil((until - now).total_seconds()))


def moment(when: datetime, now: datetime, zone: tzinfo | None, language: str) -> str:
    """Return a time of day, with the date if it is not today."""
    here, today = when.astimezone(zone), now.astimezone(zone).date()
    if here.date() == today:
        return format_time(here, "HH:mm", locale=language)
    return format_datetime(
        here, "d MMM, HH:mm" if here.year == today.year else "d MMM y, HH:mm", locale=language
    )


def refusal(error: PrompterError, t: Translations, *, who: str | None = None) -> str:
    """Return the message for an operator whose decision was refused."""
    match error:
        case AlreadyDecided():
            if who:
                return t.gettext("{name} has already answered this customer.").format(name=who)
            return t.gettext("This customer has already been answered.")
        case CustomerWroteAgain():
            return t.gettext("The customer has written again.")
        case TooLateToUndo():
            return t.gettext("Too late: the reply has already been sent.")
        case UnfilledField():
            return t.gettext("Fill in {field} or remove it, then send.").format(field="{" + error.field + "}")
        case InvalidDecision():
            return t.gettext("Cannot send: the text is empty or too long, or the customer is still writing.")
        case NotFound():
            return t.gettext("No longer available: a colleague has already handled it.")
        case Forbidden():
            return t.gettext("Your account has no permission to do that.")
        case _:
            return t.gettext("Not done: {reason}").format(reason=error)


LEVELS = ("high", "middle", "low")


def level(probability: float) -> str:
    """Return the level of a confidence for its colour: `high`, `middle` or `low`."""
    return "high" if probability >= 0.85 else "middle" if probability >= 0.6 else "low"

"""Automatic messages to customers, in their language."""

from prompter.domain.triage import HandoffReason
from prompter.text.translations import N_, supported_language, translator

MAX_PART_LENGTH = 4000  # characters; messengers cut or refuse longer messages (Telegram: 4096)

_NOTICES = {
    HandoffReason.MEDIA: N_(
        "Thank you, we have received it. I can only read text, so an operator will take a look."
    ),
    HandoffReason.CUSTOMER_REQUEST: N_("I have passed your question to an operator. They will reply here."),
}


def notice(reason: HandoffReason | None, language: str) -> str | None:
    """Return the message for a customer whose turn goes to an operator for this reason, or None."""
    text = _NOTICES.get(reason) if reason else None
    return None if text is None else translator(supported_language(language, language)).gettext(text)


def split_into_parts(text: str, max_length: int = MAX_PART_LENGTH) -> list[str]:
    """Cut a reply into messages, at the end of a line or a word if possible.

    >>> split_into_parts("one two three", max_length=8)
    ['one two', 'three']
    """
    parts = []
    rest = text.strip()
    while len(rest) > max_length:
        window = rest[: max_length + 1]
        cut = max(window.rfind("\n"), window.rfind(" "))
        if cut <= 0:
            cut = max_length
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest else parts

"""What we tell customers ourselves, in their language."""

from prompter.domain.triage import HandoffReason

MAX_PART_LENGTH = 4000  # characters; messengers cut or refuse longer messages (Telegram: 4096)

_NOTICES = {
    HandoffReason.MEDIA: {
        "ru": "Спасибо, получили. Пока я понимаю только текст, поэтому передал сообщение оператору.",
        "en": "Thank you, we have got it. I can only read text yet, so I have passed it on to an operator.",
    },
    HandoffReason.CUSTOMER_REQUEST: {
        "ru": "Передал разговор оператору, он ответит здесь.",
        "en": "I have called an operator, they will answer here.",
    },
}


def notice(reason: HandoffReason | None, language: str) -> str | None:
    """What to tell a customer whose turn goes to an operator for this reason; None: nothing."""
    texts = _NOTICES.get(reason) if reason else None
    return None if texts is None else texts.get(language, texts["en"])


def split_into_parts(text: str, max_length: int = MAX_PART_LENGTH) -> list[str]:
    """Cut a reply into messages, at the end of a line or a word where there is one.

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

"""Show the marks of an answer as Telegram's entities."""

from collections.abc import Iterable

from telegram import MessageEntity

from kb_index.marks import Mark, MarkKind, spans

_TYPES = {
    MarkKind.BOLD: MessageEntity.BOLD,
    MarkKind.ITALIC: MessageEntity.ITALIC,
    MarkKind.CODE: MessageEntity.CODE,
    MarkKind.LINK: MessageEntity.TEXT_LINK,
}


def formatted(text: str, marks: Iterable[Mark]) -> tuple[str, list[MessageEntity]]:
    """Return the text and its entities, whose places are counted in UTF-16 units, as Telegram does.

    Text in the look of code has no other entity: Telegram does not allow that.
    """
    parts: list[str] = []
    entities: list[MessageEntity] = []
    offset = 0
    for span in spans(text, marks):
        length = len(span.text.encode("utf-16-le")) // 2
        looks = {MarkKind.CODE} if MarkKind.CODE in span.looks else span.looks
        for look in sorted(looks):
            url = span.address if look is MarkKind.LINK else None
            entities.append(MessageEntity(_TYPES[look], offset, length, url=url))
        parts.append(span.text)
        offset += length
    return "".join(parts), entities

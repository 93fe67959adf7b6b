"""Tell what customers write while their question waits: a nudge, a detail, or another question."""

import re
from collections.abc import Sequence
from enum import StrEnum

from kb_index.text import normalize
from prompter.domain.conversation import Message, wording_ids
from prompter.text.cleaning import is_small_talk

_INTERROGATIVES = frozenset(
    """
    как где куда откуда когда почему зачем отчего сколько скольки чем что кто кому кого чей чья какой какая
    какое какие каким какую какого каких который которая можно нельзя нужно надо ли есть будет бывает правда
    подскажите скажите объясните расскажите поясните помогите хочу хотел хотела хотелось интересует вопрос
    як де куди коли чому скільки чи можна треба який яка яке які підкажіть скажіть допоможіть хочу
    how what when where why who which whose can could do does did is are was will would should may shall
    tell explain help want need question
    """.split()
)


class Addition(StrEnum):
    """The kind of what a customer adds to a question that nobody has answered."""

    NUDGE = "nudge"  # asks nothing: "hello?", "are you there", thanks, a sticker
    DETAIL = "detail"  # tells more about the question
    QUESTION = "question"  # asks something else, which needs an answer of its own


def addition_of(messages: Sequence[Message], *, earlier: Sequence[Message]) -> Addition:
    """Return what the messages add to a waiting turn with the messages `earlier`.

    A new wording of an earlier message belongs to that message's question. The same words once more are
    no new question.
    """
    ids = wording_ids(earlier)
    if all(message.replaces in ids for message in messages):
        return Addition.DETAIL
    text = "\n".join(message.text for message in messages)
    if any(not message.kind.is_mute for message in messages):
        return Addition.QUESTION if _asks(text) else Addition.DETAIL
    said = {normalize(message.text) for message in earlier}
    if is_small_talk(text) or all(normalize(message.text) in said for message in messages):
        return Addition.NUDGE
    return Addition.QUESTION if _asks(text) else Addition.DETAIL


def _asks(text: str) -> bool:
    """Return whether a text asks something, by its words or a question mark after words.

    >>> _asks("и ещё можно ли продлить"), _asks("заказ 40018237, оплачен вчера")
    (True, False)
    """
    return bool(re.search(r"\w\W*\?", text)) or not _INTERROGATIVES.isdisjoint(normalize(text).split())

"""The dialogue engine's interface, and rules that combine its reply with the triage. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from nlu.text import detect_language
from prompter.domain.dialogue import IDS, TOPICS, MessageCursor
from prompter.domain.triage import HandoffReason, Route, Suggestion, Triage

_MAX_SUGGESTIONS = 9  # there is a key for each
_CALLED_FOR_A_PERSON = (HandoffReason.CUSTOMER_REQUEST, HandoffReason.COMPLAINT)
_NOTHING_TO_SAY = (HandoffReason.LOW_CONFIDENCE, HandoffReason.NO_ARTICLE, HandoffReason.OUT_OF_SCOPE)


class DialogueUnavailable(Exception):
    """The engine gives no usable answer. The message says why.

    `is_down` means that it will not answer other turns either.
    """

    def __init__(self, why: str, *, is_down: bool = True) -> None:
        super().__init__(why)
        self.is_down = is_down


@dataclass(frozen=True, kw_only=True)
class Question:
    """A turn as it is sent to the engine. `sender` is the engine's name for the conversation."""

    sender: str
    cursor: MessageCursor
    seal: str = field(repr=False)  # proves to our own actions that we have asked
    triage: Triage = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class EngineReply:
    """The engine's reply. With `uses_triage`, the suggestion from our own triage precedes it.

    `confidence` is the engine's own, that it understands the customer. Readiness tests how reliable it is.
    """

    name: str  # of the dialogue: its form, or the customer's intent
    texts: tuple[str, ...] = field(default=(), repr=False)
    confidence: float
    model: str  # readiness is tested for it
    form: str | None = None  # waits for the customer's next words
    uses_triage: bool = False
    handoff: HandoffReason | None = None


class DialogueEngine(Protocol):
    """A program that holds dialogues. Every method may raise `DialogueUnavailable`."""

    def ask(self, question: Question, *, after: int | None = None) -> EngineReply:
        """Send the customer's words to the engine and return its reply.

        Replies to messages beyond the message `after` were never used, so the engine is rewound to it.
        If it is None, there is nothing to rewind. A repeated question gets the same reply, even after a
        restart of both.
        """

    def pause(self, sender: str, *, paused: bool) -> None:
        """Pause or resume a conversation."""

    def model(self) -> str:
        """Return the id of the model that answers now."""


def with_reply(triage: Triage, reply: EngineReply, *, language: str) -> Triage:
    """Make the engine's reply the top suggestion, unless the customer asks for a person.

    If a form is interrupted by an article's answer and then asks again, the reply belongs to two
    topics. A verdict on it could not be assigned to either, so an operator sends it.
    """
    if reply.handoff is not None:
        triage = replace(triage, route=Route.HANDOFF, handoff_reason=reply.handoff)
    if not reply.texts:
        return triage
    knows = triage.route is not Route.HANDOFF and bool(triage.suggestions)
    if reply.uses_triage and reply.form is None:  # a remark after the article's answer
        return _with_more(triage, reply.texts) if knows else triage
    if reply.uses_triage and _asks_for_person(triage):
        return triage
    answers = reply.uses_triage and knows
    texts = [triage.suggestions[0].answer, *reply.texts] if answers else reply.texts
    answer = "\n\n".join(texts)
    reply_suggestion = Suggestion(
        article_id=IDS + reply.name,
        question=reply.name,
        answer=answer,
        topic=TOPICS + reply.name,
        language=detect_language(answer) or language,
        similarity=0.0,
        confidence=min(reply.confidence, triage.suggestions[0].confidence) if answers else reply.confidence,
    )
    triage = replace(triage, suggestions=(reply_suggestion, *triage.suggestions)[:_MAX_SUGGESTIONS])
    if _asks_for_person(triage) or reply.handoff is not None:
        return triage
    reason = HandoffReason.POLICY if answers else HandoffReason.TOPIC_NOT_READY
    return replace(triage, route=Route.SUGGEST, handoff_reason=reason)


def _with_more(triage: Triage, texts: Sequence[str]) -> Triage:
    first, *rest = triage.suggestions
    return replace(triage, suggestions=(replace(first, answer="\n\n".join([first.answer, *texts])), *rest))


def _asks_for_person(triage: Triage) -> bool:
    return triage.handoff_reason in _CALLED_FOR_A_PERSON


def without_engine(triage: Triage, *, in_form: bool) -> Triage:
    """Return the triage from articles alone, while the engine is silent.

    Turns that the engine might have answered go to an operator.
    """
    nothing_to_say = triage.route is Route.HANDOFF and triage.handoff_reason in _NOTHING_TO_SAY
    if _asks_for_person(triage) or not (in_form or nothing_to_say):
        return triage
    return replace(triage, handoff_reason=HandoffReason.ENGINE_DOWN)

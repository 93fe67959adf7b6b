"""What a dialogue engine says to a turn, and what that makes of its triage. Values and rules only."""

from dataclasses import dataclass, field, replace
from typing import Protocol

from nlu.text import detect_language
from prompter.triage import HandoffReason, Route, Suggestion, Triage

TOPICS = "dialogue/"  # each dialogue is a topic of its own
IDS = "dialogue|"  # no article's id holds a "|"
_MOST_SUGGESTIONS = 9  # there is a key for each
_CALLED_FOR_A_PERSON = (HandoffReason.CUSTOMER_REQUEST, HandoffReason.COMPLAINT)
_NOTHING_TO_SAY = (HandoffReason.LOW_CONFIDENCE, HandoffReason.NO_ARTICLE, HandoffReason.OUT_OF_SCOPE)


class DialogueSilent(Exception):
    """The engine gives no answer that can be used; the message says why.

    `is_down`: it will not give one to others, either.
    """

    def __init__(self, why: str, *, is_down: bool = True) -> None:
        super().__init__(why)
        self.is_down = is_down


@dataclass(frozen=True, kw_only=True)
class Heard:
    """Which messages the engine has been told: a turn up to one of its messages."""

    turn_id: int
    message_id: int


@dataclass(frozen=True, kw_only=True)
class Question:
    """A turn as the engine is told of it; `sender` is its name for the conversation."""

    sender: str
    heard: Heard
    seal: str = field(repr=False)  # shows our own actions that we have asked
    triage: Triage = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class EngineReply:
    """What the engine says. `uses_triage`: first comes what we have concluded ourselves.

    `confidence` is the engine's own, in what the customer means; readiness shows what it is worth.
    """

    name: str  # of the dialogue: its form, or what the customer means
    texts: tuple[str, ...] = field(default=(), repr=False)
    confidence: float
    model: str  # readiness is tested for it
    form: str | None = None  # waits for the customer's next words
    uses_triage: bool = False
    handoff: HandoffReason | None = None


class DialogueEngine(Protocol):
    """Where dialogues run. Every method may raise `DialogueSilent`."""

    def ask(self, question: Question, *, unused: Heard | None = None) -> EngineReply:
        """Tell the engine what the customer has said. It takes back `unused`, whose reply nobody got.

        The same question again gets the same reply, even after a restart of both.
        """

    def pause(self, sender: str, *, paused: bool) -> None:
        """Let a conversation stand still, or go on."""

    def model(self) -> str:
        """Which model answers now."""


def is_dialogue(article_id: str) -> bool:
    """Whether a suggestion comes from a dialogue and from no article."""
    return article_id.startswith(IDS)


def dialogue_name(article_id: str) -> str:
    return article_id.removeprefix(IDS)


def with_reply(triage: Triage, reply: EngineReply, *, language: str) -> Triage:
    """What the engine says becomes the first suggestion; who asks for a person still gets one."""
    if reply.handoff is not None:
        triage = replace(triage, route=Route.HANDOFF, handoff_reason=reply.handoff)
    answers = says_both(triage, reply)
    if not reply.texts or (reply.uses_triage and not answers and (reply.form is None or _calls(triage))):
        return triage
    texts, confidence = list(reply.texts), reply.confidence
    if answers:
        texts.insert(0, triage.suggestions[0].answer)
        confidence = min(confidence, triage.suggestions[0].confidence)
    answer = "\n\n".join(texts)
    said = Suggestion(
        article_id=IDS + reply.name,
        question=reply.name,
        answer=answer,
        topic=TOPICS + reply.name,
        language=detect_language(answer) or language,
        similarity=0.0,
        confidence=confidence,
    )
    suggestions = (said, *triage.suggestions)[:_MOST_SUGGESTIONS]
    if _calls(triage) or reply.handoff is not None or answers:
        return replace(triage, suggestions=suggestions)
    return replace(
        triage,
        suggestions=suggestions,
        route=Route.SUGGEST,
        handoff_reason=HandoffReason.TOPIC_NOT_READY,
    )


def says_both(triage: Triage, reply: EngineReply) -> bool:
    """Whether an article answers a question in the middle of a form, which then asks its own again.

    If there is nothing to say to it, the form just asks again.
    """
    knows = triage.route is not Route.HANDOFF and bool(triage.suggestions)
    return reply.uses_triage and bool(reply.texts) and knows


def _calls(triage: Triage) -> bool:
    return triage.handoff_reason in _CALLED_FOR_A_PERSON


def without_engine(triage: Triage, *, in_form: bool) -> Triage:
    """What articles say, where the engine is silent: what it might have known goes to an operator."""
    nothing_to_say = triage.route is Route.HANDOFF and triage.handoff_reason in _NOTHING_TO_SAY
    if _calls(triage) or not (in_form or nothing_to_say):
        return triage
    return replace(triage, handoff_reason=HandoffReason.ENGINE_DOWN)

"""Turns whose customer has fallen silent are triaged and offered to the operators."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from kb_index.templates import fill
from prompter.clock import Clock, utc_now
from prompter.faults import describe
from prompter.messages import notice
from prompter.storage import Store
from prompter.templates import template_values
from prompter.triage import HandoffReason, Route, Suggestion, Triage
from prompter.values import Author, Customer, Message, MessageKind, OfferedSuggestion, Turn

log = structlog.get_logger(__name__)


class TurnAssistant(Protocol):
    """What triaging needs of an assistant."""

    def triage(self, text: str) -> Triage: ...


class Triager:
    """Asks the assistant about closed turns, outside any transaction, and stores what it says."""

    def __init__(
        self,
        store: Store,
        assistant: TurnAssistant,
        *,
        language: str = "ru",
        template_values: Mapping[str, str] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._assistant = assistant
        self._language = language
        self._template_values = dict(template_values or {})
        self._clock = clock

    def run_once(self) -> int:
        """Triage every turn that is due; returns how many were."""
        with self._store.read() as tx:
            due = tx.conversations.due_turns(self._clock())
        return sum(self._survived(turn) for turn in due)

    def _survived(self, turn: Turn) -> bool:
        """Triage one turn; one that cannot be stored must not hold up the others."""
        try:
            return self._triage(turn)
        except Exception as error:
            log.error("turn_not_triaged", turn_id=turn.id, error=describe(error))
            return False

    def _triage(self, turn: Turn) -> bool:
        with self._store.read() as tx:
            messages = tx.conversations.turn_messages(turn.id)
            customer = tx.conversations.customer(turn.conversation_id)
        if customer is None:
            return False
        triage = self._conclude(messages)
        offered = [
            self._offer(turn, rank, suggestion, customer)
            for rank, suggestion in enumerate(triage.suggestions, start=1)
        ]
        text = notice(triage.handoff_reason, self._language_of(customer, triage))
        now = self._clock()
        with self._store.write() as tx:
            if not tx.conversations.record_triage(turn, triage, offered, now):
                return False  # the customer wrote on, or another worker was faster
            if text is not None:
                tx.outbox.add(
                    conversation_id=turn.conversation_id,
                    turn_id=turn.id,
                    parts=[text],
                    author=Author.BOT,
                    not_before=now,
                    now=now,
                )
        return True

    def _conclude(self, messages: Sequence[Message]) -> Triage:
        utterance = read_turn(messages)
        if not utterance and any(message.kind is not MessageKind.TEXT for message in messages):
            return _handoff(utterance, HandoffReason.MEDIA)
        try:
            return self._assistant.triage(utterance)
        except Exception as error:
            # Operators can still answer: a turn must never be lost because a model failed.
            log.error("triage_failed", error=describe(error))
            return _handoff(utterance, HandoffReason.ENGINE_DOWN)

    def _offer(self, turn: Turn, rank: int, suggestion: Suggestion, customer: Customer) -> OfferedSuggestion:
        return OfferedSuggestion(
            turn_id=turn.id,
            rank=rank,
            article_id=suggestion.article_id,
            question=suggestion.question,
            text=fill(suggestion.answer, template_values(customer, self._template_values)),
            topic=suggestion.topic,
            language=suggestion.language,
            similarity=suggestion.similarity,
            confidence=suggestion.confidence,
        )

    def _language_of(self, customer: Customer, triage: Triage) -> str:
        if triage.suggestions:
            return triage.suggestions[0].language
        return (customer.language or self._language)[:2]


def read_turn(messages: Sequence[Message]) -> str:
    """The turn's text as the models see it: its messages in order, edits in place of what they replace."""
    texts: dict[str, str] = {}
    for message in messages:
        texts[message.replaces if message.replaces in texts else message.external_id] = message.text
    return "\n".join(text for text in texts.values() if text.strip())


def _handoff(utterance: str, reason: HandoffReason) -> Triage:
    return Triage(
        utterance=utterance,
        intent=None,
        intent_confidence=0.0,
        suggestions=(),
        route=Route.HANDOFF,
        handoff_reason=reason,
        model_version="",
    )

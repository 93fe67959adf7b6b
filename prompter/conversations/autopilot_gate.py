"""Decide whether the bot may answer a turn alone, in the transaction that queues the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from prompter.dialogue.session import DialogueTurn
from prompter.domain.conversation import Customer, OfferedSuggestion, Turn
from prompter.domain.triage import HandoffReason, Triage
from prompter.readiness.live_topics import LiveTopic
from prompter.readiness.service import Readiness
from prompter.storage import Transaction
from prompter.suggestions.routing import AutopilotContext, answer_alone
from prompter.text.template_fields import unfilled_fields


@dataclass(frozen=True, kw_only=True)
class Autopilot:
    """Rules of automated replies: the signature by language, and when the bot stays silent.

    The bot is silent for `operator_hold` after an operator has written, and after
    `max_consecutive_answers` answers, or `max_dialogue_answers` in a dialogue.
    """

    signatures: Mapping[str, str]
    operator_hold: timedelta
    max_consecutive_answers: int
    max_dialogue_answers: int

    def signature(self, language: str) -> str:
        return self.signatures.get(language, self.signatures.get("en", ""))


@dataclass(frozen=True, kw_only=True)
class TurnAnswers:
    """A turn, and the answers proposed for it."""

    turn: Turn
    dialogue_turn: DialogueTurn
    offered: Sequence[OfferedSuggestion]
    customer: Customer


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """The triage after the final decision on who answers.

    `live` tells how the top suggestion's topic answers alone, whether or not it does now. None if it
    does not.
    """

    triage: Triage
    live: LiveTopic | None = None


class AutopilotGate(Protocol):
    """Decides which answers may go out without an operator."""

    def rule(self, tx: Transaction, proposed: TurnAnswers, now: datetime, /) -> Ruling:
        """Decide who answers."""

    def begin_test(self, tx: Transaction, proposed: TurnAnswers, /) -> None:
        """Begin to test a topic that occurs for the first time, such as a dialogue."""

    def signature(self, language: str, /) -> str:
        """Return the last lines of an answer, which tell customers who has written it."""


class ReadinessGate:
    """Lets through the answers that readiness has proved and that no rule holds back at this moment."""

    def __init__(self, readiness: Readiness, rules: Autopilot) -> None:
        self._readiness = readiness
        self._rules = rules

    def rule(self, tx: Transaction, proposed: TurnAnswers, now: datetime, /) -> Ruling:
        live = self._find_live(tx, proposed)
        turn, dialogue_turn, rules = proposed.turn, proposed.dialogue_turn, self._rules
        if dialogue_turn.triage.handoff_reason is not HandoffReason.TOPIC_NOT_READY:
            return Ruling(triage=dialogue_turn.triage, live=live)
        first = proposed.offered[0]
        context = AutopilotContext(
            operator_active=self._is_operator_active(tx, turn, now, in_dialogue=dialogue_turn.is_in_dialogue),
            answers_in_a_row=tx.conversations.answers_in_a_row(turn.conversation_id),
            article_changed=live is not None
            and not dialogue_turn.is_in_dialogue
            and self._readiness.is_changed(tx, first.article_id, first.topic, live.since),
            is_complete=not unfilled_fields(first.text, proposed.customer),
        )
        triage = answer_alone(
            dialogue_turn.triage,
            threshold=live.threshold if live else None,
            context=context,
            max_consecutive_answers=rules.max_dialogue_answers
            if dialogue_turn.is_in_dialogue
            else rules.max_consecutive_answers,
        )
        return Ruling(triage=triage, live=live)

    def _find_live(self, tx: Transaction, proposed: TurnAnswers) -> LiveTopic | None:
        dialogue_turn = proposed.dialogue_turn
        if not proposed.offered:
            return None
        model = dialogue_turn.reply.model if dialogue_turn.reply and dialogue_turn.is_in_dialogue else None
        return self._readiness.find_live(tx, proposed.offered[0].topic, dialogue_model=model)

    def _is_operator_active(self, tx: Transaction, turn: Turn, now: datetime, *, in_dialogue: bool) -> bool:
        """Return whether an operator is active in the conversation.

        Accepting a dialogue's own suggestion does not count: each of its turns is judged separately.
        """
        since = now - self._rules.operator_hold
        if tx.conversations.waits_elsewhere(turn.conversation_id, but=turn.id):
            return True
        if in_dialogue:
            return tx.conversations.has_operator_answered(turn.conversation_id, since=since, now=now)
        return tx.conversations.has_operator_written(turn.conversation_id, since=since, now=now)

    def begin_test(self, tx: Transaction, proposed: TurnAnswers, /) -> None:
        turn, dialogue_turn = proposed.turn, proposed.dialogue_turn
        if dialogue_turn.reply is not None and dialogue_turn.is_in_dialogue:
            tx.readiness.begin(
                proposed.offered[0].topic, model=dialogue_turn.reply.model, now=turn.received_at
            )

    def signature(self, language: str, /) -> str:
        return self._rules.signature(language)


class NothingLive:
    """No topic answers alone, and none is tested. Operators answer everything."""

    def rule(self, _tx: Transaction, proposed: TurnAnswers, _now: datetime, /) -> Ruling:
        return Ruling(triage=proposed.dialogue_turn.triage)

    def begin_test(self, tx: Transaction, proposed: TurnAnswers, /) -> None:
        """Test nothing."""

    def signature(self, _language: str, /) -> str:
        return ""

"""Turns whose customer has fallen silent are triaged and offered to the operators."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from kb_index.templates import fields, fill
from prompter.common.clock import Clock, utc_now
from prompter.common.safe_errors import describe_without_content
from prompter.conversations.lanes import Lane
from prompter.dialogue.session import DialogueSessions, DialogueTurn
from prompter.domain.conversation import Author, Customer, Message, MessageKind, OfferedSuggestion, Turn
from prompter.domain.dialogue import MessageCursor, is_dialogue
from prompter.domain.evidence import Draw, ReviewKind, Signal
from prompter.domain.triage import HandoffReason, Route, Suggestion, Triage
from prompter.readiness.customer_feedback import SOON, note
from prompter.readiness.sampling import SamplingPolicy
from prompter.readiness.second_reviews import request_review
from prompter.readiness.service import LiveTopic, Readiness
from prompter.storage import Store, Transaction
from prompter.suggestions.routing import AutopilotContext, answer_alone
from prompter.text.notices import notice, split_into_parts
from prompter.text.template_fields import template_values

_AT_ONCE = 4  # turns that are taken to the dialogue engine
_MAX_TURNS_PER_LOOK = 8  # so that whoever comes first in line by then waits for a few turns only
_MAX_TURNS_PER_RUN = 100
_MAX_FAILURES = 4  # of one turn's triage, before it goes to the operators as it is
_MAX_PAUSE = timedelta(minutes=1)  # between two tries

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Autopilot:
    """How the bot answers alone: what it adds to its answers by language, and when it leaves the field.

    It is silent for `operator_hold` after an operator has written, and after `max_consecutive_answers`
    answers; in a dialogue after `max_dialogue_answers`.
    """

    signatures: Mapping[str, str] = field(default_factory=dict)
    operator_hold: timedelta = timedelta(minutes=30)
    max_consecutive_answers: int = 3
    max_dialogue_answers: int = 10

    def signature(self, language: str) -> str:
        return self.signatures.get(language, self.signatures.get("en", ""))


class TurnAssistant(Protocol):
    """What triaging needs of an assistant."""

    def triage(self, text: str) -> Triage: ...


class Triager:
    """Asks the assistant about closed turns, outside any transaction, and stores what it says.

    Without `sampling`, no turn is ever drawn to judge the bot by; without `dialogue_sessions`, there are no
    dialogues.
    """

    def __init__(
        self,
        store: Store,
        assistant: TurnAssistant,
        *,
        language: str = "ru",
        template_values: Mapping[str, str] | None = None,
        sampling: SamplingPolicy | None = None,
        readiness: Readiness | None = None,
        autopilot: Autopilot = Autopilot(),
        dialogue_sessions: DialogueSessions | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._assistant = assistant
        self._sampling = sampling
        self._readiness = readiness
        self._autopilot = autopilot
        self._dialogue_sessions = dialogue_sessions
        self._language = language
        self._template_values = dict(template_values or {})
        self._clock = clock
        self._changes: tuple[str, frozenset[str]] | None = None  # of the last version that triaged

    def run_once(self) -> int:
        """Triage the turns that are due, a hundred at most; returns how many were.

        A few at a time, in the order of the line: the line is looked at again after them.

        Raises:
            Exception: of some turn neither the triage nor its failure could be stored.
        """
        tried: set[int] = set()
        unstored: list[Exception] = []
        n_triaged = 0
        while len(tried) < _MAX_TURNS_PER_RUN:
            with self._store.read() as tx:
                due = tx.conversations.due_turns(self._clock(), limit=_MAX_TURNS_PER_LOOK, but=tried)
            tried.update(turn.id for turn in due)
            n_triaged += self._triage_side_by_side(due, unstored)
            if len(due) < _MAX_TURNS_PER_LOOK:
                break
        if unstored:
            raise unstored[0]
        return n_triaged

    def _triage_side_by_side(self, due: Sequence[Turn], unstored: list[Exception]) -> int:
        survived = partial(self._triage_safely, unstored=unstored)
        if self._dialogue_sessions is None or len(due) < 2:
            return sum(map(survived, due))
        with ThreadPoolExecutor(_AT_ONCE) as pool:  # one slow dialogue must not hold up the others
            return sum(pool.map(survived, due))

    def _triage_safely(self, turn: Turn, *, unstored: list[Exception]) -> bool:
        """Triage one turn; one that cannot be stored must not hold up the others."""
        try:
            return self._triage(turn)
        except Exception as error:
            log.error("turn_not_triaged", turn_id=turn.id, error=describe_without_content(error))
        try:
            return self._put_back(turn)
        except Exception as error:
            log.error("turn_not_put_back", turn_id=turn.id, error=describe_without_content(error))
            unstored.append(error)
            return False

    def _put_back(self, turn: Turn) -> bool:
        """Let a turn that failed try again later, behind others; True if the operators have it instead."""
        with self._store.write() as tx:
            pause = min(timedelta(seconds=2 ** min(tx.conversations.failures(turn.id), 10)), _MAX_PAUSE)
            until = self._clock() + pause
            failures = tx.conversations.put_back(turn.id, until, lane=Lane.FAILED, share=Lane.FAILED.share)
            cursor = MessageCursor(turn_id=turn.id, message_id=turn.last_message_id)
            tx.dialogues.release(turn.conversation_id, cursor)
        if failures is None or failures < _MAX_FAILURES:
            return False
        with self._store.write() as tx:
            utterance = read_turn(tx.conversations.turn_messages(turn.id))
            triage = _handoff(utterance, HandoffReason.ENGINE_DOWN)
            is_stored = tx.conversations.record_triage(turn, triage, (), self._clock())
        if is_stored:
            log.error("turn_handed_over", turn_id=turn.id, failures=failures)
        return is_stored

    def _triage(self, turn: Turn) -> bool:
        with self._store.read() as tx:
            messages = tx.conversations.turn_messages(turn.id)
            customer = tx.conversations.customer(turn.conversation_id)
        if customer is None:
            return False
        triage = self._suggest(messages)
        dialogue_turn = self._consult_dialogue(turn, triage, customer)
        if dialogue_turn is None:
            return False  # another worker has taken it to the dialogue engine
        triage = dialogue_turn.triage
        offered = [
            self._offer(turn, rank, suggestion, customer)
            for rank, suggestion in enumerate(triage.suggestions, start=1)
        ]
        language = self._language_of(customer, triage)
        now = self._clock()
        with self._store.write() as tx:
            # Here, and not before: what a supervisor has just stopped must not go out.
            live = self._live(tx, offered, dialogue_turn)
            triage = self._apply_autopilot_rules(tx, turn, dialogue_turn, offered, live, now)
            draw = self._draw(tx, triage, live)
            is_stored = tx.conversations.record_triage(turn, triage, offered, now, draw=draw)
            DialogueSessions.settle(tx, turn, dialogue_turn, is_stored=is_stored)
            if not is_stored:
                return False  # the customer wrote on, or another worker was faster
            self._begin_test(tx, turn, offered, dialogue_turn)
            self._note_repetition(tx, turn, offered, now)
            if triage.route is Route.AUTOPILOT:
                self._answer(tx, turn, offered, draw, language, now)
            elif (text := notice(triage.handoff_reason, language)) is not None:
                tx.outbox.add(
                    conversation_id=turn.conversation_id,
                    turn_id=turn.id,
                    parts=[text],
                    author=Author.BOT,
                    not_before=now,
                    now=now,
                )
        return True

    def _consult_dialogue(self, turn: Turn, triage: Triage, customer: Customer) -> DialogueTurn | None:
        if self._dialogue_sessions is None:
            return DialogueTurn(triage=triage)
        return self._dialogue_sessions.consult(turn, triage, language=self._language_of(customer, triage))

    def _live(
        self, tx: Transaction, offered: Sequence[OfferedSuggestion], dialogue_turn: DialogueTurn
    ) -> LiveTopic | None:
        if self._readiness is None or not offered:
            return None
        model = dialogue_turn.reply.model if dialogue_turn.reply and dialogue_turn.in_dialogue else None
        return self._readiness.live(tx, offered[0].topic, dialogue_model=model)

    def _apply_autopilot_rules(
        self,
        tx: Transaction,
        turn: Turn,
        dialogue_turn: DialogueTurn,
        offered: Sequence[OfferedSuggestion],
        live: LiveTopic | None,
        now: datetime,
    ) -> Triage:
        triage = dialogue_turn.triage
        if self._readiness is None or triage.handoff_reason is not HandoffReason.TOPIC_NOT_READY:
            return triage
        rules, first = self._autopilot, offered[0]
        context = AutopilotContext(
            operator_active=self._is_operator_active(tx, turn, now, in_dialogue=dialogue_turn.in_dialogue),
            answers_in_a_row=tx.conversations.answers_in_a_row(turn.conversation_id),
            article_changed=live is not None
            and not dialogue_turn.in_dialogue
            and self._readiness.is_changed(tx, first.article_id, first.topic, live.since),
            is_complete=not fields(first.text),
        )
        return answer_alone(
            triage,
            threshold=live.threshold if live else None,
            context=context,
            max_consecutive_answers=rules.max_dialogue_answers
            if dialogue_turn.in_dialogue
            else rules.max_consecutive_answers,
        )

    def _is_operator_active(self, tx: Transaction, turn: Turn, now: datetime, *, in_dialogue: bool) -> bool:
        """In a dialogue whoever sends what it says leaves it alone: it is judged turn by turn."""
        since = now - self._autopilot.operator_hold
        if tx.conversations.waits_elsewhere(turn.conversation_id, but=turn.id):
            return True
        if in_dialogue:
            return tx.conversations.operator_answered(turn.conversation_id, since=since, now=now)
        return tx.conversations.operator_wrote(turn.conversation_id, since=since, now=now)

    def _begin_test(
        self, tx: Transaction, turn: Turn, offered: Sequence[OfferedSuggestion], dialogue_turn: DialogueTurn
    ) -> None:
        """The first time that a dialogue speaks, its readiness begins to be tested."""
        if self._readiness is not None and dialogue_turn.reply is not None and dialogue_turn.in_dialogue:
            tx.readiness.begin(offered[0].topic, model=dialogue_turn.reply.model, now=turn.received_at)

    def _note_repetition(
        self, tx: Transaction, turn: Turn, offered: Sequence[OfferedSuggestion], now: datetime
    ) -> None:
        """A customer who asks the same again was not helped by the bot's answer."""
        if self._sampling is None or not offered or is_dialogue(offered[0].article_id):
            return
        before = tx.conversations.last_answered_alone(turn, since=now - SOON)
        if before is None:
            return
        answered_with = tx.conversations.suggestions(before.id)[0].article_id
        if offered[0].article_id == answered_with:
            note(tx, before, Signal.ASKED_AGAIN, self._sampling, now)

    def _draw(self, tx: Transaction, triage: Triage, live: LiveTopic | None) -> Draw | None:
        if self._sampling is None:
            return None
        if live is None:
            return self._sampling.draw(triage)
        is_new = triage.suggestions[0].article_id in self._newly_answered(tx, triage.model_version)
        return self._sampling.draw(triage, live=True, audits=live.audits, alarmed=live.alarmed or is_new)

    def _newly_answered(self, tx: Transaction, model_version: str) -> frozenset[str]:
        """Articles of which more is audited: this version answers with them what the last one did not."""
        version, _, _ = model_version.partition(".")
        if self._changes is None or self._changes[0] != version:
            self._changes = version, tx.versions.newly_answered(version)
        return self._changes[1]

    def _answer(
        self,
        tx: Transaction,
        turn: Turn,
        offered: Sequence[OfferedSuggestion],
        draw: Draw | None,
        language: str,
        now: datetime,
    ) -> None:
        """Answer alone, say so, and offer a way to a person; some answers are audited."""
        text = "\n\n".join([offered[0].text, self._autopilot.signature(language)]).strip()
        tx.outbox.add(
            conversation_id=turn.conversation_id,
            turn_id=turn.id,
            parts=split_into_parts(text),
            author=Author.BOT,
            not_before=now,
            now=now,
            offers_operator=True,
        )
        if draw is not None and draw.is_sampled and self._sampling is not None:
            answered = tx.conversations.turn(turn.id)
            request_review(
                tx,
                answered or turn,
                offered,
                kind=ReviewKind.AUDIT,
                decision_id=None,
                sent=None,
                excluded_account_id=None,
                bot_position=self._sampling.place(),
                now=now,
            )

    def _suggest(self, messages: Sequence[Message]) -> Triage:
        utterance = read_turn(messages)
        if not utterance and any(message.kind is not MessageKind.TEXT for message in messages):
            return _handoff(utterance, HandoffReason.MEDIA)
        try:
            return self._assistant.triage(utterance)
        except Exception as error:
            # Operators can still answer: a turn must never be lost because a model failed.
            log.error("triage_failed", error=describe_without_content(error))
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

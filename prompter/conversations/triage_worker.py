"""Triage the turns whose customers have stopped writing, and offer them to the operators."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from kb_index.templates import fill
from prompter.common.clock import Clock, utc_now
from prompter.common.safe_errors import describe_without_content
from prompter.conversations.additions import Addition
from prompter.conversations.autopilot_gate import AutopilotGate, NothingLive, Ruling, TurnAnswers
from prompter.conversations.edited_questions import EditedQuestion, find_edited_question, read_turn
from prompter.conversations.lanes import Lane
from prompter.conversations.open_questions import OpenQuestion, find_open_question
from prompter.dialogue.session import DialogueTurn, NoDialogue
from prompter.domain.conversation import Author, Customer, Message, MessageKind, OfferedSuggestion, Turn
from prompter.domain.dialogue import MessageCursor, is_dialogue
from prompter.domain.evidence import Draw, ReviewKind, Signal
from prompter.domain.triage import HandoffReason, Route, Suggestion, Triage
from prompter.readiness.customer_feedback import SOON, note
from prompter.readiness.sampling import SamplingPolicy
from prompter.readiness.second_reviews import request_review
from prompter.storage import Store, Transaction
from prompter.text.message_parts import split_into_parts
from prompter.text.notices import notice
from prompter.text.template_fields import fill_marks, template_values

_MAX_TURNS_PER_LOOK = 8  # so that a turn that becomes first in line waits for a few turns only
_MAX_TURNS_PER_RUN = 100
_MAX_FAILURES = 4  # failed tries of one turn, before it goes to the operators as it is
_MAX_PAUSE = timedelta(minutes=1)  # between two tries
_LIKELY = 0.5  # confidence from which a question needs no context
_STRONGER_REASONS = (HandoffReason.CUSTOMER_REQUEST, HandoffReason.COMPLAINT, HandoffReason.ENGINE_DOWN)

log = structlog.get_logger(__name__)


class TurnAssistant(Protocol):
    """The part of an assistant that triage needs."""

    def triage(self, text: str) -> Triage: ...


class TurnDialogues(Protocol):
    """The part of dialogue sessions that triage needs.

    `max_concurrency` is the number of turns that may be taken to the engine in parallel.
    """

    @property
    def max_concurrency(self) -> int: ...

    def consult(self, turn: Turn, triage: Triage, /, *, language: str) -> DialogueTurn | None: ...

    def settle(
        self, tx: Transaction, turn: Turn, dialogue_turn: DialogueTurn, /, *, is_stored: bool
    ) -> None: ...


class Triager:
    """Asks the assistant about closed turns, outside any transaction, and stores the triage.

    Whether the bot answers alone is decided twice. The assistant routes the turn by its text alone,
    before any transaction, because models and engines are slow. `gate` has the last word inside the
    transaction that stores the turn and queues the answer, because by then a supervisor may have
    stopped the topic or an operator may have written: every answer was allowed at the moment it was
    queued.

    By default `sampling` draws no turn, `gate` lets nothing through, and there are no dialogues.
    """

    def __init__(
        self,
        store: Store,
        assistant: TurnAssistant,
        *,
        language: str,
        sampling: SamplingPolicy,
        template_values: Mapping[str, str] | None = None,
        gate: AutopilotGate = NothingLive(),  # noqa: B008 - it has no state
        dialogue_sessions: TurnDialogues = NoDialogue(),  # noqa: B008 - it has no state
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._assistant = assistant
        self._sampling = sampling
        self._gate = gate
        self._dialogue_sessions = dialogue_sessions
        self._language = language
        self._template_values = dict(template_values or {})
        self._clock = clock
        self._changes: tuple[str, frozenset[str]] | None = None  # of the last version that triaged

    def run_once(self) -> int:
        """Triage the due turns, at most a hundred, and return how many were triaged.

        Turns are taken a few at a time, in the order of the queue, which is read again after them.

        Raises:
            Exception: when neither the triage of some turn nor its failure could be stored.
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
        n_threads = min(self._dialogue_sessions.max_concurrency, len(due))
        if n_threads < 2:
            return sum(map(survived, due))
        with ThreadPoolExecutor(n_threads) as pool:  # a slow dialogue must not hold up the other turns
            return sum(pool.map(survived, due))

    def _triage_safely(self, turn: Turn, *, unstored: list[Exception]) -> bool:
        """Triage one turn. A turn that cannot be stored must not hold up the others."""
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
        """Put a failed turn back behind others, to be tried again later.

        Return True if it went to the operators instead.
        """
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
            waiting = find_open_question(tx, turn, messages)
            edited = find_edited_question(tx, turn, messages)
        if customer is None:
            return False
        if edited is not None:
            if not edited.is_changed or edited.is_answered_alike(self._suggest(edited.reworded)):
                return self._attach(turn, edited, messages)
            messages, waiting = [*edited.messages, *messages], None
        if waiting is not None:
            addition = waiting.addition_of(messages)
            if addition is Addition.NUDGE or (addition is Addition.DETAIL and not waiting.is_greeting):
                return self._join(turn, waiting, messages, customer, addition)
        triage = self._suggest(messages)
        dialogue_turn: DialogueTurn | None = DialogueTurn(triage=triage)
        if edited is None:
            dialogue_turn = self._dialogue_sessions.consult(
                turn, triage, language=self._language_of(customer, triage)
            )
        if dialogue_turn is None:
            return False  # another worker has taken it to the dialogue engine
        triage = dialogue_turn.triage
        if edited is not None:
            triage = _for_operator(triage, HandoffReason.EDITED)
        if not all(message.kind.is_mute for message in messages):
            triage = _for_operator(triage, HandoffReason.MEDIA)
        dialogue_turn = replace(dialogue_turn, triage=triage)
        offered = self._offer_all(turn, triage, customer)
        proposed = TurnAnswers(turn=turn, dialogue_turn=dialogue_turn, offered=offered, customer=customer)
        in_context = self._suggest_in_context(turn, triage, waiting, messages, customer)
        language = self._language_of(customer, triage)
        now = self._clock()
        with self._store.write() as tx:
            # Only here: a topic that a supervisor has just stopped must not answer.
            ruling = self._gate.rule(tx, proposed, now)
            triage = ruling.triage
            draw = self._draw(tx, ruling)
            is_stored = tx.conversations.record_triage(turn, triage, offered, now, draw=draw)
            self._dialogue_sessions.settle(tx, turn, dialogue_turn, is_stored=is_stored)
            if not is_stored:
                return False  # the customer wrote on, or another worker was faster
            self._gate.begin_test(tx, proposed)
            self._note_repetition(tx, turn, offered, now)
            if in_context:
                tx.conversations.replace_shown_suggestions(turn.id, in_context)
            if waiting is not None and waiting.is_greeting:
                tx.conversations.close_greeting(waiting.turn.id)
            if triage.route is Route.AUTOPILOT:
                self._answer(tx, turn, offered, draw, customer, language, now)
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

    def _attach(self, turn: Turn, edited: EditedQuestion, messages: Sequence[Message]) -> bool:
        """Show the new wording of an answered question, and triage the turn's other messages."""
        edits = [edit.id for edit in edited.edits]
        with self._store.write() as tx:
            if not tx.conversations.attach(turn, edits, to=edited.turn.id):
                return False
        return len(edits) == len(messages) or self._triage(turn)

    def _join(
        self,
        turn: Turn,
        waiting: OpenQuestion,
        messages: Sequence[Message],
        customer: Customer,
        addition: Addition,
    ) -> bool:
        """Add a turn's messages to the question that waits, with suggestions for all of it.

        Evidence stays with the suggestions of the first triage. Return False if one of the two has changed.
        """
        together = [*waiting.messages, *messages]
        full_text = read_turn(together)
        offered: list[OfferedSuggestion] | None = None
        if addition is Addition.DETAIL and full_text != waiting.turn.question:
            offered = self._offer_all(waiting.turn, self._suggest(together), customer)
        with self._store.write() as tx:
            if not tx.conversations.join(turn, to=waiting.turn.id, full_text=full_text):
                return False
            if offered:
                tx.conversations.replace_shown_suggestions(waiting.turn.id, offered)
        return True

    def _suggest_in_context(
        self,
        turn: Turn,
        triage: Triage,
        waiting: OpenQuestion | None,
        messages: Sequence[Message],
        customer: Customer,
    ) -> list[OfferedSuggestion]:
        """Return suggestions for a question read together with the one before it, if they are better.

        "And on Saturdays?" says little by itself. What answers the question before is no better.
        """
        confidence = triage.suggestions[0].confidence if triage.suggestions else 0.0
        if waiting is None or waiting.is_greeting or confidence >= _LIKELY:
            return []
        found = self._suggest([*waiting.messages, *messages])
        if not found.suggestions or found.suggestions[0].confidence <= confidence:
            return []
        if waiting.suggestions and found.suggestions[0].article_id == waiting.suggestions[0].article_id:
            return []
        return self._offer_all(turn, found, customer)

    def _note_repetition(
        self, tx: Transaction, turn: Turn, offered: Sequence[OfferedSuggestion], now: datetime
    ) -> None:
        """Record that a customer asks the same question again: the bot's answer did not help."""
        if not offered or is_dialogue(offered[0].article_id):
            return
        before = tx.conversations.last_automated_reply(turn, since=now - SOON)
        if before is None:
            return
        answered_with = tx.conversations.suggestions(before.id)[0].article_id
        if offered[0].article_id == answered_with:
            note(tx, before, Signal.ASKED_AGAIN, self._sampling, now)

    def _draw(self, tx: Transaction, ruling: Ruling) -> Draw | None:
        triage, live = ruling.triage, ruling.live
        if live is None:
            return self._sampling.draw(triage)
        is_new = triage.suggestions[0].article_id in self._find_new_answers(tx, triage.model_version)
        return self._sampling.draw(triage, live=True, audits=live.audits, alarmed=live.alarmed or is_new)

    def _find_new_answers(self, tx: Transaction, model_version: str) -> frozenset[str]:
        """Return the articles that answer in this version and not in the last: they are audited more."""
        version, _, _ = model_version.partition(".")
        if self._changes is None or self._changes[0] != version:
            self._changes = version, tx.versions.find_new_answers(version)
        return self._changes[1]

    def _answer(
        self,
        tx: Transaction,
        turn: Turn,
        offered: Sequence[OfferedSuggestion],
        draw: Draw | None,
        customer: Customer,
        language: str,
        now: datetime,
    ) -> None:
        """Send an automated reply with a signature and a button to an operator. Some replies are audited."""
        signature = self._gate.signature(language)
        text = f"{offered[0].text}\n\n{signature}"
        article = tx.articles.get_many([offered[0].article_id]).get(offered[0].article_id)
        values = template_values(customer, self._template_values)
        marks = fill_marks(article.marks, values) if article is not None else ()
        tx.outbox.add(
            conversation_id=turn.conversation_id,
            turn_id=turn.id,
            parts=split_into_parts(text, customer.channel, signature=signature),
            author=Author.BOT,
            not_before=now,
            now=now,
            offers_operator=True,
            marks=marks,
        )
        if draw is not None and draw.is_sampled:
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

    def _offer_all(self, turn: Turn, triage: Triage, customer: Customer) -> list[OfferedSuggestion]:
        return [
            self._offer(turn, rank, suggestion, customer)
            for rank, suggestion in enumerate(triage.suggestions, start=1)
        ]

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


def _for_operator(triage: Triage, reason: HandoffReason) -> Triage:
    """Keep the suggestions, and let an operator answer for this reason unless there is a stronger one."""
    if triage.handoff_reason in _STRONGER_REASONS:
        return triage
    route = Route.SUGGEST if triage.route is Route.AUTOPILOT else triage.route
    return replace(triage, route=route, handoff_reason=reason)


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

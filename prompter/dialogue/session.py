"""Takes turns to the dialogue engine, outside any transaction, and keeps it in step with operators."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from prompter.common.clock import Clock, is_over, utc_now
from prompter.common.safe_errors import describe_without_content
from prompter.dialogue.engine import (
    DialogueEngine,
    DialogueUnavailable,
    EngineReply,
    Question,
    with_reply,
    without_engine,
)
from prompter.domain.conversation import Turn
from prompter.domain.dialogue import MODEL, MessageCursor, StoredDialogue, is_dialogue
from prompter.domain.triage import Triage
from prompter.storage import Store, Transaction

SILENT = "dialogue_silent"  # a fact: since when the engine does not answer, and why; empty while it does
_PAUSE = timedelta(seconds=5)  # between two checks of whether the engine answers
_AT_ONCE = 4  # turns taken to the engine in parallel
_MAX_CALLS = 6  # of the engine for one turn, each with its own timeout
_MAX_TURNS = 50  # of a session: the longer its conversation, the slower an engine answers

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class DialogueTurn:
    """A triage with the engine's reply. `reply` is None if it was not asked, or is silent."""

    triage: Triage
    reply: EngineReply | None = None

    @property
    def is_in_dialogue(self) -> bool:
        """True if the top suggestion is the engine's reply."""
        return bool(self.triage.suggestions) and is_dialogue(self.triage.suggestions[0].article_id)


class DialogueSessions:
    """The dialogue engine as the worker uses it.

    Its sessions end after `ends_after` of silence. The engine's conversation is paused while an
    operator is in control, or has written `operator_hold` ago or less. `timeout` limits one call of the
    engine. `prefix` begins the names of its conversations, as an engine may also hold those of another
    installation.
    """

    def __init__(
        self,
        store: Store,
        engine: DialogueEngine,
        *,
        seal: Callable[[int], str],
        prefix: str,
        timeout: timedelta,
        ends_after: timedelta,
        operator_hold: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._engine = engine
        self._seal = seal
        self._prefix = prefix
        self._timeout = timeout
        self._ends_after = ends_after
        self._operator_hold = operator_hold
        self._clock = clock
        self._model: str | None = None  # as last recorded by this process
        self._look_at = datetime.min.replace(tzinfo=UTC)

    # --- for triage -------------------------------------------------------------------------

    @property
    def max_concurrency(self) -> int:
        return _AT_ONCE

    def consult(self, turn: Turn, triage: Triage, *, language: str) -> DialogueTurn | None:
        """Ask the engine about a turn. Return None if another worker does."""
        if not triage.utterance.strip():
            return DialogueTurn(triage=triage)
        now = self._clock()
        cursor = MessageCursor(turn_id=turn.id, message_id=turn.last_message_id)
        with self._store.write() as tx:
            since = now - self._operator_hold
            if tx.conversations.operator_in_control(turn.conversation_id, since=since, now=now):
                return DialogueTurn(triage=triage)
            if tx.facts.get(SILENT):
                stored = tx.dialogues.get(turn.conversation_id)
                in_form = stored is not None and bool(stored.form) and now < stored.used_at + self._ends_after
                return self._without_engine(triage, in_form=in_form)
            dialogue = tx.dialogues.claim(
                turn.conversation_id,
                cursor,
                now=now,
                lease=_MAX_CALLS * self._timeout,
                ends_after=self._ends_after,
                max_turns=_MAX_TURNS,
            )
        if dialogue is None:
            return None
        try:
            reply = self._ask(dialogue, cursor, triage)
        except DialogueUnavailable as error:
            log.error("dialogue_silent", turn_id=turn.id, error=str(error))
            is_down = error.is_down and not self._answers()  # one slow action is no outage
            with self._store.write() as tx:
                tx.dialogues.release(turn.conversation_id, cursor)
                if is_down:
                    _record_outage(tx, str(error), now)
            return self._without_engine(triage, in_form=dialogue.form is not None)
        if reply.model != self._model:
            self._note_model(reply.model)
        return DialogueTurn(triage=with_reply(triage, reply, language=language), reply=reply)

    def _ask(self, dialogue: StoredDialogue, cursor: MessageCursor, triage: Triage) -> EngineReply:
        if dialogue.paused:  # returned to the bot a moment ago
            self._set_paused(dialogue, False)
        question = Question(
            sender=self._sender(dialogue), cursor=cursor, seal=self._seal(cursor.turn_id), triage=triage
        )
        try:
            return self._engine.ask(question, after=dialogue.unused_after)
        except DialogueUnavailable:
            raise
        except Exception as error:
            # Operators can still answer: a turn must never be lost because an engine failed.
            log.error("dialogue_failed", error=describe_without_content(error))
            raise DialogueUnavailable("the dialogue engine's answer cannot be read", is_down=False) from error

    def _answers(self) -> bool:
        try:
            self._engine.model()
        except DialogueUnavailable:
            return False
        return True

    @staticmethod
    def _without_engine(triage: Triage, *, in_form: bool) -> DialogueTurn:
        return DialogueTurn(triage=without_engine(triage, in_form=in_form))

    def settle(self, tx: Transaction, turn: Turn, dialogue_turn: DialogueTurn, *, is_stored: bool) -> None:
        """Mark the engine's reply as used, or release it so that the engine is rewound."""
        if dialogue_turn.reply is None:
            return
        cursor = MessageCursor(turn_id=turn.id, message_id=turn.last_message_id)
        if is_stored:
            tx.dialogues.settle(turn.conversation_id, cursor, form=dialogue_turn.reply.form)
        else:
            tx.dialogues.release(turn.conversation_id, cursor)

    # --- on its own -------------------------------------------------------------------------

    def run_once(self) -> bool:
        """Check whether the engine answers and where operators are in control. Return True on a change."""
        now = self._clock()
        changed = False
        if is_over(self._look_at, now, max_wait=_PAUSE):
            self._look_at = now + _PAUSE
            changed = self._look(now)
        return self._keep_in_step(now) or changed

    def _look(self, now: datetime) -> bool:
        with self._store.read() as tx:
            silent = tx.facts.get(SILENT)
        try:
            model = self._engine.model()
        except DialogueUnavailable as error:
            if silent:
                return False
            log.error("dialogue_silent", error=str(error))
            with self._store.write() as tx:
                _record_outage(tx, str(error), now)
            return True
        if not silent and model == self._model:
            return False
        self._note_model(model, answers=True)
        log.info("dialogue_answers", model=model)
        return True

    def _note_model(self, model: str, *, answers: bool = False) -> None:
        with self._store.write() as tx:
            tx.facts.set(MODEL, model)
            if answers:
                tx.facts.set(SILENT, "")
        self._model = model

    def _keep_in_step(self, now: datetime) -> bool:
        """Pause the engine where an operator is in control, and resume it where one no longer is."""
        with self._store.read() as tx:
            if tx.facts.get(SILENT):
                return False
            waiting = tx.dialogues.list_out_of_step(
                used_since=now - self._ends_after, since=now - self._operator_hold, now=now
            )
        for dialogue, is_held in waiting:
            try:
                self._set_paused(dialogue, is_held)
            except DialogueUnavailable as error:  # tried again in a second; the others do not have to wait
                log.error("dialogue_not_paused", conversation_id=dialogue.conversation_id, error=str(error))
                break
        return bool(waiting)

    def _sender(self, dialogue: StoredDialogue) -> str:
        """The engine's name for a conversation."""
        return f"{self._prefix}-{dialogue.conversation_id}-{dialogue.session}"

    def _set_paused(self, dialogue: StoredDialogue, paused: bool) -> None:
        self._engine.pause(self._sender(dialogue), paused=paused)
        with self._store.write() as tx:
            tx.dialogues.set_paused(dialogue, paused)


class NoDialogue:
    """Stands in where there is no dialogue engine: articles answer everything."""

    max_concurrency = 1

    def consult(self, _turn: Turn, triage: Triage, **_: object) -> DialogueTurn:
        return DialogueTurn(triage=triage)

    def settle(self, *_: object, **__: object) -> None:
        """Do nothing: no reply could be taken back."""


@dataclass(frozen=True, kw_only=True)
class Outage:
    """The time since which the engine has not answered, and the reason."""

    since: datetime
    why: str


def outage(tx: Transaction) -> Outage | None:
    """Return the engine's outage, or None if it answers or there is no engine."""
    stored = tx.facts.get(SILENT)
    if not stored:
        return None
    since, _, why = stored.partition(" ")
    return Outage(since=datetime.fromisoformat(since), why=why)


def forget_outage(store: Store) -> None:
    """Clear the outage of a removed engine. The evidence on dialogues stays, in case it returns."""
    with store.write() as tx:
        if tx.facts.get(SILENT):
            tx.facts.set(SILENT, "")


def _record_outage(tx: Transaction, why: str, now: datetime) -> None:
    if not tx.facts.get(SILENT):
        tx.facts.set(SILENT, f"{now.isoformat()} {why}")

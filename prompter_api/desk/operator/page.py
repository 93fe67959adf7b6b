"""The operators' desk: keys and clicks become use cases."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui
from nicegui.events import GenericEventArguments

from prompter.common.errors import (
    AlreadyDecided,
    CustomerWroteAgain,
    InvalidDecision,
    PrompterError,
    UnfilledField,
)
from prompter.desk.decision import Action, Decision
from prompter.desk.views import DeskSnapshot
from prompter.domain.conversation import OfferedSuggestion, Turn
from prompter.text.translations import N_
from prompter_api.desk.operator.article_picker import ArticlePicker
from prompter_api.desk.operator.drafts import Draft, Purpose, accept
from prompter_api.desk.operator.input_event import InputEvent
from prompter_api.desk.operator.keyboard import Mode
from prompter_api.desk.operator.queue_panel import RecentCustomers, neighbour, next_turn
from prompter_api.desk.operator.screen import Screen
from prompter_api.desk.operator.side_panels import REASONS
from prompter_api.desk.operator.suggestion_cards import is_answered_before
from prompter_api.desk.operator.undo import UndoableReply, UndoHistory
from prompter_api.desk.ui import labels as words
from prompter_api.desk.ui.frame import PageContext, PageGuard, run_in_thread, zone_of_browser

POLL_SECONDS = 1.0
_ANSWERED_MEANWHILE = N_(
    "A colleague has answered meanwhile: read it. Ctrl+Enter sends your text all the same."
)
_READING_SECONDS = 0.5  # a key this soon after a change was meant for the suggestions before it


def add_desk(router: APIRouter, guard: PageGuard, *, poll_seconds: float = POLL_SECONDS) -> None:
    """Add the page /desk. `?conversation=7` opens that conversation."""

    @ui.page("/desk", api_router=router, reconnect_timeout=60)
    async def desk(request: Request, conversation: int | None = None) -> Response | None:
        context = await guard.admit(request)
        if isinstance(context, Response):
            return context
        page = DeskPage(context, conversation)
        ui.on("desk", page.on_event)
        ui.timer(poll_seconds, page.poll)
        return None


class DeskPage:
    """An open desk: its content and the action in progress.

    The methods run on the event loop. Every call of the core goes through the session, in a thread.
    `_generation` counts actions: a snapshot that was started before the last action is outdated.
    """

    def __init__(self, context: PageContext, conversation_id: int | None) -> None:
        self._session = context.session
        self._t = context.t
        self._topic = context.topic
        self._conversation_id = conversation_id
        self._turn_id: int | None = None  # chosen among several questions of the conversation
        self._idle = conversation_id is None  # the next turn may open by itself
        self._snapshot = DeskSnapshot()
        self._draft = Draft() if conversation_id is None else self._session.draft(conversation_id)
        self._recent = RecentCustomers()
        self._undoable = UndoHistory()
        self._decided: set[int] = set()  # ids of turns decided by anybody
        self._held_back: tuple[Decision, Draft] | None = None  # until the operator insists
        self._answered_by_colleague = False  # while the operator was writing
        self._changed_at = -1.0  # when the suggestions last changed by themselves
        self._generation = 0
        self._acting = asyncio.Lock()
        self._access = context.access
        self._zone_known = False
        self._picker = ArticlePicker(
            self._session, context.access, find_turn=lambda: self._turn, begin=self._begin
        )
        self._screen = Screen(context, on_text=self._take_text, on_search=self._picker.find)
        self._picker.screen = self._screen
        self._actions: Mapping[str, Callable[[InputEvent], Awaitable[None]]] = {
            "open": self._open_clicked,
            "next": partial(self._step, 1),
            "previous": partial(self._step, -1),
            "accept": self._accept,
            "edit": self._edit,
            "own": self._write_own,
            "send": self._send,
            "send_anyway": self._send_anyway,
            "reject": self._reject,
            "reason": self._reason,
            "search": self._picker.open,
            "move": self._picker.move,
            "choose": self._picker.choose,
            "pick": self._picker.pick,
            "undo": self._undo,
            "give_back": self._return_to_bot,
            "question": self._go_to_question,
            "answered": self._mark_answered,
            "settle": self._resolve_delivery,
            "back": self._go_back,
            "drop": self._drop,
            "help": self._screen.open_help,
            "troubles": self._toggle_failed_replies,
        }

    async def on_event(self, arguments: GenericEventArguments) -> None:
        """Handle keys and clicks, one at a time, each in the mode that the previous one has left."""
        async with self._acting:
            event = InputEvent.read(arguments.args, self._screen.mode)
            action = self._actions.get(event.do) if event else None
            with self._access.required():
                try:
                    if event and action:
                        self._screen.escapes = event.escapes
                        await action(event)
                except PrompterError as error:
                    self._screen.notices.say(words.refusal(error, self._t), bad=True)
                finally:
                    self._screen.ready()

    # --- reading -----------------------------------------------------------------------------

    async def poll(self) -> None:
        """Check for news. Called every second."""
        if self._access.is_lost:
            return
        with self._access.required():
            if not self._zone_known:
                self._zone_known = True
                self._screen.set_zone(await zone_of_browser())
            await self._refresh()

    async def _refresh(self) -> None:
        generation = self._generation
        snapshot = await self._read_snapshot()
        if generation != self._generation:
            return
        if await self._report_lost_turn(snapshot) or self._idle:
            item = next_turn(snapshot.queue, snapshot.opened_by) if self._idle else None
            if item is not None:
                await self._open(item.customer.conversation_id)
                return
        if self._turn is not None and snapshot.offer != self._snapshot.offer:
            self._changed_at = time.monotonic()
        self._show(snapshot)

    async def _read_snapshot(self) -> DeskSnapshot:
        return await run_in_thread(self._session.snapshot, self._conversation_id, self._turn_id)

    async def _report_lost_turn(self, snapshot: DeskSnapshot) -> bool:
        """Report if a colleague has answered the turn on the screen. Move on unless there is a draft."""
        turn = self._turn
        if turn is None or snapshot.is_waiting(turn.id) or turn.id in self._decided:
            return False
        who = await run_in_thread(self._session.find_decider, turn.id)
        if who is None and snapshot.turn is not None:  # the customer's next message took its place
            self._decided.add(turn.id)
            if self._draft.turn_id == turn.id:
                self._set_draft(self._draft.without_turn())
            return False
        self._give_up_turn(turn.id, who)
        return True

    def _give_up_turn(self, turn_id: int, who: str | None) -> None:
        """Keep the operator's text without a turn, as somebody else was faster."""
        self._screen.notices.say(words.refusal(AlreadyDecided(), self._t, who=who), bad=True)
        self._decided.add(turn_id)
        if self._draft.turn_id in (None, turn_id):
            self._set_draft(self._draft.without_turn())
        self._answered_by_colleague = self._draft.is_worth_keeping
        self._screen.enter(Mode.CARDS)
        self._idle = not self._draft.is_worth_keeping

    def _show(self, snapshot: DeskSnapshot) -> None:
        self._snapshot = snapshot
        turn = self._turn
        if snapshot.view is not None:
            self._recent.add(snapshot.view.customer)
        self._session.open_conversation = self._conversation_id if turn else None
        self._screen.offer_undo(self._undoable.find_last())
        recent = self._recent.list_others(snapshot.queue, self._conversation_id)
        self._screen.show(snapshot, self._conversation_id, self._draft, recent)

    @property
    def _turn(self) -> Turn | None:
        return self._snapshot.turn

    # --- navigation -------------------------------------------------------------------------

    async def _open(self, conversation_id: int, turn_id: int | None = None) -> None:
        self._generation += 1
        generation = self._generation
        self._conversation_id, self._turn_id, self._idle = conversation_id, turn_id, False
        self._answered_by_colleague = False
        self._draft = self._session.draft(conversation_id)
        snapshot = await self._read_snapshot()
        if generation != self._generation:
            return
        if self._draft.turn_id is not None and not snapshot.is_waiting(self._draft.turn_id):
            self._set_draft(self._draft.without_turn())
        self._screen.enter(Mode.CARDS)
        self._show(snapshot)
        self._screen.to_the_end()

    async def _advance(self) -> None:
        """Open the customer's next question, or else the next customer.

        If nobody waits, stay, and open the next turn as soon as it arrives.
        """
        self._generation += 1
        snapshot = await self._read_snapshot()
        item = next_turn(snapshot.queue, snapshot.opened_by)
        if snapshot.turn is not None:
            await self._open(snapshot.turn.conversation_id)
        elif item is not None:
            await self._open(item.customer.conversation_id)
        else:
            self._idle = True
            self._show(snapshot)
            return
        self._changed_at = time.monotonic()

    async def _go_to_question(self, event: InputEvent) -> None:
        """Choose one of the customer's questions, by default the next one."""
        view = self._snapshot.view
        if view is None or view.turn is None:
            return
        ids = [question.id for question in view.questions]
        following = ids[(ids.index(view.turn.id) + 1) % len(ids)]
        await self._open(view.customer.conversation_id, event.number("question") or following)

    async def _mark_answered(self, event: InputEvent) -> None:
        turn = self._turn
        if turn is None or turn.id != event.turn_id or not is_answered_before(self._snapshot.view):
            return
        await run_in_thread(self._session.mark_answered, turn.id)
        self._decided.add(turn.id)
        self._set_draft(Draft())
        await self._advance()

    async def _return_to_bot(self, _event: InputEvent) -> None:
        view = self._snapshot.view
        if view is None or not view.held:
            return
        await run_in_thread(self._session.return_to_bot, view.customer.conversation_id)
        self._screen.notices.say(self._t.gettext("The bot can answer this customer again."))
        await self._refresh()

    async def _open_clicked(self, event: InputEvent) -> None:
        if (conversation_id := event.number("conversation")) is not None:
            self._screen.release()
            await self._open(conversation_id)

    async def _step(self, step: int, _event: InputEvent) -> None:
        item = neighbour(self._snapshot.queue, self._conversation_id, step)
        if item is not None:
            await self._open(item.customer.conversation_id)

    async def _go_back(self, _event: InputEvent) -> None:
        """Go one step back on Escape. A changed text stays."""
        self._held_back = None
        if self._screen.mode is Mode.CARDS:
            self._screen.release()
            if self._draft.text == self._draft.offered:
                self._set_draft(self._draft.without_source())
        elif self._screen.mode is Mode.REJECTING:
            self._screen.release()
            self._set_draft(Draft(text=self._draft.text or self._draft.aside))
        else:
            self._screen.release()
            self._screen.enter(Mode.CARDS)
            self._set_draft(self._draft)

    async def _toggle_failed_replies(self, _event: InputEvent) -> None:
        self._screen.toggle_troubles()

    # --- writing ----------------------------------------------------------------------------

    def _take_text(self, text: str) -> None:
        if text != self._draft.text:
            self._set_draft(replace(self._draft, text=text))

    def _set_draft(self, draft: Draft) -> None:
        self._draft = draft
        if self._conversation_id is not None:
            self._session.keep_draft(self._conversation_id, draft)
        self._screen.show_draft(draft, waiting=self._turn is not None, open_=self._snapshot.view is not None)

    def _begin(self, draft: Draft) -> None:
        """Start a draft. The operator's own text is set aside."""
        own_text = self._draft.own_text
        self._screen.enter(Mode.CARDS)
        self._set_draft(replace(draft, aside=own_text))
        self._screen.focus("composer")

    async def _write_own(self, _event: InputEvent) -> None:
        if self._snapshot.view is not None:
            self._set_draft(self._draft.without_source())
            self._screen.focus("composer")

    async def _drop(self, _event: InputEvent) -> None:
        self._set_draft(self._draft.without_source())
        self._screen.release()

    async def _edit(self, event: InputEvent) -> None:
        suggestion = self._suggestion(event.number("rank"))
        if suggestion is not None:
            self._begin(self._edit_of(suggestion, suggestion.text))

    async def _reject(self, _event: InputEvent) -> None:
        if self._turn is not None and not self._turn.blind:
            self._screen.enter(Mode.REASONS)

    async def _reason(self, event: InputEvent) -> None:
        number, turn = event.number("number"), self._turn
        if turn is not None and number is not None and 1 <= number <= len(REASONS):
            reason, text = REASONS[number - 1], self._draft.own_text
            self._begin(Draft(purpose=Purpose.REJECT, text=text, turn_id=turn.id, reason=reason))

    def _edit_of(self, suggestion: OfferedSuggestion, text: str) -> Draft:
        return Draft.from_suggestion(suggestion, text, question=words.question(suggestion, self._topic))

    def _suggestion(self, rank: int | None) -> OfferedSuggestion | None:
        by_rank = {suggestion.rank: suggestion for suggestion in self._snapshot.suggestions}
        return None if rank is None else by_rank.get(rank)

    # --- deciding ---------------------------------------------------------------------------

    async def _accept(self, event: InputEvent) -> None:
        suggestion = self._suggestion(event.number("rank"))
        view, turn = self._snapshot.view, self._turn
        if view is not None and turn is None and view.is_being_read:
            self._screen.notices.say(self._t.gettext("Not sent: the suggestions are still being made."))
            return
        if suggestion is None or turn is None or turn.id != event.turn_id or event.seen_message_id is None:
            return  # the screen has changed since the event
        if time.monotonic() < self._changed_at + _READING_SECONDS:
            self._screen.notices.say(self._t.gettext("Not sent: the suggestions had only just changed."))
            return
        operator_id = self._session.account.id
        decision = accept(suggestion, operator_id=operator_id, seen_message_id=event.seen_message_id)
        await self._decide(decision, Draft())

    async def _send(self, event: InputEvent) -> None:
        view = self._snapshot.view
        if view is None:
            return
        if (on_screen := event.data.get("text")) is not None:
            self._take_text(on_screen)
        draft = self._draft
        if not draft.text.strip() and draft.purpose is not Purpose.REJECT:
            self._screen.notices.say(self._t.gettext("Nothing to send yet."))
            return
        turn_id = draft.turn_id or (view.turn.id if view.turn else None)
        if self._answered_by_colleague:
            self._answered_by_colleague = False
            self._screen.notices.say(self._t.gettext(_ANSWERED_MEANWHILE), bad=True)
            return
        if turn_id is None:
            await self._write(draft.text)
            return
        seen = view.last_message_id if event.seen_message_id is None else event.seen_message_id
        decision = draft.decision(
            turn_id=turn_id,
            operator_id=self._session.account.id,
            seen_message_id=min(seen, view.last_message_id),
        )
        await self._decide(decision, draft)

    async def _write(self, text: str) -> None:
        """Send a message that answers no turn."""
        conversation_id = self._conversation_id
        if conversation_id is None:
            return
        try:
            await run_in_thread(self._session.write, conversation_id, text)
        except InvalidDecision as error:
            self._screen.notices.say(words.refusal(error, self._t), bad=True)
            return
        self._set_draft(Draft())
        await self._refresh()

    async def _send_anyway(self, _event: InputEvent) -> None:
        if self._held_back is not None:
            decision, draft = self._held_back
            self._held_back = None
            self._screen.enter(Mode.CARDS)
            await self._decide(replace(decision, send_anyway=True), draft)

    async def _decide(self, decision: Decision, draft: Draft) -> None:
        conversation_id = self._conversation_id
        if conversation_id is None:
            return
        self._generation += 1
        try:
            decided = await run_in_thread(self._session.decide, decision)
        except CustomerWroteAgain:
            self._held_back = (decision, draft)
            self._show(await self._read_snapshot())
            self._screen.ask_to_send_anyway(self._snapshot.view, decision.seen_message_id)
            return
        except AlreadyDecided:
            who = await run_in_thread(self._session.find_decider, decision.turn_id)
            self._give_up_turn(decision.turn_id, who)
        except PrompterError as error:
            self._explain(error, decision)
            return
        else:
            self._decided.add(decision.turn_id)
            self._undoable.add(UndoableReply.of(decision, decided, draft, conversation_id=conversation_id))
            self._set_draft(Draft())
            self._idle = True
        self._screen.release()
        if self._idle:
            await self._advance()
        else:
            await self._refresh()

    def _explain(self, error: PrompterError, decision: Decision) -> None:
        """Show why a decision was refused. A text with empty template fields is opened for editing."""
        suggestion = self._suggestion(decision.rank)
        self._screen.notices.say(words.refusal(error, self._t), bad=True)
        if decision.action is Action.ACCEPT and suggestion is not None and isinstance(error, UnfilledField):
            self._begin(self._edit_of(suggestion, decision.text or suggestion.text))

    async def _undo(self, _event: InputEvent) -> None:
        last = self._undoable.take()
        if last is None:
            self._screen.notices.say(self._t.gettext("Nothing to undo."))
            return
        await run_in_thread(self._session.undo, last.decision_id)
        self._decided.discard(last.turn_id)
        self._session.keep_draft(last.conversation_id, last.draft)
        await self._open(last.conversation_id)
        self._screen.notices.say(self._t.gettext("Cancelled: nothing was sent to the customer."))

    async def _resolve_delivery(self, event: InputEvent) -> None:
        if (reply_id := event.number("reply")) is not None:
            send_again = event.data.get("again") == "1"
            await run_in_thread(self._session.resolve_delivery, reply_id, send_again=send_again)
            await self._refresh()

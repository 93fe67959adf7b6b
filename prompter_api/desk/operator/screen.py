"""The screen of one operator. It only draws. The actions of keys and clicks are in page.py."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, tzinfo

from nicegui import ui

from prompter.common.clock import utc_now
from prompter.desk.views import ConversationView, DeskSnapshot, Workload
from prompter.dialogue.session import Outage
from prompter.domain.conversation import Customer, OutboxState
from prompter_api.desk.operator.composer import Composer
from prompter_api.desk.operator.conversation_panel import ConversationPanel, newer_than
from prompter_api.desk.operator.drafts import Draft, Purpose
from prompter_api.desk.operator.failed_replies import Troubles
from prompter_api.desk.operator.keyboard import ALL_KEYS, Mode
from prompter_api.desk.operator.queue_panel import QueuePanel
from prompter_api.desk.operator.side_panels import ReasonsPanel, SearchPanel
from prompter_api.desk.operator.suggestion_cards import SuggestionCards
from prompter_api.desk.operator.undo import UndoableReply
from prompter_api.desk.ui import labels as words
from prompter_api.desk.ui.dialogs import HelpDialog, WroteAgainDialog
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.frame import Layout, PageContext
from prompter_api.desk.ui.notices import Notices


class Screen:
    """The panels of the desk and the mode of the keys."""

    def __init__(
        self,
        context: PageContext,
        *,
        on_text: Callable[[str], None],
        on_search: Callable[[str], Awaitable[None]],
    ) -> None:
        t = context.t
        frame = Layout(context, here="/desk", title=t.gettext("Desk"))
        with frame.notes:
            self._counts = Tag("span", classes="bar__counts")
            self._demoted = Tag("a", href="/readiness", classes="bar__trouble")
        with frame.body:
            self._root = Tag("div", classes="desk", data_desk=True, data_keys=" ".join(ALL_KEYS))
        with self._root:
            left = Tag("div", classes="desk__left")
            self._failed_replies = Troubles(t, frame.notes, left)
            with left:
                self._outage_notice = Tag("p", classes="notice notice--bad desk__notice", role="status")
                self._queue = QueuePanel(t)
            with Tag("section", classes="talk", aria_label=t.gettext("Conversation")):
                self._talk = ConversationPanel(t, context.language)
                self._composer = Composer(t, on_text)
            with Tag("aside", classes="prompter", aria_label=t.gettext("Suggestions")):
                with Tag("h2", classes="panel__title"):
                    Tag("span", t.gettext("Suggestions"))
                    with Tag("button", classes="link panel__help", data_do="help"):
                        Tag("span", t.gettext("Shortcuts"))
                        Tag("kbd", "?", aria_hidden=True)
                self._cards = SuggestionCards(t, context.topic)
                self._reasons = ReasonsPanel(t)
                self.search = SearchPanel(t, on_search)
        self.notices = Notices(t)
        self._again = WroteAgainDialog(t)
        self._help = HelpDialog(t)
        self._t, self._language, self._topic = t, context.language, context.topic
        self.mode = Mode.CARDS
        self.escapes = 0  # how often Escape was pressed before the current key
        self.enter(Mode.CARDS)

    def set_zone(self, zone: tzinfo | None) -> None:
        """Set the time zone in which messages are shown. None means the server's."""
        self._talk.zone = zone

    def show(
        self, snapshot: DeskSnapshot, conversation_id: int | None, draft: Draft, recent: Sequence[Customer]
    ) -> None:
        """Show the snapshot. Unchanged parts are not touched."""
        now, view, turn = utc_now(), snapshot.view, snapshot.turn
        self._queue.show(snapshot.queue, snapshot.opened_by, conversation_id=conversation_id, now=now)
        self._queue.show_recent(recent)
        self._failed_replies.show(snapshot.undelivered)
        self._show_workload(snapshot.workload)
        self._show_demoted(snapshot.demoted)
        self._show_outage(snapshot.outage, now)
        self.notices.poll()
        if view is None:
            self._talk.show_empty()
        elif self._talk.show(view, now):
            ui.run_javascript("sufler.bottom()")
        self._cards.show(view)
        self.show_draft(draft, waiting=turn is not None, open_=view is not None)
        self._root.set(
            data_turn=turn.id if turn else None,
            data_seen=view.last_message_id if view else None,
            data_conversation=conversation_id,
        )

    def _show_workload(self, workload: Workload | None) -> None:
        if workload is not None:
            leaving = workload.replies.get(OutboxState.PENDING, 0) + workload.replies.get(
                OutboxState.SENDING, 0
            )
            text = self._t.gettext("Open: {waiting} · sending: {leaving}")
            self._counts.say(text.format(waiting=workload.waiting, leaving=leaving))

    def _show_demoted(self, topics: list[str]) -> None:
        """Show demoted topics, whose answers somebody has to check."""
        self._demoted.set_visibility(bool(topics))
        labels = ", ".join(map(self._topic, topics))
        self._demoted.say(self._t.gettext("Autopilot off: {topics}").format(topics=labels))

    def _show_outage(self, outage: Outage | None, now: datetime) -> None:
        """Show that dialogues are interrupted and suggestions come from articles only."""
        self._outage_notice.set_visibility(outage is not None)
        if outage is not None:
            since = words.moment(outage.since, now, self._talk.zone, self._language)
            text = self._t.gettext(
                "Rasa has not responded since {time}: suggestions come from articles only. {why}"
            )
            self._outage_notice.say(text.format(time=since, why=outage.why))

    def show_draft(self, draft: Draft, *, waiting: bool, open_: bool = True) -> None:
        self._composer.enable(open_)
        self._composer.show(draft, waiting=waiting)
        self._root.set(data_purpose=draft.purpose)
        if self.mode in (Mode.CARDS, Mode.REJECTING):
            self.enter(Mode.REJECTING if draft.purpose is Purpose.REJECT else Mode.CARDS)

    def enter(self, mode: Mode) -> None:
        """Change the mode of the keys, and show the parts that belong to it."""
        self.mode = mode
        self._cards.set_visibility(mode not in (Mode.REASONS, Mode.SEARCH))
        self._reasons.element.set_visibility(mode is Mode.REASONS)
        self.search.element.set_visibility(mode is Mode.SEARCH)
        if mode is not Mode.DIALOG:
            self._again.close()
        if mode is Mode.HELP:
            self._help.open()
        else:
            self._help.close()

    async def open_help(self, _event: object) -> None:
        self.enter(Mode.HELP)
        self.focus("help")

    def ask_to_send_anyway(self, view: ConversationView | None, seen_message_id: int) -> None:
        """Ask with the messages that the customer has written after this one."""
        self._again.open(newer_than(view, seen_message_id) if view else [])
        self.enter(Mode.DIALOG)
        self.focus("dialog")

    def offer_undo(self, last: UndoableReply | None) -> None:
        """Show how long the last reply can be undone."""
        if last is None:
            self.notices.offer_undo(None)
            return
        t = self._t
        text = (
            t.gettext("Rejected. {seconds} s to undo") if last.silent else t.gettext("Sending in {seconds} s")
        )
        self.notices.offer_undo(text.format(seconds=words.seconds_left(last.until, utc_now())))

    def toggle_troubles(self) -> None:
        self._failed_replies.toggle()

    # --- in the browser ---------------------------------------------------------------------

    def focus(self, place: str) -> None:
        """Put the cursor into a place, unless Escape was pressed since the key that asked for it."""
        ui.run_javascript(f"sufler.focusSoon({place!r}, {self.escapes})")

    def release(self) -> None:
        """Leave the text field, so that keys are commands again."""
        ui.run_javascript("sufler.release()")

    def to_the_end(self) -> None:
        """Scroll to the newest message and to the row in the queue."""
        ui.run_javascript("sufler.bottom(true); sufler.show('.turn[aria-current]')")

    def ready(self) -> None:
        """Tell the browser that the server has handled the last key."""
        ui.run_javascript("sufler.ready()")

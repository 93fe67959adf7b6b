"""The conversation: the customer's messages and our replies in chronological order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from prompter.desk.views import ConversationView
from prompter.domain.conversation import Author, Message, MessageKind, OutboxState, Reply
from prompter.text.translations import Translations
from prompter_api.desk.ui import labels as words
from prompter_api.desk.ui.elements import Tag, draw_keys


@dataclass(frozen=True, kw_only=True)
class MessageWording:
    """A customer's message in its last wording. `before` is the previous wording of an edited message."""

    message: Message
    last: Message
    before: str | None = None


def last_wordings(messages: Sequence[Message]) -> list[MessageWording]:
    """Return the messages with edits in place of the messages that they replace."""
    wordings: dict[str, MessageWording] = {}
    places: dict[str, str] = {}  # external id -> external id of the first wording
    for message in messages:
        first = places.get(message.replaces or "", message.external_id)
        places[message.external_id] = first
        old = wordings.get(first)
        if old is None:
            wordings[first] = MessageWording(message=message, last=message)
        else:
            wordings[first] = MessageWording(message=old.message, last=message, before=old.last.text)
    return list(wordings.values())


def newer_than(view: ConversationView, message_id: int) -> list[Message]:
    """Return the customer's messages after this one."""
    return [message for message in view.messages if message.id > message_id]


class ConversationPanel:
    """Adds and changes message bubbles. Unchanged bubbles are not touched."""

    def __init__(self, t: Translations, language: str) -> None:
        self._t = t
        self._language = language
        self.zone: tzinfo | None = None
        self._bubbles: dict[tuple[str, int], _Bubble] = {}
        self._shown: int | None = None
        with Tag("header", classes="talk__head") as self._head:
            self._name = Tag("h2", classes="talk__name", dir="auto")
            self._channel = Tag("span", classes="mark")
            self._source = Tag("span", classes="mark mark--quiet", dir="auto")
            self._reason = Tag("span", classes="mark mark--quiet")
        self._log = Tag(
            "div",
            classes="talk__log",
            role="log",
            data_log=True,
            tabindex=0,
            aria_label=t.gettext("Conversation"),
        )
        self._banner = Tag("div", classes="notice notice--warn talk__banner", role="status")
        with Tag("div", classes="talk__held") as self._held:
            Tag("span", t.gettext("The bot is paused: an operator is handling this conversation."))
            with Tag("button", classes="button button--small", data_do="give_back"):
                Tag("span", t.gettext("Return to the bot"))
                draw_keys(["B"])
        with Tag("div", classes="empty empty--large") as self._empty:
            self._empty_title = Tag("p", classes="empty__title")
            self._empty_words = Tag("p")
        self.show_empty()

    def show_empty(self) -> None:
        """Show that no conversation is open."""
        self._clear(None)
        self._empty_title.say(self._t.gettext("All caught up"))
        self._empty_words.say(
            self._t.gettext("The next conversation opens automatically. Press ? for keyboard shortcuts.")
        )
        for element in (self._head, self._log, self._banner, self._held):
            element.set_visibility(False)
        self._empty.set_visibility(True)

    def show(self, view: ConversationView, now: datetime) -> bool:
        """Show a conversation. Return whether it contains anything new."""
        customer, turn = view.customer, view.turn
        opened = customer.conversation_id != self._shown
        if opened:
            self._clear(customer.conversation_id)
        for element in (self._head, self._log):
            element.set_visibility(True)
        self._empty.set_visibility(False)
        self._name.say(words.customer_name(customer, self._t))
        self._channel.say(words.channel(customer.channel, self._t))
        source = self._t.gettext("from: {source}").format(source=customer.source) if customer.source else ""
        self._source.say(source)
        self._source.set_visibility(bool(source))
        reason = words.badge(turn.handoff_reason, self._t) if turn else None
        self._reason.say(reason or "")
        self._reason.set_visibility(reason is not None)
        self._held.set_visibility(view.held)
        self._show_banner(view)
        return self._show_bubbles(view, now) or opened

    def _clear(self, conversation_id: int | None) -> None:
        self._log.clear()
        self._bubbles.clear()
        self._shown = conversation_id

    def _show_banner(self, view: ConversationView) -> None:
        newer = newer_than(view, max(turn.last_message_id for turn in view.questions)) if view.turn else []
        self._banner.set_visibility(bool(newer))
        if newer:
            text = " · ".join(_words_of(message, self._t) for message in newer)
            self._banner.say(
                self._t.gettext("The customer has written again: {text}").format(text=text[:300])
            )

    def _show_bubbles(self, view: ConversationView, now: datetime) -> bool:
        turn_id = view.turn.id if view.turn else None
        entries: list[tuple[datetime, str, int, MessageWording | Reply]] = [
            (wording.message.received_at, "message", wording.message.id, wording)
            for wording in last_wordings(view.messages)
        ]
        entries += [
            (reply.created_at, "reply", reply.id, reply)
            for reply in view.replies
            if reply.state is not OutboxState.CANCELLED
        ]
        entries.sort(key=lambda entry: entry[:3])
        unsettled = {
            reply.first_part_id or reply.id
            for reply in view.replies
            if reply.state in (OutboxState.UNKNOWN, OutboxState.FAILED)
        }
        keys = {(kind, number) for _, kind, number, _ in entries}
        for key in [key for key in self._bubbles if key not in keys]:
            self._bubbles.pop(key).element.delete()
        added = False
        for place, (when, kind, number, entry) in enumerate(entries):
            bubble = self._bubbles.get((kind, number))
            if bubble is None:
                added = True
                with self._log:
                    bubble = self._bubbles[(kind, number)] = _Bubble(kind, self._t, self._language)
                if place < len(self._bubbles) - 1:
                    bubble.element.move(target_index=place)
            time = words.moment(when, now, self.zone, self._language)
            if isinstance(entry, MessageWording):
                bubble.show_message(entry, time, current=entry.last.turn_id == turn_id)
            else:
                bubble.show_reply(entry, time, now, is_held=(entry.first_part_id or 0) in unsettled)
        return added


class _Bubble:
    def __init__(self, kind: str, t: Translations, language: str) -> None:
        self._t = t
        self._language = language
        who = "theirs" if kind == "message" else "ours"
        with Tag("article", classes=f"bubble bubble--{who}") as self.element:
            self._marks = Tag("div", classes="bubble__marks")
            self._text = Tag("p", classes="bubble__text", dir="auto")
            with Tag("footer", classes="bubble__foot"):
                self._author = Tag("span", classes="bubble__author")
                self._time = Tag("time")
                self._state = Tag("span", classes="bubble__state")
            self._settle = Tag("div", classes="bubble__settle")
        self._marked: list[str] = []
        self._offers: OutboxState | None = None

    def show_message(self, wording: MessageWording, time: str, *, current: bool) -> None:
        last = wording.last
        self.element.toggle("bubble--current", current)
        self._text.say(last.text)
        self._text.set_visibility(bool(last.text.strip()))
        self._text.set(title=wording.before)
        self._time.say(time)
        marks = []
        if last.kind is not MessageKind.TEXT:
            marks.append(words.attachment(last, self._t, self._language))
        elif not last.text.strip():
            marks.append(self._t.gettext("empty message"))
        if last.forwarded:
            marks.append(self._t.gettext("forwarded"))
        if wording.before is not None:
            marks.append(self._t.gettext("edited"))
        self._mark(marks)

    def show_reply(self, reply: Reply, time: str, now: datetime, *, is_held: bool) -> None:
        """Show a reply. If `is_held`, it waits until a part before it is settled."""
        self._text.say(reply.text)
        self._author.say(
            self._t.gettext("bot")
            if reply.author is Author.BOT
            else reply.operator_name or self._t.gettext("operator")
        )
        self._time.say(time)
        held = words.seconds_left(reply.not_before, now) if reply.state is OutboxState.PENDING else 0
        if held and not reply.attempts:
            state = self._t.gettext("sending in {seconds} s").format(seconds=held)
        elif is_held and reply.state is OutboxState.PENDING:
            state = self._t.gettext("waits for the part before it")
        else:
            state = self._t.gettext(words.STATES[reply.state])
        if reply.settled_by:
            state += " · " + self._t.gettext("handled by {name}").format(name=reply.settled_by)
        self._state.say(state)
        self._state.set(title=reply.problem)
        for possible_state in OutboxState:
            self.element.toggle(f"bubble--{possible_state.value}", possible_state is reply.state)
        self._offer_settling(reply)

    def _mark(self, marks: list[str]) -> None:
        if marks == self._marked:
            return
        self._marked = marks
        self._marks.clear()
        with self._marks:
            for text in marks:
                Tag("span", text, classes="mark mark--chip")

    def _offer_settling(self, reply: Reply) -> None:
        problem_state = reply.state if reply.state in (OutboxState.UNKNOWN, OutboxState.FAILED) else None
        if problem_state is self._offers:
            return
        self._offers = problem_state
        self._settle.clear()
        if problem_state:
            with self._settle:
                settle_buttons(reply, self._t)


def settle_buttons(reply: Reply, t: Translations) -> None:
    """Draw the buttons that send a failed reply again or leave it."""
    leave = t.gettext("Mark as delivered") if reply.state is OutboxState.UNKNOWN else t.gettext("Do not send")
    Tag(
        "button",
        t.gettext("Send again"),
        classes="button button--small",
        data_do="settle",
        data_reply=reply.id,
        data_again="1",
    )
    Tag(
        "button", leave, classes="button button--small", data_do="settle", data_reply=reply.id, data_again="0"
    )


def _words_of(message: Message, t: Translations) -> str:
    return " ".join(message.text.split()) or f"[{t.gettext(words.KINDS[message.kind])}]"

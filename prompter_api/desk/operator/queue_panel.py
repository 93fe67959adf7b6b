"""The queue of customers, longest wait first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from prompter.desk.views import QueueItem
from prompter.domain.conversation import Customer
from prompter.text.translations import Translations
from prompter_api.desk.ui import labels as words
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.keyed_rows import KeyedRows

_PREVIEW = 120  # characters of the customer's text
_MAX_RECENT = 5
_LONG_WAIT = 300  # seconds after which the waiting time is shown as urgent


def next_turn(queue: Sequence[QueueItem], opened_by: Mapping[int, Sequence[str]]) -> QueueItem | None:
    """Return the turn to answer next: the longest wait, preferably not open on a colleague's screen."""
    free = [item for item in queue if item.customer.conversation_id not in opened_by]
    return next(iter(free or queue), None)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A waiting customer, with their first and last unanswered turn."""

    first: QueueItem
    last: QueueItem

    @property
    def confidence(self) -> float | None:
        return self.last.confidence if self.last.confidence is not None else self.first.confidence


def group_by_customer(queue: Sequence[QueueItem]) -> list[Waiting]:
    """Return the queue with one entry per conversation, longest wait first."""
    items: dict[int, list[QueueItem]] = {}
    for item in queue:
        items.setdefault(item.customer.conversation_id, []).append(item)
    return [Waiting(first=waiting_items[0], last=waiting_items[-1]) for waiting_items in items.values()]


def neighbour(queue: Sequence[QueueItem], conversation_id: int | None, step: int) -> QueueItem | None:
    """Return the customer `step` places down the queue, or its first if the conversation is not in it."""
    firsts = [waiting.first for waiting in group_by_customer(queue)]
    places = [place for place, item in enumerate(firsts) if item.customer.conversation_id == conversation_id]
    if not places:
        return next(iter(firsts), None)
    place = places[0] + step
    return firsts[place] if 0 <= place < len(firsts) else None


class RecentCustomers:
    """The customers recently opened on one page, so that it can link back to them."""

    def __init__(self) -> None:
        self._opened: dict[int, Customer] = {}  # by conversation, in the order of opening

    def add(self, customer: Customer) -> None:
        self._opened.pop(customer.conversation_id, None)
        self._opened[customer.conversation_id] = customer

    def list_others(self, queue: Sequence[QueueItem], conversation_id: int | None) -> list[Customer]:
        """Return the recent customers that neither wait nor are on the screen, latest first."""
        shown = {item.customer.conversation_id for item in queue} | {conversation_id}
        customers = [customer for number, customer in self._opened.items() if number not in shown]
        return customers[::-1][:_MAX_RECENT]


class QueuePanel:
    """Keeps one row per customer and changes only the differences, so that focus is not lost."""

    def __init__(self, t: Translations) -> None:
        self._t = t
        with Tag("section", classes="queue", aria_label=t.gettext("Queue")):
            with Tag("h2", classes="panel__title"):
                Tag("span", t.gettext("Queue"))
                self._count = Tag("span", classes="count", role="status")
            self._list = Tag("ol", classes="queue__list queue__waiting")
            self._rows = KeyedRows[int, _Row](self._list, lambda conversation_id: _Row(conversation_id, t))
            with Tag("div", classes="empty") as self._empty:
                Tag("p", t.gettext("The queue is empty"), classes="empty__title")
                Tag("p", t.gettext("New questions appear here automatically."))
            self._recent_title = Tag("h3", t.gettext("Recent conversations"), classes="queue__recent")
            self._recent = Tag("ol", classes="queue__list")
        self._recent_shown: tuple[tuple[int, str], ...] | None = None
        self.show_recent(())

    def show(
        self,
        queue: Sequence[QueueItem],
        opened_by: Mapping[int, Sequence[str]],
        *,
        conversation_id: int | None,
        now: datetime,
    ) -> None:
        waiting = {entry.first.customer.conversation_id: entry for entry in group_by_customer(queue)}
        rows = self._rows.show(list(waiting))
        for row, (number, entry) in zip(rows, waiting.items(), strict=True):
            row.show(entry, current=number == conversation_id, others=opened_by.get(number, ()), now=now)
        self._count.say(str(len(waiting)) if waiting else "")
        self._empty.set_visibility(not waiting)
        self._list.set_visibility(bool(waiting))

    def show_recent(self, customers: Sequence[Customer]) -> None:
        """Show links to conversations that were open before."""
        shown = tuple(
            (customer.conversation_id, words.customer_name(customer, self._t)) for customer in customers
        )
        if shown == self._recent_shown:
            return
        self._recent_shown = shown
        self._recent_title.set_visibility(bool(shown))
        self._recent.clear()
        with self._recent:
            for number, name in shown:
                with Tag("li"), Tag("button", classes="turn", data_do="open", data_conversation=number):
                    Tag("span", name, classes="turn__words", dir="auto")


class _Row:
    def __init__(self, conversation_id: int, t: Translations) -> None:
        self._t = t
        with (
            Tag("li") as self.element,
            Tag("button", classes="turn", data_do="open", data_conversation=conversation_id) as self._row,
        ):
            with Tag("span", classes="turn__top"):
                self._name = Tag("span", classes="turn__name", dir="auto")
                self._wait = Tag("span", classes="turn__wait")
            self._words = Tag("span", classes="turn__words", dir="auto")
            with Tag("span", classes="turn__marks"):
                self._channel = Tag("span", classes="mark")
                self._confidence = Tag("span", classes="mark")
                self._reason = Tag("span", classes="mark")
                self._others = Tag("span", classes="mark mark--others")

    def show(self, waiting: Waiting, *, current: bool, others: Sequence[str], now: datetime) -> None:
        customer, turn = waiting.last.customer, waiting.last.turn
        self._row.set(aria_current="true" if current else None)
        self._name.say(words.customer_name(customer, self._t))
        seconds = (now - waiting.first.turn.received_at).total_seconds()
        self._wait.say(words.duration(seconds, self._t))
        self._wait.toggle("turn__wait--long", seconds >= _LONG_WAIT)
        self._words.say(_preview(turn.question, self._t))
        self._channel.say(words.channel(customer.channel, self._t))
        self._show_confidence(waiting.confidence)
        self._reason.say(words.badge(turn.handoff_reason, self._t) or "")
        urgent = turn.handoff_reason in [reason.value for reason in words.URGENT]
        self._reason.toggle("mark--urgent", urgent)
        self._reason.toggle("mark--quiet", not urgent)
        viewing = self._t.ngettext("{names} is viewing", "{names} are viewing", len(others))
        self._others.say(viewing.format(names=", ".join(others)) if others else "")

    def _show_confidence(self, confidence: float | None) -> None:
        self._confidence.say("" if confidence is None else words.percent(confidence))
        self._confidence.set(title=None if confidence is None else words.confidence(confidence, self._t))
        for level in words.LEVELS:
            self._confidence.toggle(
                f"mark--{level}", confidence is not None and words.level(confidence) == level
            )


def _preview(utterance: str | None, t: Translations) -> str:
    text = " ".join((utterance or "").split())
    if not text:
        return t.gettext("(no text)")
    return text if len(text) <= _PREVIEW else text[:_PREVIEW].rstrip() + "…"

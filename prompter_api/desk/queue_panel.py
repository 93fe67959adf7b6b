"""The customers who wait, longest wait first."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from prompter.desk import QueueItem
from prompter_api.desk import words
from prompter_api.desk.elements import Tag
from prompter_api.locale import Translations

_PREVIEW = 120  # characters of what the customer wrote
_LONG_WAIT = 300  # seconds until the waiting time is shown as pressing


def next_turn(
    queue: Sequence[QueueItem], opened_by: Mapping[int, Sequence[str]], *, leave_out: int | None = None
) -> QueueItem | None:
    """Whom to answer next: the longest wait, if possible one that no colleague has on the screen."""
    others = [item for item in queue if item.turn.id != leave_out]
    free = [item for item in others if item.turn.id not in opened_by]
    return next(iter(free or others), None)


def neighbour(queue: Sequence[QueueItem], conversation_id: int | None, step: int) -> QueueItem | None:
    """The conversation so many steps down (or up) the queue; from outside the queue, its first."""
    if not queue:
        return None
    places = [place for place, item in enumerate(queue) if item.customer.conversation_id == conversation_id]
    if not places:
        return queue[0]
    place = (places[-1] if step > 0 else places[0]) + step
    return queue[place] if 0 <= place < len(queue) else None


class QueuePanel:
    """Keeps one row a turn and changes only what differs, so that focus stays where it is."""

    def __init__(self, t: Translations) -> None:
        self._t = t
        self._rows: dict[int, _Row] = {}
        with Tag("section", classes="queue", aria_label=t.gettext("Queue")):
            with Tag("h2", classes="panel__title"):
                Tag("span", t.gettext("Queue"))
                self._count = Tag("span", classes="count", role="status")
            self._list = Tag("ol", classes="queue__list")
            with Tag("div", classes="empty") as self._empty:
                Tag("p", t.gettext("Nobody is waiting."), classes="empty__title")
                Tag("p", t.gettext("New questions appear here by themselves."))

    def show(
        self,
        queue: Sequence[QueueItem],
        opened_by: Mapping[int, Sequence[str]],
        *,
        conversation_id: int | None,
        now: datetime,
    ) -> None:
        waiting = {item.turn.id for item in queue}
        for turn_id in [known for known in self._rows if known not in waiting]:
            self._rows.pop(turn_id).element.delete()
        for place, item in enumerate(queue):
            row = self._rows.get(item.turn.id)
            if row is None:
                with self._list:
                    row = self._rows[item.turn.id] = _Row(item, self._t)
                if place < len(self._rows) - 1:
                    row.element.move(target_index=place)
            row.show(
                seconds=(now - item.turn.received_at).total_seconds(),
                current=item.customer.conversation_id == conversation_id,
                opened_by=opened_by.get(item.turn.id, ()),
            )
        self._count.say(str(len(queue)) if queue else "")
        self._empty.set_visibility(not queue)
        self._list.set_visibility(bool(queue))


class _Row:
    def __init__(self, item: QueueItem, t: Translations) -> None:
        self._t = t
        turn, customer = item.turn, item.customer
        with (
            Tag("li") as self.element,
            Tag(
                "button", classes="turn", data_do="open", data_conversation=customer.conversation_id
            ) as self._row,
        ):
            with Tag("span", classes="turn__top"):
                Tag("span", customer.name or t.gettext("Unnamed"), classes="turn__name", dir="auto")
                self._wait = Tag("span", classes="turn__wait")
            Tag("span", _preview(turn.utterance, t), classes="turn__words", dir="auto")
            with Tag("span", classes="turn__marks"):
                Tag("span", words.channel(customer.channel, t), classes="mark")
                if item.confidence is not None:
                    Tag(
                        "span",
                        words.percent(item.confidence),
                        classes=f"mark mark--{words.level(item.confidence)}",
                        title=words.confidence(item.confidence, t),
                    )
                reason = words.handoff(turn.handoff_reason, t)
                if reason:
                    urgent = turn.handoff_reason in [reason.value for reason in words.URGENT]
                    Tag("span", reason, classes="mark mark--urgent" if urgent else "mark mark--quiet")
                self._others = Tag("span", classes="mark mark--others")

    def show(self, *, seconds: float, current: bool, opened_by: Sequence[str]) -> None:
        self._wait.say(words.lasting(seconds, self._t))
        self._wait.toggle("turn__wait--long", seconds >= _LONG_WAIT)
        self._row.set(aria_current="true" if current else None)
        self._others.say(
            self._t.gettext("on screen: {names}").format(names=", ".join(opened_by)) if opened_by else ""
        )
        self._others.set_visibility(bool(opened_by))


def _preview(utterance: str | None, t: Translations) -> str:
    text = " ".join((utterance or "").split())
    if not text:
        return t.gettext("(no text)")
    return text if len(text) <= _PREVIEW else text[:_PREVIEW].rstrip() + "…"

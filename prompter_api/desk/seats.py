"""Who sits at the desk: every call of a page checks that its account may still work."""

from dataclasses import dataclass, field
from typing import Any

from kb_index import Article
from prompter.decisions import Decided, Decision
from prompter.desk import ConversationView, QueueItem
from prompter.errors import NotFound
from prompter.storage import Account, Role
from prompter.values import Reply
from prompter_api.desk.drafts import Draft, Drafts
from prompter_api.parts import Parts


class SignedOut(Exception):
    """This page's account was disabled, has logged out or has a new password."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What there is to see at one moment; `view` is None where no conversation is open."""

    queue: list[QueueItem]
    view: ConversationView | None
    troubled: list[Reply]
    opened_by: dict[int, list[str]]  # turn -> the other people who have it on their screen


@dataclass(eq=False, kw_only=True)
class Seat:
    """One open page. Its methods block: pages call them through `run.io_bound`."""

    parts: Parts
    account: Account
    session: dict[str, Any]
    seats: "Seats"
    open_turn: int | None = None
    closed: bool = field(default=False, init=False)

    def check(self) -> Account:
        """The account as it is now.

        Raises:
            SignedOut: it may not work any more.
        """
        account = None if self.closed else self.parts.accounts.active(self.account.id)
        if (
            account is None
            or account.password_changed_at != self.account.password_changed_at
            or account.role < Role.OPERATOR
        ):
            raise SignedOut
        self.account = account
        return account

    def look(self, conversation_id: int | None) -> Look:
        self.check()
        desk = self.parts.desk
        return Look(
            queue=desk.queue(),
            view=self._view(conversation_id),
            troubled=desk.troubled_replies(),
            opened_by=self.seats.opened_by_others(self),
        )

    def _view(self, conversation_id: int | None) -> ConversationView | None:
        try:
            return None if conversation_id is None else self.parts.desk.conversation(conversation_id)
        except NotFound:
            return None

    def decide(self, decision: Decision) -> Decided:
        self.check()
        return self.parts.desk.decide(decision)

    def who_decided(self, turn_id: int) -> str | None:
        """The name of whoever answered the turn."""
        self.check()
        _turn, _suggestions, standing = self.parts.desk.turn(turn_id)
        return standing.operator_name if standing else None

    def undo(self, decision_id: int) -> None:
        self.parts.desk.undo(decision_id, self.check())

    def write(self, conversation_id: int, text: str) -> None:
        self.parts.desk.write(conversation_id, text, self.check())

    def settle(self, reply_id: int, *, send_again: bool) -> None:
        self.check()
        self.parts.desk.settle_reply(reply_id, send_again=send_again)

    def find(self, text: str) -> list[Article]:
        self.check()
        return self.parts.desk.find_articles(text) if text.strip() else []

    def filled_answer(self, conversation_id: int, article_id: str) -> str:
        self.check()
        return self.parts.desk.filled_answer(conversation_id, article_id)

    # These two only touch memory: they may be called on the event loop.

    def keep_draft(self, conversation_id: int, draft: Draft) -> None:
        self.seats.drafts.keep(self.account.id, conversation_id, draft)

    def draft(self, conversation_id: int) -> Draft:
        return self.seats.drafts.of(self.account.id, conversation_id)


class Seats:
    """The pages that are open in this process."""

    def __init__(self) -> None:
        self.drafts = Drafts()
        self._taken: set[Seat] = set()

    def take(self, parts: Parts, account: Account, session: dict[str, Any]) -> Seat:
        seat = Seat(parts=parts, account=account, session=session, seats=self)
        self._taken.add(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        self._taken.discard(seat)

    def close(self, session: dict[str, Any]) -> None:
        """The session has ended: its pages see and do nothing any more."""
        for seat in list(self._taken):
            if seat.session == session:
                seat.closed = True

    def opened_by_others(self, own: Seat) -> dict[int, list[str]]:
        """Which turns other people have on their screen, by name."""
        opened: dict[int, set[str]] = {}
        for seat in list(self._taken):  # a copy: pages come and go while a thread looks
            if seat.open_turn is not None and not seat.closed and seat.account.id != own.account.id:
                opened.setdefault(seat.open_turn, set()).add(seat.account.name)
        return {turn: sorted(names) for turn, names in opened.items()}

"""What the bot would like to learn: proposals that wait for a supervisor."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui
from nicegui.events import GenericEventArguments

from kb_index import InvalidArticle
from prompter.drafts import ProposalKind
from prompter.errors import (
    AlreadySettled,
    ArticleChanged,
    ArticleGone,
    Forbidden,
    InvalidProposal,
    NotFound,
    PrompterError,
)
from prompter.proposals import Outcome, Proposal
from prompter.storage import Conflict, Role
from prompter_api.desk.elements import Tag
from prompter_api.desk.frame import Door, Frame, Visitor, in_thread
from prompter_api.desk.keyed_rows import KeyedRows
from prompter_api.desk.mounting import asset
from prompter_api.desk.notices import Notices
from prompter_api.desk.proposal_card import KINDS, ProposalCard
from prompter_api.desk.seats import SignedOut
from prompter_api.locale import Translations

_MOST = 30  # proposals on the page; the next ones come when these are settled
_EVERY = 3  # ticks between two looks


def add_inbox(router: APIRouter, door: Door, *, poll_seconds: float) -> None:
    """Add the page /learning; `?kind=` shows proposals of one kind only."""

    @ui.page("/learning", api_router=router, reconnect_timeout=60)
    async def inbox(request: Request, kind: str = "") -> Response | None:
        visitor = await door.let_in(request, Role.SUPERVISOR)
        if isinstance(visitor, Response):
            return visitor
        ui.add_body_html(f'<script src="{asset("desk.js")}"></script>')
        page = InboxPage(visitor, ProposalKind(kind) if kind in set(ProposalKind) else None)
        ui.on("desk", page.hear)
        ui.timer(poll_seconds, page.tick)
        return None


class InboxPage:
    """One open page."""

    def __init__(self, visitor: Visitor, kind: ProposalKind | None) -> None:
        self._seat, self._t, self._kind = visitor.seat, visitor.t, kind
        self._acting = asyncio.Lock()
        self._left = False
        self._ticks = 0
        self._cards: dict[int, ProposalCard] = {}
        _ = visitor.t.gettext
        address = "/learning" if kind is None else f"/learning?kind={kind.value}"
        frame = Frame(visitor, here="/learning", title=_("Learning"), after=address)
        with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
            with Tag("header", classes="sheet__head"):
                Tag("h1", _("What the bot would like to learn"), classes="sheet__title")
                Tag(
                    "p",
                    _(
                        "Proposals from what operators wrote and changed. "
                        "What you approve is answered from at once."
                    ),
                    classes="side__hint",
                )
                with Tag("nav", classes="sheet__line", aria_label=_("Kinds")):
                    self._links: dict[ProposalKind | None, Tag] = {
                        None: Tag("a", href="/learning", classes="link")
                    }
                    for one in KINDS:
                        self._links[one] = Tag("a", href=f"/learning?kind={one.value}", classes="link")
                with Tag("div", classes="sheet__line"):
                    Tag("button", _("Approve chosen"), classes="button", data_do="approve_many")
                    Tag("button", _("Dismiss chosen"), classes="button", data_do="dismiss_many")
                    Tag("button", _("Merge chosen into one"), classes="button", data_do="merge")
                self._refusal = Tag("p", classes="notice notice--bad", role="alert")
            area = Tag("div", classes="sheet__area")
            with Tag("div", classes="empty empty--large") as self._empty:
                Tag("p", _("Nothing is proposed"), classes="empty__title")
                Tag(
                    "p",
                    _(
                        "When operators write answers of their own, change suggestions or find another "
                        "article, what several customers need appears here the next time the bot learns."
                    ),
                )
        self._rows = KeyedRows[int, ProposalCard](area, self._card)
        self._notices = Notices(visitor.t)
        self._empty.set_visibility(False)
        self._refuse("")

    def _card(self, proposal_id: int) -> ProposalCard:
        card = self._cards[proposal_id] = ProposalCard(proposal_id, self._t)
        return card

    async def tick(self) -> None:
        """Look for news now and then; called every second."""
        self._notices.tick()
        self._ticks += 1
        if self._left or self._acting.locked() or self._ticks % _EVERY != 1:
            return
        async with self._acting:
            await self._guarded(self._refresh)

    async def hear(self, event: GenericEventArguments) -> None:
        """A click; one after the other."""
        pressed = event.args if isinstance(event.args, dict) else {}
        number = str(pressed.get("proposal") or "")
        proposal_id = int(number) if number.isdecimal() and len(number) < 10 else 0
        async with self._acting:
            await self._guarded(lambda: self._act(str(pressed.get("do")), proposal_id))

    async def _act(self, do: str, proposal_id: int) -> None:
        self._refuse("")
        card = self._cards.get(proposal_id)
        chosen = [number for number, one in self._cards.items() if one.is_chosen]
        match do:
            case "approve" if card:
                await self._settle(card, lambda: self._seat.approve_proposals([proposal_id]))
            case "dismiss" if card:
                await self._settle(card, lambda: self._seat.dismiss_proposals([proposal_id]))
            case "edit" if card:
                card.edit()
                return
            case "cancel" if card:
                card.stop_editing()
                return
            case "save" if card:
                await self._save(card, proposal_id)
            case "approve_many" if chosen:
                self._tell(await in_thread(self._seat.approve_proposals, chosen))
            case "dismiss_many" if chosen:
                self._tell(await in_thread(self._seat.dismiss_proposals, chosen))
            case "merge" if len(chosen) > 1:
                await self._merge(chosen)
            case "approve_many" | "dismiss_many" | "merge":
                self._refuse(self._t.gettext("Choose proposals first; to merge, two or more."))
                return
            case _:
                return
        await self._refresh()

    async def _settle(self, card: ProposalCard, act: Callable[[], list[Outcome]]) -> None:
        (outcome,) = await in_thread(act)
        card.refuse(refusal(outcome.error, self._t) if outcome.error else "")
        if outcome.error is None and outcome.article_id:
            self._notices.say(self._t.gettext("It is answered from now."))

    async def _save(self, card: ProposalCard, proposal_id: int) -> None:
        try:
            await in_thread(self._seat.edit_proposal, proposal_id, card.edited())
        except (PrompterError, InvalidArticle, Conflict) as error:
            if isinstance(error, Forbidden):
                raise
            card.refuse(refusal(error, self._t))
            return
        card.refuse("")
        card.forget()

    async def _merge(self, chosen: Sequence[int]) -> None:
        try:
            await in_thread(self._seat.merge_proposals, list(chosen[1:]), chosen[0])
        except (PrompterError, Conflict) as error:
            if isinstance(error, Forbidden):
                raise
            self._refuse(refusal(error, self._t))
            return
        for number in chosen:
            self._cards[number].let_go()
        self._cards[chosen[0]].forget()

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        """Of many: those that were refused say so on their cards."""
        refused = [one for one in outcomes if one.error is not None]
        for one in refused:
            if card := self._cards.get(one.proposal_id):
                card.refuse(refusal(one.error, self._t))
        text = self._t.gettext("{done} done, {refused} refused.")
        self._notices.say(text.format(done=len(outcomes) - len(refused), refused=len(refused)))

    async def _refresh(self) -> None:
        self._show(*await in_thread(self._seat.inbox, self._kind, most=_MOST))

    def _show(
        self, waiting: Mapping[ProposalKind, int], proposals: Sequence[Proposal], names: dict[str, str]
    ) -> None:
        """Show what waits; `names` are questions of the articles named, by id."""
        _ = self._t.gettext
        total = sum(waiting.values())
        for kind, link in self._links.items():
            count = total if kind is None else waiting.get(kind, 0)
            name = _("All") if kind is None else _(KINDS[kind])
            link.say(f"{name} · {count}")
            link.set(aria_current="true" if kind is self._kind else None)
        cards = self._rows.show([one.id for one in proposals])
        for gone in self._cards.keys() - {one.id for one in proposals}:
            del self._cards[gone]
        for card, proposal in zip(cards, proposals, strict=True):
            card.show(proposal, names)
        self._empty.set_visibility(not proposals)

    async def _guarded(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except (SignedOut, Forbidden):
            self._left = True
            ui.run_javascript("location.reload()")

    def _refuse(self, text: str) -> None:
        self._refusal.say(text)
        self._refusal.set_visibility(bool(text))


def refusal(error: Exception | None, t: Translations) -> str:
    """Why a proposal was not settled."""
    match error:
        case AlreadySettled() | NotFound() | Conflict():
            return t.gettext("A colleague was faster: it is settled.")
        case ArticleGone():
            return t.gettext("The article is not there any more: dismiss it, or make a new article.")
        case ArticleChanged():
            return t.gettext("The article's answer has changed since: look at it again.")
        case InvalidProposal() | InvalidArticle():
            return t.gettext("This cannot be approved as it is: {reason}").format(reason=error)
        case _:
            return t.gettext("This was refused: {reason}").format(reason=error)

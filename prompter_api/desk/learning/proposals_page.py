"""The page of open proposals, for supervisors."""

import asyncio
from collections.abc import Mapping, Sequence

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui
from nicegui.events import GenericEventArguments

from kb_index import Article, InvalidArticle
from prompter.common.errors import AlreadySettled, Forbidden, NotFound, PrompterError, ProposalChanged
from prompter.domain.account import Role
from prompter.domain.drafts import ProposalKind
from prompter.knowledge.proposals import Proposal, ProposalResult, ProposalState
from prompter.storage import Conflict
from prompter_api.desk.learning.dialogs import ArticleDialog, ManyDialog
from prompter_api.desk.learning.errors import refusal, settlement
from prompter_api.desk.learning.proposal_card import KINDS, ProposalCard
from prompter_api.desk.ui.elements import Tag, draw_keys
from prompter_api.desk.ui.frame import Layout, PageContext, PageGuard, run_in_thread
from prompter_api.desk.ui.keyed_rows import KeyedRows
from prompter_api.desk.ui.notices import Notices
from prompter_api.desk.ui.numbers import number_of

_MORE = 30  # proposals on the page, and the number that "more" adds
_EVERY = 3  # ticks between two checks for news
_KEYS = {
    "j": "next",
    "k": "previous",
    "enter": "approve",
    "e": "edit",
    "r": "dismiss",
    "x": "choose",
    "escape": "cancel",
    "ctrl+enter": "save",
}


def add_inbox(router: APIRouter, guard: PageGuard, *, poll_seconds: float) -> None:
    """Add the page /learning. `?kind=` shows proposals of one kind only."""

    @ui.page("/learning", api_router=router, reconnect_timeout=60)
    async def inbox(request: Request, kind: str = "") -> Response | None:
        context = await guard.admit(request, Role.SUPERVISOR)
        if isinstance(context, Response):
            return context
        page = InboxPage(context, ProposalKind(kind) if kind in set(ProposalKind) else None)
        ui.on("desk", page.on_event)
        ui.timer(poll_seconds, page.poll)
        return None


class InboxPage:
    """An open page of proposals. Keys act on the current card. Typed text stays, even if others act."""

    def __init__(self, context: PageContext, kind: ProposalKind | None) -> None:
        self._session, self._t, self._kind, self._topic = context.session, context.t, kind, context.topic
        self._acting = asyncio.Lock()
        self._access = context.access
        self._ticks = 0
        self._escapes = 0  # how often Escape was pressed before the current key
        self._limit = _MORE
        self._cards: dict[int, ProposalCard] = {}  # in the order of the page
        self._current: int | None = None
        _ = context.t.gettext
        address = "/learning" if kind is None else f"/learning?kind={kind.value}"
        frame = Layout(context, here="/learning", title=_("Suggested updates"), after=address)
        with frame.body:
            self._root = Tag("div", classes="sheet", data_desk=True, data_keys=" ".join(_KEYS))
        with self._root:
            self._head()
            area = Tag("div", classes="sheet__area")
            self._more = Tag("button", classes="button", data_do="more")
            with Tag("div", classes="empty empty--large") as self._empty:
                Tag("p", _("No suggested updates"), classes="empty__title")
                Tag(
                    "p",
                    _(
                        "When operators write their own answers, edit suggestions or pick another "
                        "article, whatever several customers need appears here after the next "
                        "learning run."
                    ),
                )
        self._rows = KeyedRows[int, ProposalCard](area, self._card)
        self._many = ManyDialog(context.t)
        self._which = ArticleDialog(context.t, self._search)
        self._notices = Notices(context.t)
        self._empty.set_visibility(False)
        self._more.set_visibility(False)
        self._refuse("")

    def _head(self) -> None:
        _ = self._t.gettext
        with Tag("header", classes="sheet__head"):
            Tag("h1", _("Suggested updates"), classes="sheet__title")
            Tag(
                "p",
                _("Proposals based on what operators wrote and edited. Approved ones go live at once."),
                classes="side__hint",
            )
            with Tag("nav", classes="sheet__line", aria_label=_("Types")):
                self._links: dict[ProposalKind | None, Tag] = {
                    None: Tag("a", href="/learning", classes="link")
                }
                for kind in KINDS:
                    self._links[kind] = Tag("a", href=f"/learning?kind={kind.value}", classes="link")
            with Tag("div", classes="sheet__line") as self._actions:
                Tag("button", _("Select all shown"), classes="button", data_do="choose_all")
                Tag("button", _("Clear selection"), classes="button", data_do="choose_none")
                Tag("button", _("Approve selected"), classes="button", data_do="approve_many")
                Tag("button", _("Dismiss selected"), classes="button", data_do="dismiss_many")
                Tag("button", _("Merge selected"), classes="button", data_do="merge")
            with Tag("p", classes="side__hint keys") as self._keys:
                for keys, text in (
                    (("J", "K"), _("next, previous")),
                    (("Enter",), _("approve")),
                    (("E",), _("edit")),
                    (("R",), _("dismiss")),
                    (("X",), _("select")),
                ):
                    draw_keys(keys)
                    Tag("span", text)
            self._refusal = Tag("p", classes="notice notice--bad", role="alert")

    def _card(self, proposal_id: int) -> ProposalCard:
        card = self._cards[proposal_id] = ProposalCard(proposal_id, self._t, self._topic)
        return card

    # --- events -----------------------------------------------------------------------------

    async def poll(self) -> None:
        """Check for news from time to time. Called every second."""
        self._notices.poll()
        self._ticks += 1
        if self._access.is_lost or self._acting.locked() or self._ticks % _EVERY != 1:
            return
        async with self._acting:
            with self._access.required():
                await self._refresh()

    async def on_event(self, event: GenericEventArguments) -> None:
        """Handle keys and clicks, one at a time."""
        pressed = event.args if isinstance(event.args, dict) else {}
        do, number = str(pressed.get("do")), str(pressed.get("proposal") or "")
        async with self._acting:
            self._escapes = number_of(str(pressed.get("escapes"))) or 0
            if do == "key":
                # The card that was current at the key press, so that a double press approves no unseen card.
                do, number = self._meaning(str(pressed.get("key"))), str(pressed.get("turn") or "")
            proposal_id = max(0, number_of(number) or 0)
            self._refuse("")
            with self._access.required():
                await self._act(do, proposal_id, str(pressed.get("article") or ""))

    def _meaning(self, key: str) -> str:
        if self._many.is_open or self._which.is_open:
            chosen = {"escape": "close"} | ({"ctrl+enter": "sure"} if self._many.is_open else {})
            return chosen.get(key, "")
        return _KEYS.get(key, "")

    async def _act(self, do: str, proposal_id: int, article_id: str) -> None:
        card = self._cards.get(proposal_id)
        match do:
            case "next":
                self._move(1)
            case "previous":
                self._move(-1)
            case "choose_all" | "choose_none":
                for proposal_card in self._cards.values():
                    proposal_card.choose(do == "choose_all" and not proposal_card.is_lost)
            case "more":
                self._limit += _MORE
                await self._refresh()
            case "approve_many" | "dismiss_many" | "merge":
                self._ask(do)
            case "sure":
                await self._confirm()
            case "close":
                self._many.close()
                self._which.close()
            case "into" if article_id:
                await self._approve_into(article_id)
            case _ if card is not None:
                await self._act_on(card, do, proposal_id)

    async def _act_on(self, card: ProposalCard, do: str, proposal_id: int) -> None:
        proposal = card.proposal
        self._choose_current(proposal_id)
        match do:
            case "choose" if not card.is_lost:
                card.choose(not card.is_chosen)
            case "edit" if not card.is_edited:
                card.edit(await run_in_thread(self._session.article_topics))
                ui.run_javascript(f"sufler.focusSoon('edit-{proposal_id}', {self._escapes}); sufler.ready()")
            case "cancel" if card.is_edited:
                card.stop_editing()
                await self._refresh()
            case "save" if card.is_edited and not card.is_lost and proposal is not None:
                await self._save(card, proposal)
            case "approve" if not card.is_edited and proposal is not None:
                seen = {proposal_id: proposal.wording}
                await self._settle(card, await run_in_thread(self._session.approve_proposals, seen))
            case "dismiss" if not card.is_edited:
                await self._settle(card, await run_in_thread(self._session.dismiss_proposals, [proposal_id]))
            case "belongs" if proposal is not None:
                nearest = await run_in_thread(self._session.nearest_articles, proposal.question)
                self._which.ask(proposal_id, nearest)

    async def _settle(self, card: ProposalCard, outcomes: Sequence[ProposalResult]) -> None:
        (outcome,) = outcomes
        if outcome.error is None:
            card.refuse("")
            if outcome.article_id:
                self._notices.say(self._t.gettext("Live now."))
        elif isinstance(outcome.error, (AlreadySettled, NotFound)):  # the card goes away
            self._notices.say(refusal(outcome.error, self._t), bad=True)
        else:
            card.refuse(refusal(outcome.error, self._t))
        await self._refresh()

    async def _save(self, card: ProposalCard, seen: Proposal) -> None:
        try:
            await run_in_thread(self._session.edit_proposal, seen.id, card.typed_values(), seen.wording)
        except ProposalChanged:
            card.compare(*await run_in_thread(self._session.proposal, seen.id))
            return
        except AlreadySettled as error:
            card.lose(refusal(error, self._t))
            return
        except Forbidden:
            raise
        except (PrompterError, InvalidArticle, Conflict) as error:
            card.refuse(refusal(error, self._t))
            return
        card.end_editing()
        ui.run_javascript("sufler.release()")
        await self._refresh()

    def _chosen_proposals(self) -> list[Proposal]:
        return [card.proposal for card in self._cards.values() if card.is_chosen and card.proposal]

    def _ask(self, wanted: str) -> None:
        chosen = self._chosen_proposals()
        if len(chosen) < (2 if wanted == "merge" else 1):
            self._refuse(self._t.gettext("Select proposals first, at least two to merge."))
        else:
            self._many.ask(wanted, chosen)

    async def _confirm(self) -> None:
        if not self._many.is_open:
            return
        self._many.close()
        chosen = self._chosen_proposals()
        match self._many.wanted:
            case "approve_many":
                seen = {proposal.id: proposal.wording for proposal in chosen}
                self._tell(await run_in_thread(self._session.approve_proposals, seen))
            case "dismiss_many":
                self._tell(
                    await run_in_thread(self._session.dismiss_proposals, [proposal.id for proposal in chosen])
                )
            case "merge":
                await self._merge([proposal.id for proposal in chosen])
        await self._refresh()

    def _tell(self, outcomes: Sequence[ProposalResult]) -> None:
        """Show the results of many proposals: each refusal on its card, and a summary as a notice."""
        refused = [result for result in outcomes if result.error is not None]
        for result in refused:
            if card := self._cards.get(result.proposal_id):
                card.refuse(refusal(result.error, self._t))
        text = self._t.gettext("Done: {done}, not done: {refused}.")
        done = text.format(done=len(outcomes) - len(refused), refused=len(refused))
        why = dict.fromkeys(refusal(result.error, self._t) for result in refused)
        self._notices.say(" ".join([done, *why]), bad=bool(refused))

    async def _merge(self, chosen: Sequence[int]) -> None:
        try:
            await run_in_thread(self._session.merge_proposals, list(chosen), self._many.target_id)
        except Forbidden:
            raise
        except (PrompterError, InvalidArticle, Conflict) as error:
            self._refuse(refusal(error, self._t))
            return
        for number in chosen:
            self._cards[number].choose(False)

    async def _approve_into(self, article_id: str) -> None:
        self._which.close()
        card = self._cards.get(self._which.proposal_id)
        if card is None or card.proposal is None:
            return
        try:
            await run_in_thread(
                self._session.approve_into, card.proposal.id, article_id, card.proposal.wording
            )
        except Forbidden:
            raise
        except (PrompterError, InvalidArticle, Conflict) as error:
            self._notices.say(refusal(error, self._t), bad=True)
        else:
            self._notices.say(self._t.gettext("Live now."))
        await self._refresh()

    async def _search(self, text: str) -> None:
        with self._access.required():
            self._which.show(await run_in_thread(self._session.find, text))

    # --- drawing ----------------------------------------------------------------------------

    async def _refresh(self) -> None:
        waiting, proposals, articles = await run_in_thread(self._session.inbox, self._kind, limit=self._limit)
        open_ids = {candidate.id for candidate in proposals}
        for number, card in self._cards.items():
            if card.is_edited and not card.is_lost and number not in open_ids:
                proposal, article = await run_in_thread(self._session.proposal, number)
                if proposal.state is ProposalState.OPEN:  # others have more support now
                    proposals.append(proposal)
                    articles |= {article.id: article} if article else {}
                else:
                    card.lose(settlement(proposal, self._t))
        self._show(waiting, proposals, articles)

    def _show(
        self,
        waiting: Mapping[ProposalKind, int],
        proposals: Sequence[Proposal],
        articles: Mapping[str, Article],
    ) -> None:
        """Show the open proposals. `articles` are the articles of the proposals, by id."""
        _ = self._t.gettext
        total = sum(waiting.values())
        for kind, link in self._links.items():
            count = total if kind is None else waiting.get(kind, 0)
            name = _("All") if kind is None else _(KINDS[kind])
            link.say(f"{name} · {count}")
            link.set(aria_current="true" if kind is self._kind else None)
        n_left = (total if self._kind is None else waiting.get(self._kind, 0)) - len(proposals)
        self._more.say(_("Show more: {count} left").format(count=n_left))
        self._more.set_visibility(n_left > 0)
        numbers = [candidate.id for candidate in proposals]
        before = list(self._cards)
        for place, (number, card) in enumerate(self._cards.items()):
            if card.is_lost and card.is_edited and number not in numbers:
                numbers.insert(place, number)
        place = before.index(self._current) if self._current in before else 0
        rows = self._rows.show(numbers)
        self._cards = dict(zip(numbers, rows, strict=True))
        for proposal in proposals:
            self._cards[proposal.id].show(proposal, articles.get(proposal.article_id or ""))
        self._empty.set_visibility(not numbers)
        self._actions.set_visibility(bool(numbers))
        self._keys.set_visibility(bool(numbers))
        if self._current not in self._cards:  # the card that has taken its place
            self._current = numbers[min(place, len(numbers) - 1)] if numbers else None
        self._choose_current(self._current)

    def _move(self, step: int) -> None:
        numbers = list(self._cards)
        if numbers:
            place = numbers.index(self._current) if self._current in numbers else -step
            self._choose_current(numbers[max(0, min(len(numbers) - 1, place + step))])
            ui.run_javascript(f"sufler.show('[data-card=\"{self._current}\"]')")

    def _choose_current(self, proposal_id: int | None) -> None:
        self._current = proposal_id
        self._root.set(data_turn=proposal_id)
        for number, card in self._cards.items():
            card.mark(number == proposal_id)

    def _refuse(self, text: str) -> None:
        self._refusal.say(text)
        self._refusal.set_visibility(bool(text))

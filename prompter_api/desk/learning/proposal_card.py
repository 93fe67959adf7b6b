"""The card of one proposal: the proposed change, its evidence and the actions."""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from kb_index import Article
from prompter.domain.drafts import ProposalKind, Source
from prompter.knowledge.proposals import Proposal
from prompter.text.translations import N_, Translations
from prompter_api.desk.knowledge.articles_page import article_address
from prompter_api.desk.knowledge.labels import difference
from prompter_api.desk.ui.elements import Tag, draw_keys
from prompter_api.desk.ui.labels import TopicLabel
from prompter_api.desk.ui.topic_choice import TopicChoice

KINDS = {
    ProposalKind.NEW_ARTICLE: N_("New article"),
    ProposalKind.CHANGED_ANSWER: N_("Changed answer"),
    ProposalKind.PHRASING: N_("Alternative phrasing"),
}
_SHOWN = 5  # the maximum number of texts and answers shown as evidence


class ProposalCard:
    """A card that is redrawn only when the proposal has changed, and never while it is edited."""

    def __init__(self, proposal_id: int, t: Translations, topic: TopicLabel) -> None:
        self._t, self._topic = t, topic
        self._id = proposal_id
        self._drawn: Proposal | None = None
        self._article: Article | None = None
        self._fields: dict[str, ui.input | ui.textarea | TopicChoice] = {}
        self._lost = False  # somebody else settled the proposal while it was edited
        self.element = Tag("article", classes="card", data_card=proposal_id)
        with self.element:
            with Tag("header", classes="card__head"):
                with Tag("span", classes="card__kind"):
                    self._chosen = ui.checkbox().props("dense")
                    self._chosen.props["aria-label"] = t.gettext("Select")
                    self._kind = Tag("span", classes="mark mark--plain")
                    self._place = Tag("span", classes="board__small", dir="auto")
                self._weight = Tag("span", classes="board__small")
            self._body = Tag("div", classes="card__body", data_focus=f"edit-{proposal_id}")
            self._refusal = Tag("p", classes="notice notice--bad", role="alert")
            self._newest = Tag("div", classes="history__one")
            self._foot = Tag("footer", classes="card__foot")
        self._newest.set_visibility(False)
        self.refuse("")

    @property
    def is_chosen(self) -> bool:
        return bool(self._chosen.value)

    @property
    def is_edited(self) -> bool:
        """True while the card is being edited."""
        return bool(self._fields)

    @property
    def is_lost(self) -> bool:
        return self._lost

    @property
    def proposal(self) -> Proposal | None:
        """The proposal as shown on the screen."""
        return self._drawn

    def choose(self, yes: bool) -> None:
        self._chosen.value = yes

    def mark(self, current: bool) -> None:
        """Mark or unmark the card as current. Keys act on the current card."""
        self.element.toggle("card--current", current)
        self.element.set(aria_current="true" if current else None)

    def show(self, proposal: Proposal, article: Article | None) -> None:
        """Draw the proposal unless it is being edited. `article` is its article in the current version."""
        if self._fields or (proposal, article) == (self._drawn, self._article):
            return
        self._drawn, self._article = proposal, article
        _ = self._t.gettext
        self._kind.say(_(KINDS[proposal.kind]))
        about = [self._topic(proposal.topic), proposal.language]
        if proposal.source is Source.HISTORY:
            about.append(_("from chat history"))
        if proposal.edited_by is not None:
            about.append(_("edited by a supervisor"))
        self._place.say(" · ".join(about))
        proof = proposal.proof
        customers = self._t.ngettext("{count} customer", "{count} customers", proof.n_conversations)
        operators = self._t.ngettext("{count} operator", "{count} operators", proof.n_operators)
        self._weight.say(
            f"{customers.format(count=proof.n_conversations)}, {operators.format(count=proof.n_operators)}"
        )
        self._draw(proposal)

    def edit(self, topics: Sequence[str]) -> None:
        """Replace the texts with fields. `topics` are the topics to choose from."""
        proposal = self._drawn
        if proposal is None or self._fields:
            return
        _ = self._t.gettext
        self.refuse("")
        self._body.clear()
        self._foot.clear()
        with self._body:
            if proposal.kind is not ProposalKind.CHANGED_ANSWER:
                self._fields["question"] = ui.input(_("Question"), value=proposal.question)
            if proposal.kind is not ProposalKind.PHRASING:
                self._fields["answer"] = ui.textarea(_("Answer"), value=proposal.answer)
            if proposal.kind is ProposalKind.NEW_ARTICLE:
                lines = "\n".join(proposal.phrasings)
                label = _("Alternative phrasings, one per line")
                self._fields["phrasings"] = ui.textarea(label, value=lines)
                self._fields["topic"] = TopicChoice(topics, self._topic, self._t)
                self._fields["topic"].value = proposal.topic
                self._fields["language"] = ui.input(_("Language"), value=proposal.language)
            for field in self._fields.values():
                if isinstance(field, TopicChoice):
                    continue
                field.props("autogrow stack-label" if isinstance(field, ui.textarea) else "stack-label")
                field.classes("w-full")
        with self._foot:
            self._button(_("Save"), "save", main=True, keys=("Ctrl", "Enter"))
            self._button(_("Cancel"), "cancel", keys=("Esc",))

    def typed_values(self) -> dict[str, Any]:
        """Return the typed values by field. For a changed answer, include the answer it was based on."""
        typed: dict[str, Any] = {name: str(field.value or "") for name, field in self._fields.items()}
        if "phrasings" in typed:
            typed["phrasings"] = typed["phrasings"].splitlines()
        if self._drawn is not None and self._drawn.kind is ProposalKind.CHANGED_ANSWER and self._article:
            typed["base_answer"] = self._article.answer
        return typed

    def stop_editing(self) -> None:
        """Discard the edits and show the texts again."""
        self._fields.clear()
        self._newest.set_visibility(False)
        self.refuse("")
        if self._drawn is not None:
            self._draw(self._drawn)

    def end_editing(self) -> None:
        """Leave editing after the text was stored. The next `show` redraws the card."""
        self._fields.clear()
        self._newest.set_visibility(False)
        self.refuse("")
        self._drawn = None

    def lose(self, why: str) -> None:
        """Tell that somebody else settled the proposal. The typed text stays until the card is closed."""
        if self._lost:
            return
        self._lost = True
        self.choose(False)
        self.refuse(" ".join([why, self._t.gettext("Your text stays here until you close the card.")]))
        self._foot.clear()
        with self._foot:
            self._button(self._t.gettext("Close"), "cancel")

    def compare(self, newest: Proposal, article: Article | None) -> None:
        """Show somebody else's change below the typed text. The next save is based on that change."""
        self._drawn, self._article = newest, article
        _ = self._t.gettext
        self._newest.clear()
        with self._newest:
            Tag("p", _("Current text"), classes="board__small")
            for text in (newest.question, newest.answer):
                if text:
                    Tag("p", text, classes="card__text", dir="auto")
        self._newest.set_visibility(True)
        self.refuse(_("A colleague has changed it in the meantime. Compare, then save again."))

    def refuse(self, text: str) -> None:
        """Show why an action failed. An empty text hides the message."""
        self._refusal.say(text)
        self._refusal.set_visibility(bool(text))

    def _draw(self, proposal: Proposal) -> None:
        _ = self._t.gettext
        self._body.clear()
        self._foot.clear()
        with self._body:
            match proposal.kind:
                case ProposalKind.NEW_ARTICLE:
                    self._draw_new(proposal)
                case ProposalKind.CHANGED_ANSWER:
                    self._draw_change(proposal)
                case ProposalKind.PHRASING:
                    Tag("h2", f"«{proposal.question}»", classes="card__name", dir="auto")
                    self._draw_article(_("for the article"))
            self._draw_proof(proposal)
        with self._foot:
            self._button(_("Approve"), "approve", main=True, keys=("Enter",))
            self._button(_("Edit"), "edit", keys=("E",))
            self._button(_("Dismiss"), "dismiss", keys=("R",))
            if proposal.kind is ProposalKind.NEW_ARTICLE:
                self._button(_("Already in an article…"), "belongs")

    def _draw_new(self, proposal: Proposal) -> None:
        _ = self._t.gettext
        Tag("h2", proposal.question, classes="card__name", dir="auto")
        Tag("p", proposal.answer or _("No answer yet."), classes="card__text", dir="auto")
        if proposal.phrasings:
            with Tag("details"):
                count = len(proposal.phrasings)
                summary = self._t.ngettext(
                    "{count} alternative phrasing",
                    "{count} alternative phrasings",
                    count,
                )
                Tag("summary", summary.format(count=count), classes="card__more")
                with Tag("ul", classes="history__list"):
                    for text in proposal.phrasings:
                        Tag("li", text, dir="auto")

    def _draw_change(self, proposal: Proposal) -> None:
        _ = self._t.gettext
        self._draw_article(_("the answer of the article"))
        now = self._article.answer if self._article is not None else proposal.base_answer or ""
        difference(now, proposal.answer)
        if now != proposal.base_answer:
            Tag(
                "p",
                _(
                    "The article's answer has changed since this was proposed; the result is shown "
                    "above. Edit and save the text, then approve."
                ),
                classes="notice notice--warn",
            )

    def _draw_article(self, label: str) -> None:
        """Draw the article of the proposal, with a link to it."""
        article_id = self._drawn.article_id if self._drawn else None
        with Tag("p", classes="card__text"):
            Tag("span", f"{label} ", classes="board__small board__small--inline")
            name = self._article.question if self._article else article_id or ""
            Tag("a", name, href=article_address(article_id or ""), classes="link link--name", dir="auto")

    def _draw_proof(self, proposal: Proposal) -> None:
        _ = self._t.gettext
        proof = proposal.proof
        with Tag("details"):
            Tag("summary", _("Customer examples"), classes="card__more")
            self._list(_("Customers wrote:"), {seen_text.text: seen_text.times for seen_text in proof.texts})
            self._list(_("Operators answered:"), {answer.text: answer.times for answer in proof.answers})

    def _list(self, label: str, times: Mapping[str, int]) -> None:
        if not times:
            return
        Tag("p", label, classes="board__small")
        with Tag("ul", classes="history__list"):
            for text in list(times)[:_SHOWN]:
                Tag("li", _times(text, times[text]), dir="auto")
            if len(times) > _SHOWN:
                Tag("li", self._t.gettext("and {count} more").format(count=len(times) - _SHOWN))

    def _button(self, label: str, do: str, *, main: bool = False, keys: tuple[str, ...] = ()) -> None:
        classes = "button button--main" if main else "button"
        with Tag("button", classes=classes, data_do=do, data_proposal=self._id):
            Tag("span", label)
            draw_keys(keys)


def _times(text: str, times: int) -> str:
    return f"{text} (×{times})" if times > 1 else text

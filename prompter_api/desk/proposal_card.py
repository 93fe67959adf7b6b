"""One proposal on the page: what is proposed, what speaks for it, and what can be done."""

from nicegui import ui

from prompter.drafts import ProposalKind
from prompter.proposals import Proposal
from prompter_api.desk.elements import Tag
from prompter_api.desk.words import N_
from prompter_api.locale import Translations

KINDS = {
    ProposalKind.NEW_ARTICLE: N_("New article"),
    ProposalKind.CHANGED_ANSWER: N_("Changed answer"),
    ProposalKind.PHRASING: N_("Other words for a question"),
}
_SHOWN = 5  # texts and answers that are shown as evidence


class ProposalCard:
    """A card that is drawn anew only when the proposal has changed, and never while it is edited."""

    def __init__(self, proposal_id: int, t: Translations) -> None:
        self._t = t
        self._id = proposal_id
        self._drawn: Proposal | None = None
        self._names: dict[str, str] = {}
        self._fields: dict[str, ui.input | ui.textarea] = {}
        self.element = Tag("article", classes="card")
        with self.element:
            with Tag("header", classes="card__head"):
                with Tag("span", classes="card__kind"):
                    self._chosen = ui.checkbox().props("dense")
                    self._chosen.props["aria-label"] = t.gettext("Choose")
                    self._kind = Tag("span", classes="mark mark--plain")
                self._weight = Tag("span", classes="board__small")
            self._body = Tag("div")
            self._refusal = Tag("p", classes="notice notice--bad", role="alert")
            self._foot = Tag("footer", classes="card__foot")
        self.refuse("")

    @property
    def is_chosen(self) -> bool:
        return bool(self._chosen.value)

    def let_go(self) -> None:
        """It is not chosen any more."""
        self._chosen.value = False

    def show(self, proposal: Proposal, names: dict[str, str]) -> None:
        """Draw it, unless somebody is typing in it; `names` are questions of articles by id."""
        self._names = names
        _ = self._t.gettext
        self._kind.say(_(KINDS[proposal.kind]))
        proof = proposal.proof
        customers = self._t.ngettext("{count} customer", "{count} customers", proof.n_conversations)
        operators = self._t.ngettext("{count} operator", "{count} operators", proof.n_operators)
        self._weight.say(
            f"{customers.format(count=proof.n_conversations)}, {operators.format(count=proof.n_operators)}"
        )
        if proposal == self._drawn or self._fields:
            return
        self._drawn = proposal
        self._draw(proposal)

    def edit(self) -> None:
        """Put fields in place of the texts."""
        proposal = self._drawn
        if proposal is None:
            return
        _ = self._t.gettext
        self._body.clear()
        self._foot.clear()
        with self._body:
            if proposal.kind is not ProposalKind.CHANGED_ANSWER:
                self._fields["question"] = ui.input(_("Question"), value=proposal.question).classes("w-full")
            if proposal.kind is ProposalKind.NEW_ARTICLE:
                self._fields["topic"] = ui.input(_("Topic"), value=proposal.topic)
            if proposal.kind is not ProposalKind.PHRASING:
                self._fields["answer"] = ui.textarea(_("Answer"), value=proposal.answer).props(
                    "autogrow stack-label"
                )
        with self._foot:
            self._button(_("Save"), "save", main=True)
            self._button(_("Cancel"), "cancel")

    def edited(self) -> dict[str, str]:
        """What was typed, by field."""
        return {name: str(field.value or "") for name, field in self._fields.items()}

    def stop_editing(self) -> None:
        """Back to the texts as they are."""
        self._fields.clear()
        if self._drawn is not None:
            self._draw(self._drawn)

    def forget(self) -> None:
        """Draw it anew when it is next shown."""
        self._fields.clear()
        self._drawn = None

    def refuse(self, text: str) -> None:
        """Say why something was not done; empty takes it away."""
        self._refusal.say(text)
        self._refusal.set_visibility(bool(text))

    def _draw(self, proposal: Proposal) -> None:
        _ = self._t.gettext
        self._body.clear()
        self._foot.clear()
        with self._body:
            match proposal.kind:
                case ProposalKind.NEW_ARTICLE:
                    Tag("h2", proposal.question, classes="card__name", dir="auto")
                    Tag("p", proposal.topic, classes="board__small", dir="auto")
                    Tag(
                        "p",
                        proposal.answer or _("Nobody has answered it yet."),
                        classes="card__text",
                        dir="auto",
                    )
                case ProposalKind.CHANGED_ANSWER:
                    Tag("h2", self._article(proposal), classes="card__name", dir="auto")
                    for label, sentences in (
                        (_("Added"), proposal.proof.added),
                        (_("Taken out"), proposal.proof.removed),
                    ):
                        for sentence in sentences:
                            Tag("p", f"{label}: {sentence}", classes="card__text", dir="auto")
                    with Tag("details"):
                        Tag("summary", _("The whole new answer"), classes="card__more")
                        Tag("p", proposal.answer, classes="card__text", dir="auto")
                case ProposalKind.PHRASING:
                    Tag("h2", f"«{proposal.question}»", classes="card__name", dir="auto")
                    Tag("p", self._article(proposal), classes="card__text", dir="auto")
            self._evidence(proposal)
        with self._foot:
            self._button(_("Approve"), "approve", main=True)
            self._button(_("Edit"), "edit")
            self._button(_("Dismiss"), "dismiss")

    def _article(self, proposal: Proposal) -> str:
        article_id = proposal.article_id or ""
        return self._names.get(article_id, article_id)

    def _evidence(self, proposal: Proposal) -> None:
        _ = self._t.gettext
        with Tag("details"):
            Tag("summary", _("What speaks for it"), classes="card__more")
            Tag("p", _("Customers wrote:"), classes="board__small")
            with Tag("ul", classes="history__list"):
                for seen in proposal.proof.texts[:_SHOWN]:
                    Tag("li", _times(seen.text, seen.times), dir="auto")
            if proposal.proof.answers:
                Tag("p", _("Operators answered:"), classes="board__small")
                with Tag("ul", classes="history__list"):
                    for given in proposal.proof.answers[:_SHOWN]:
                        Tag("li", _times(given.text, given.times), dir="auto")

    def _button(self, label: str, do: str, *, main: bool = False) -> None:
        classes = "button button--main" if main else "button"
        Tag("button", label, classes=classes, data_do=do, data_proposal=self._id)


def _times(text: str, times: int) -> str:
    return f"{text} (×{times})" if times > 1 else text

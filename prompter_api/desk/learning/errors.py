"""Messages for proposals that could not be settled."""

from kb_index import InvalidArticle
from prompter.common.errors import (
    AlreadySettled,
    ArticleChanged,
    ArticleGone,
    CannotMerge,
    NotFound,
    Outdated,
    ProposalChanged,
    Unanswered,
)
from prompter.knowledge.proposals import Proposal, ProposalState
from prompter.storage import Conflict
from prompter.text.translations import N_, Translations
from prompter_api.desk.knowledge import labels as article_words

_SETTLED = {
    ProposalState.APPROVED: N_("Approved by {name}."),
    ProposalState.DISMISSED: N_("Dismissed by {name}."),
    ProposalState.MERGED: N_("Merged into another proposal by {name}."),
}
_OUTDATED = N_("Withdrawn: there are no customer examples for it any more.")


def refusal(error: Exception | None, t: Translations) -> str:
    """Return the reason why a proposal was not approved, edited, dismissed or merged."""
    match error:
        case Outdated():
            return t.gettext(_OUTDATED)
        case AlreadySettled(by=str(name)):
            return t.gettext("{name} has already handled this.").format(name=name)
        case AlreadySettled() | NotFound():
            return t.gettext("A colleague has already handled this.")
        case ProposalChanged():
            return t.gettext("A colleague has changed it since you opened it. Please check again.")
        case ArticleGone():
            return t.gettext("The article no longer exists: dismiss the proposal or create a new article.")
        case ArticleChanged():
            return t.gettext("The article's answer has changed since then. Please check again.")
        case Unanswered():
            return t.gettext("There is no answer yet: edit the proposal and write one first.")
        case CannotMerge():
            return t.gettext("Only proposals of the same type for the same article can be merged.")
        case InvalidArticle():
            return article_words.refusal(error, t)
        case Conflict():
            return t.gettext("A colleague has just changed this. Please check again.")
        case _:
            return t.gettext("Not done: {reason}").format(reason=error)


def settlement(proposal: Proposal, t: Translations) -> str:
    """Return a proposal's outcome and the person who settled it."""
    text = _SETTLED.get(proposal.state, _OUTDATED)
    return t.gettext(text).format(name=proposal.settled_by or t.gettext("a colleague"))

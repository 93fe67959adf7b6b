"""Why a proposal was not settled, in the words of the page."""

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
from prompter_api.desk.knowledge import labels as article_words
from prompter_api.desk.ui.labels import N_
from prompter_api.locale import Translations

_SETTLED = {
    ProposalState.APPROVED: N_("{name} has approved it."),
    ProposalState.DISMISSED: N_("{name} has dismissed it."),
    ProposalState.MERGED: N_("{name} has merged it into another one."),
}
_OUTDATED = N_("Nothing speaks for it any more: it was taken back.")


def refusal(error: Exception | None, t: Translations) -> str:
    """Why a proposal was not approved, edited, dismissed or merged."""
    match error:
        case Outdated():
            return t.gettext(_OUTDATED)
        case AlreadySettled(by=str(name)):
            return t.gettext("{name} was faster: it is settled.").format(name=name)
        case AlreadySettled() | NotFound():
            return t.gettext("A colleague was faster: it is settled.")
        case ProposalChanged():
            return t.gettext("A colleague has changed it since you looked: look again.")
        case ArticleGone():
            return t.gettext("The article is not there any more: dismiss it, or make a new article.")
        case ArticleChanged():
            return t.gettext("The article's answer has changed since: look at it again.")
        case Unanswered():
            return t.gettext("Nobody has answered it yet: edit it and write the answer first.")
        case CannotMerge():
            return t.gettext("Only proposals of one kind, about one article, can be merged.")
        case InvalidArticle():
            return article_words.refusal(error, t)
        case Conflict():
            return t.gettext("Somebody else was faster: look again.")
        case _:
            return t.gettext("This was refused: {reason}").format(reason=error)


def settled(proposal: Proposal, t: Translations) -> str:
    """What became of a proposal, and by whom."""
    text = _SETTLED.get(proposal.state, _OUTDATED)
    return t.gettext(text).format(name=proposal.settled_by or t.gettext("A colleague"))

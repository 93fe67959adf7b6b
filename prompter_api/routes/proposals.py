"""Proposed changes of the knowledge base, from decisions and past chats, for supervisors."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from prompter.domain.drafts import ProposalKind
from prompter_api.auth import GuardedRoute, Supervisor
from prompter_api.schemas.common import MAX_ID, ArticleId, Done, Id, Problem
from prompter_api.schemas.proposals import (
    ApprovalIn,
    ApprovedOut,
    ManyApprovalsIn,
    ManyIn,
    MergeIn,
    OutcomeOut,
    ProposalEdit,
    ProposalOut,
    ProposalsOut,
)
from prompter_api.services import services_of

router = APIRouter(prefix="/api/proposals", tags=["proposals"], route_class=GuardedRoute)

_CHANGED = {
    "model": Problem,
    "description": "already_settled: somebody else was faster; proposal_changed: it says something else than "
    "`wording`",
}
_SETTLED = {"model": Problem, "description": "already_settled: somebody else was faster"}


@router.get("")
def get_proposals(
    request: Request,
    _me: Supervisor,
    kind: ProposalKind | None = None,
    article_id: ArticleId | None = None,
    language: Annotated[str | None, Query(max_length=35)] = None,
    newest_first: bool = False,
    limit: Annotated[int, Query(alias="most", ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=MAX_ID)] = 0,
) -> ProposalsOut:
    """List open proposals, those supported by most turns first."""
    proposals = services_of(request).proposals
    found = proposals.open(
        kind=kind,
        article_id=article_id,
        language=language and language.replace("\x00", ""),
        newest_first=newest_first,
        limit=limit,
        offset=offset,
    )
    return ProposalsOut(
        waiting=dict(proposals.count_open()), proposals=[ProposalOut.of(proposal) for proposal in found]
    )


@router.post("/approve")
def approve_proposals(request: Request, me: Supervisor, body: ManyApprovalsIn) -> list[OutcomeOut]:
    """Approve several proposals. A failure is reported for its proposal and does not stop the others."""
    done = services_of(request).proposals.approve_many(body.ids, me, topic=body.topic)
    return [OutcomeOut.of(outcome) for outcome in done]


@router.post("/dismiss")
def dismiss_proposals(request: Request, me: Supervisor, body: ManyIn) -> list[OutcomeOut]:
    """Dismiss several proposals. A failure is reported for its proposal and does not stop the others."""
    return [OutcomeOut.of(outcome) for outcome in services_of(request).proposals.dismiss_many(body.ids, me)]


@router.get("/{proposal_id:int}")
def get_proposal(request: Request, _me: Supervisor, proposal_id: Id) -> ProposalOut:
    """Get a proposal in any state."""
    return ProposalOut.of(services_of(request).proposals.get(proposal_id))


@router.patch("/{proposal_id:int}", responses={409: _CHANGED})
def edit_proposal(request: Request, me: Supervisor, proposal_id: Id, body: ProposalEdit) -> ProposalOut:
    """Edit a proposal before it is approved."""
    changes = body.model_dump(exclude_none=True, exclude={"wording"})
    changed = services_of(request).proposals.edit(proposal_id, me, **changes, seen=body.wording)
    return ProposalOut.of(changed)


@router.post(
    "/{proposal_id}/approve",
    responses={
        409: {
            "model": Problem,
            "description": "already_settled: somebody else was faster; proposal_changed: it says something "
            "else than `wording`; article_gone; article_changed",
        }
    },
)
def approve_proposal(request: Request, me: Supervisor, proposal_id: Id, body: ApprovalIn) -> ApprovedOut:
    """Approve a proposal and change the knowledge base. Running processes pick up the change."""
    approved = services_of(request).proposals.approve(
        proposal_id, me, topic=body.topic, as_phrasings_of=body.as_phrasings_of, seen=body.wording
    )
    return ApprovedOut.of(approved)


@router.post("/{proposal_id}/dismiss", responses={409: _SETTLED})
def dismiss_proposal(request: Request, me: Supervisor, proposal_id: Id) -> Done:
    """Dismiss a proposal. The same change is not proposed again."""
    services_of(request).proposals.dismiss(proposal_id, me)
    return Done()


@router.post("/{proposal_id}/merge", responses={409: _SETTLED})
def merge_proposals(request: Request, me: Supervisor, proposal_id: Id, body: MergeIn) -> ProposalOut:
    """Merge other proposals into this one. Its wording stays, and their supporting evidence is added."""
    return ProposalOut.of(services_of(request).proposals.merge(body.ids, proposal_id, me))

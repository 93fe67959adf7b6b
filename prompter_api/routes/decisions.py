"""Operators' decisions about turns."""

from fastapi import APIRouter, Request

from prompter_api.auth import GuardedRoute, Operator
from prompter_api.schemas.common import Done, Id, Problem
from prompter_api.schemas.conversations import DecidedOut, DecisionIn
from prompter_api.services import services_of

router = APIRouter(prefix="/api", tags=["desk"], route_class=GuardedRoute)


@router.post(
    "/turns/{turn_id}/decision",
    responses={
        409: {
            "model": Problem,
            "description": "already_decided: somebody else was faster; customer_wrote_again: read it, "
            "then send `send_anyway` or the newer `seen_message_id`",
        }
    },
)
def decide(request: Request, me: Operator, turn_id: Id, body: DecisionIn) -> DecidedOut:
    """Accept, edit, replace or reject the suggestions of a turn. The reply can be undone for some seconds."""
    return DecidedOut.of(services_of(request).desk.decide(body.decision(turn_id, me.id)))


@router.post(
    "/turns/{turn_id}/answered",
    responses={409: {"model": Problem, "description": "already_decided: it does not wait any more"}},
)
def mark_answered(request: Request, me: Operator, turn_id: Id) -> Done:
    """Close a turn that the last reply to another turn of the conversation has answered, too."""
    services_of(request).desk.mark_answered(turn_id, me)
    return Done()


@router.post(
    "/decisions/{decision_id}/undo",
    responses={409: {"model": Problem, "description": "too_late_to_undo: the reply has left"}},
)
def undo_decision(request: Request, me: Operator, decision_id: Id) -> Done:
    """Undo your own decision before its reply is sent. Supervisors may undo anybody's."""
    services_of(request).desk.undo(decision_id, me)
    return Done()

"""Replies that failed, or whose delivery is not confirmed."""

from fastapi import APIRouter, Request

from prompter_api.auth import GuardedRoute, Operator
from prompter_api.schemas.common import Done, Id
from prompter_api.schemas.conversations import ReplyOut, Settlement
from prompter_api.services import services_of

router = APIRouter(prefix="/api/replies", tags=["desk"], route_class=GuardedRoute)


@router.get("/troubled")
def list_troubled_replies(request: Request, _me: Operator) -> list[ReplyOut]:
    """List replies that failed, or whose delivery is not confirmed."""
    return [ReplyOut.model_validate(reply) for reply in services_of(request).desk.undelivered_replies()]


@router.post("/{reply_id}/settle")
def resolve_delivery(request: Request, me: Operator, reply_id: Id, body: Settlement) -> Done:
    """Send an undelivered reply again, or leave it. The reply then names the person who decided."""
    services_of(request).desk.resolve_delivery(reply_id, me, send_again=body.send_again)
    return Done()

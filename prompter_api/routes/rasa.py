"""What Rasa asks Sufler: sentence embeddings, and its action server's protocol."""

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from prompter.actions import Asked, Outcome, Said, UnknownAction
from prompter_api.auth import Operator
from prompter_api.parts import parts_of
from prompter_api.schemas.knowledge import TriageOut
from prompter_api.schemas.rasa import ActionIn, ActionOut, MetadataIn, TextsIn, VectorsOut

router = APIRouter(prefix="/api/rasa", tags=["rasa"])


@router.post("/vectors")
async def vectors(request: Request, _me: Operator, body: TextsIn) -> VectorsOut:
    """Sentence embeddings of messages, as the search compares them."""
    parts = parts_of(request)

    def encoded() -> VectorsOut:
        found = parts.encode(body.texts)
        return VectorsOut(encoder=found.encoder, vectors=found.vectors.tolist())

    return await to_thread.run_sync(encoded, limiter=parts.asked_at_once)


@router.post("/actions", response_model=ActionOut)
async def actions(request: Request, _me: Operator, body: ActionIn) -> Response:
    """Do an action for Rasa (`action_endpoint` in its endpoints.yml); others go to the team's own server."""
    parts, as_it_came = parts_of(request), await request.body()

    def done() -> Response:
        try:
            outcome = parts.actions.run(_asked(body))
        except UnknownAction:
            if parts.own_actions is None:
                raise
            status, answer = parts.own_actions(as_it_came)
            return Response(answer, status, media_type="application/json")
        return JSONResponse(_answer(outcome).model_dump(mode="json"))

    return await to_thread.run_sync(done)


def _asked(body: ActionIn) -> Asked:
    message = body.tracker.latest_message
    metadata = (message.metadata if message else None) or MetadataIn()
    return Asked(
        action=body.next_action,
        text=(message.text if message else None) or "",
        intent=(message.intent.name if message and message.intent else None) or "",
        slots={name: str(value) for name, value in body.tracker.slots.items() if value is not None},
        turn_id=metadata.sufler.turn,
    )


def _answer(outcome: Outcome) -> ActionOut:
    about = _about(outcome)
    events: list[dict[str, Any]] = [
        {"event": "slot", "name": name, "value": value} for name, value in outcome.slots.items()
    ]
    if outcome.forgets:
        events.append({"event": "rewind"})
    return ActionOut(
        events=events,
        responses=[_response(said) for said in outcome.said]
        + ([{"custom": {"sufler": about}}] if about else []),
    )


def _about(outcome: Outcome) -> dict[str, Any]:
    """What Sufler, or the team's own channel, has to know beside what is said."""
    about: dict[str, Any] = {}
    if outcome.uses_triage:
        about["uses_triage"] = True
    if outcome.handoff is not None:
        about["handoff"] = outcome.handoff.value
    if outcome.triage is not None:
        about["triage"] = TriageOut.model_validate(outcome.triage).model_dump(mode="json")
    return about


def _response(said: Said) -> dict[str, Any]:
    return {"response": said.response, **said.values} if said.response else {"text": said.text}

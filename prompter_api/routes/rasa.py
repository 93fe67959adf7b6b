"""Rasa's requests to Sufler: sentence embeddings, triage and actions."""

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from prompter.dialogue.actions import HANDOFF, ActionCall, ActionResult, BotUtterance, UnknownAction
from prompter_api.auth import GuardedRoute, Rasa
from prompter_api.routes.ask import triage_in_thread
from prompter_api.schemas.knowledge import Question, TriageOut
from prompter_api.schemas.rasa import AboutTurn, ActionIn, ActionOut, TextsIn, VectorsOut
from prompter_api.services import services_of
from web.problems import problems

router = APIRouter(prefix="/api/rasa", tags=["rasa"], route_class=GuardedRoute)


@router.post("/vectors")
async def vectors(request: Request, _me: Rasa, body: TextsIn) -> VectorsOut:
    """Get sentence embeddings of messages, as the search compares them."""
    services = services_of(request)

    def encode() -> VectorsOut:
        found = services.encode(body.texts)
        return VectorsOut(encoder=found.encoder, vectors=found.vectors.tolist())

    return await to_thread.run_sync(encode, limiter=services.asked_at_once)


@router.post("/triage")
async def triage(request: Request, _me: Rasa, body: Question) -> TriageOut:
    """Get the answer of `/api/ask` for a component of Rasa, without asking Rasa for the intent."""
    services = services_of(request)
    return await triage_in_thread(services, services.triage_for_engine, body.text)


@router.post("/actions", response_model=ActionOut, responses=problems(404, 502))
async def actions(request: Request, _me: Rasa, body: ActionIn) -> Response:
    """Run an action for Rasa (`action_endpoint` in endpoints.yml). Others go to the team's own server."""
    services, as_it_came = services_of(request), await request.body()

    def run_action() -> Response:
        try:
            outcome = services.actions.run(_action_call(body))
        except UnknownAction:
            if services.custom_actions is None:
                raise
            status, answer = services.custom_actions(as_it_came)
            return Response(answer, status, media_type="application/json")
        return JSONResponse(_answer(outcome, body).model_dump(mode="json"))

    return await to_thread.run_sync(run_action, limiter=services.actions_at_once)


def _action_call(body: ActionIn) -> ActionCall:
    message = body.tracker.latest_message
    about = AboutTurn.of(message.metadata) if message else None
    return ActionCall(
        action=body.next_action,
        text=(message.text if message else None) or "",
        intent=(message.intent.name if message and message.intent else None) or "",
        slots={name: str(value) for name, value in body.tracker.slots.items() if value is not None},
        turn_id=about.turn if about else None,
        seal=about.seal if about else "",
    )


def _answer(outcome: ActionResult, body: ActionIn) -> ActionOut:
    slots: dict[str, str | None] = dict(outcome.slots)
    asks = body.next_action.startswith("validate_")  # in the middle of a form
    if HANDOFF in body.tracker.slots and not asks:  # a domain may lack it
        slots[HANDOFF] = outcome.handoff.value if outcome.handoff else None
    events: list[dict[str, Any]] = [
        {"event": "slot", "name": name, "value": value} for name, value in slots.items()
    ]
    if outcome.forgets:
        events.append({"event": "rewind"})
    responses = [_response(utterance) for utterance in outcome.utterances]
    if outcome.is_of_turn:  # for Sufler only, as other channels would show it to the customer
        handoff = outcome.handoff.value if outcome.handoff else None
        responses.append({"custom": {"sufler": {"uses_triage": outcome.uses_triage, "handoff": handoff}}})
    return ActionOut(events=events, responses=responses)


def _response(utterance: BotUtterance) -> dict[str, Any]:
    return (
        {"response": utterance.response, **utterance.values}
        if utterance.response
        else {"text": utterance.text}
    )

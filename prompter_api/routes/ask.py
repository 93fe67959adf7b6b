"""Asking the assistant without a customer."""

from anyio import to_thread
from fastapi import APIRouter, Request

from prompter_api.auth import Operator, Supervisor
from prompter_api.parts import parts_of
from prompter_api.schemas.knowledge import ExplanationOut, Question, TriageOut

router = APIRouter(prefix="/api", tags=["assistant"])


@router.post("/ask")
async def ask(request: Request, _me: Operator, body: Question) -> TriageOut:
    """What would be suggested to an operator whose customer wrote this? Nothing is stored."""
    parts = parts_of(request)

    def triage() -> TriageOut:
        return TriageOut.model_validate(parts.readiness.preview(parts.assistant.triage(body.text)))

    return await to_thread.run_sync(triage, limiter=parts.asked_at_once)


@router.post("/ask/explain")
async def explain(request: Request, _me: Supervisor, body: Question) -> ExplanationOut:
    """What would be suggested, and why in that order and with that confidence? Nothing is stored."""
    parts = parts_of(request)

    def explained() -> ExplanationOut:
        return ExplanationOut.model_validate(parts.explanation(body.text))

    return await to_thread.run_sync(explained, limiter=parts.asked_at_once)

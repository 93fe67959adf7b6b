"""Asking the assistant without a customer."""

from anyio import to_thread
from fastapi import APIRouter, Request

from prompter_api.auth import Operator
from prompter_api.parts import parts_of
from prompter_api.schemas.knowledge import Question, TriageOut

router = APIRouter(prefix="/api", tags=["assistant"])


@router.post("/ask")
async def ask(request: Request, _me: Operator, body: Question) -> TriageOut:
    """What would be suggested to an operator whose customer wrote this? Nothing is stored."""
    parts = parts_of(request)

    def triage() -> TriageOut:
        return TriageOut.model_validate(parts.readiness.preview(parts.assistant.triage(body.text)))

    return await to_thread.run_sync(triage, limiter=parts.asked_at_once)

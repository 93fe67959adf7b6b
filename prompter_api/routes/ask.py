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
    triage = await to_thread.run_sync(parts.assistant.triage, body.text, limiter=parts.asked_at_once)
    return TriageOut.model_validate(triage)

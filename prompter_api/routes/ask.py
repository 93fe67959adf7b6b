"""Asking the assistant without a customer."""

from fastapi import APIRouter, Request

from prompter_api.auth import Operator
from prompter_api.parts import parts_of
from prompter_api.schemas.knowledge import Question, TriageOut

router = APIRouter(prefix="/api", tags=["assistant"])


@router.post("/ask")
def ask(request: Request, _me: Operator, body: Question) -> TriageOut:
    """What would be suggested to an operator whose customer wrote this? Nothing is stored."""
    return TriageOut.model_validate(parts_of(request).assistant.triage(body.text))

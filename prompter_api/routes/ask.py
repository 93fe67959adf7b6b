"""Ask the assistant without a customer."""

from collections.abc import Callable

from anyio import to_thread
from fastapi import APIRouter, Request

from prompter.domain.triage import Triage
from prompter_api.auth import Asker, ExplanationAsker, GuardedRoute
from prompter_api.schemas.knowledge import ExplanationOut, Question, TriageOut
from prompter_api.services import Services, services_of

router = APIRouter(prefix="/api", tags=["assistant"], route_class=GuardedRoute)


@router.post("/ask")
async def ask(request: Request, _me: Asker, body: Question) -> TriageOut:
    """Return the suggestions that an operator would get for this text. Nothing is stored."""
    services = services_of(request)
    return await triage_in_thread(
        services, lambda text: services.readiness.preview(services.assistant.triage(text)), body.text
    )


async def triage_in_thread(services: Services, triage: Callable[[str], Triage], text: str) -> TriageOut:
    """Triage a text in a thread, with limited concurrency."""

    def triage_text() -> TriageOut:
        return TriageOut.model_validate(triage(text))

    return await to_thread.run_sync(triage_text, limiter=services.asked_at_once)


@router.post("/ask/explain")
async def explain(request: Request, _me: ExplanationAsker, body: Question) -> ExplanationOut:
    """Return the suggestions for a text, and explain their order and confidence. Nothing is stored."""
    services = services_of(request)

    def explain_text() -> ExplanationOut:
        return ExplanationOut.model_validate(services.explanation(body.text))

    return await to_thread.run_sync(explain_text, limiter=services.asked_at_once)

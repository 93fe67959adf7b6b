"""For those who run the service: does it live, is it ready, where are the pages."""

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from prompter_api.errors import problem, trace
from prompter_api.parts import parts_of
from prompter_api.schemas.common import Done

log = structlog.get_logger(__name__)
router = APIRouter(tags=["operations"])


@router.get("/", include_in_schema=False)
def to_the_desk() -> RedirectResponse:
    return RedirectResponse("/desk")


@router.get("/health")
def health() -> Done:
    """The process lives."""
    return Done()


@router.get("/ready", response_model=Done)
def ready(request: Request) -> Done | Response:
    """Requests can be served: the database answers and the assistant is loaded; else 503."""
    parts = parts_of(request)
    try:
        parts.desk.workload()
    except Exception as error:
        # Whatever the database's driver raises: the answer is the same.
        log.error("not_ready", trace=trace(error))
        return problem(503, "not_ready", "the database does not answer")
    if not parts.assistant_ready():
        return problem(503, "not_ready", "the assistant is not loaded yet")
    return Done()

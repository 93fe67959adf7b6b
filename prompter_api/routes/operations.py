"""For those who run the service: does it live, is it ready, where are the pages."""

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from prompter.faults import trace
from prompter_api.auth import Operator
from prompter_api.metrics import Metrics
from prompter_api.parts import parts_of
from prompter_api.schemas.common import Done
from web.problems import problem

log = structlog.get_logger(__name__)
router = APIRouter(tags=["operations"])


@router.get("/", include_in_schema=False)
def to_the_desk() -> RedirectResponse:
    return RedirectResponse("/desk")


@router.get("/health")
async def health() -> Done:
    """The process lives."""
    return Done()


@router.get("/ready", response_model=Done)
def ready(request: Request) -> Done | Response:
    """Requests can be served: the database answers; else 503.

    The assistant needs no look: nothing is served before it is loaded.
    """
    try:
        parts_of(request).desk.workload()
    except Exception as error:
        # Whatever the database's driver raises: the answer is the same.
        log.error("not_ready", trace=trace(error))
        return problem(503, "not_ready", "the database does not answer")
    return Done()


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, _me: Operator) -> Response:
    """Numbers for Prometheus: requests, latencies, the queue, the outbox.

    For every account: give the scraper the API token of an operator made for it. Being asked from
    the same machine is no credential: behind a proxy, everybody is.
    """
    numbers: Metrics = request.app.state.metrics
    return Response(numbers.text(), media_type=CONTENT_TYPE_LATEST)

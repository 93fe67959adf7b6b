"""Operations of the service: liveness, readiness and metrics, and the redirect to the pages."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from prompter_api.auth import Scraper
from prompter_api.metrics import Metrics
from prompter_api.routes import TOKEN
from prompter_api.schemas.common import Done
from prompter_api.services import services_of
from web.problems import problem, problems

router = APIRouter(tags=["operations"])


@router.get("/", include_in_schema=False)
def to_the_desk() -> RedirectResponse:
    return RedirectResponse("/desk")


@router.get("/health")
async def health() -> Done:
    """Tell that the process is alive. Nothing else is checked."""
    return Done()


@router.get("/ready", response_model=Done, responses=problems(503))
async def ready(request: Request) -> Done | Response:
    """Tell whether requests can be served: database, disk space, encoder and background loops.

    If a part does not work, the status is 503 and the message names the part. The parts are checked at most
    every two seconds, however many clients ask.
    """
    failing = await services_of(request).ready.find_failure()
    if failing is None:
        return Done()
    return problem(503, "not_ready", f"not ready: {failing}", {"Retry-After": "5"})


@router.get("/metrics", response_class=PlainTextResponse, dependencies=[TOKEN])
def metrics(request: Request, _me: Scraper) -> Response:
    """Get metrics for Prometheus: requests, latencies, the queue and the outbox.

    Any account may read them. Give the scraper an API token with the scope metrics, from an operator account
    of its own. Requests from the same machine need a token, too, as all requests through a proxy look local.
    """
    numbers: Metrics = request.app.state.metrics
    return Response(numbers.text(), media_type=CONTENT_TYPE_LATEST)

"""For those who run the service: does it live, is it ready, where are the pages."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from prompter_api.auth import Scraper
from prompter_api.metrics import Metrics
from prompter_api.parts import services_of
from prompter_api.routes import TOKEN
from prompter_api.schemas.common import Done
from web.problems import problem, problems

router = APIRouter(tags=["operations"])


@router.get("/", include_in_schema=False)
def to_the_desk() -> RedirectResponse:
    return RedirectResponse("/desk")


@router.get("/health")
async def health() -> Done:
    """The process lives; nothing is looked at."""
    return Done()


@router.get("/ready", response_model=Done, responses=problems(503))
async def ready(request: Request) -> Done | Response:
    """Requests can be served: the database can be written, the disk has room, the encoder and the loops work.

    Else 503, and the message names the part. It is looked at most every two seconds, however many ask.
    """
    failing = await services_of(request).ready.failing()
    if failing is None:
        return Done()
    return problem(503, "not_ready", f"not ready: {failing}", {"Retry-After": "5"})


@router.get("/metrics", response_class=PlainTextResponse, dependencies=[TOKEN])
def metrics(request: Request, _me: Scraper) -> Response:
    """Numbers for Prometheus: requests, latencies, the queue, the outbox.

    For every account: give the scraper an API token with the scope metrics, of an operator made for
    it. Being asked from the same machine is no credential: behind a proxy, everybody is.
    """
    numbers: Metrics = request.app.state.metrics
    return Response(numbers.text(), media_type=CONTENT_TYPE_LATEST)

"""May a topic answer alone? Supervisors look, agree and stop. Names of topics may hold any character."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from prompter_api.auth import GuardedRoute, Supervisor
from prompter_api.parts import services_of
from prompter_api.schemas.common import Problem
from prompter_api.schemas.readiness import ReadinessOut

router = APIRouter(prefix="/api/readiness", tags=["readiness"], route_class=GuardedRoute)

Topic = Annotated[str, Query(min_length=1, max_length=1000, examples=["returns"])]


@router.get("")
def list_readiness(request: Request, _me: Supervisor) -> list[ReadinessOut]:
    """Every topic and group, and what its evidence says."""
    return [ReadinessOut.of(found) for found in services_of(request).readiness.topics()]


@router.get("/topic")
def get_readiness(request: Request, _me: Supervisor, name: Topic) -> ReadinessOut:
    """One topic or group."""
    return ReadinessOut.of(services_of(request).readiness.topic(name))


@router.post(
    "/allow",
    responses={409: {"model": Problem, "description": "not_ready: the evidence does not allow it yet"}},
)
def allow_topic(request: Request, me: Supervisor, name: Topic) -> ReadinessOut:
    """Let it answer alone, as widely as its evidence allows; also after it was held."""
    return ReadinessOut.of(services_of(request).readiness.allow(name, me))


@router.post("/hold")
def hold_topic(request: Request, me: Supervisor, name: Topic) -> ReadinessOut:
    """Stop it from answering alone, at once and until it is allowed again."""
    return ReadinessOut.of(services_of(request).readiness.hold(name, me))


@router.post("/off")
def switch_topic_off(request: Request, me: Supervisor, name: Topic) -> ReadinessOut:
    """Only measure it from now on."""
    return ReadinessOut.of(services_of(request).readiness.switch_off(name, me))

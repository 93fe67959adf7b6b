"""Readiness of topics, and control of autopilot by supervisors. Names may contain any character."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from prompter_api.auth import GuardedRoute, Supervisor
from prompter_api.schemas.common import Problem
from prompter_api.schemas.readiness import ReadinessOut
from prompter_api.services import services_of

router = APIRouter(prefix="/api/readiness", tags=["readiness"], route_class=GuardedRoute)

Topic = Annotated[str, Query(min_length=1, max_length=1000, examples=["returns"])]


@router.get("")
def list_readiness(request: Request, _me: Supervisor) -> list[ReadinessOut]:
    """List every topic and group with its evidence."""
    return [ReadinessOut.of(topic) for topic in services_of(request).readiness.topics()]


@router.get("/topic")
def get_readiness(request: Request, _me: Supervisor, name: Topic) -> ReadinessOut:
    """Get one topic or group."""
    return ReadinessOut.of(services_of(request).readiness.topic(name))


@router.post(
    "/allow",
    responses={409: {"model": Problem, "description": "not_ready: the evidence does not allow it yet"}},
)
def allow_topic(request: Request, me: Supervisor, name: Topic) -> ReadinessOut:
    """Turn autopilot on for a topic, as far as its evidence allows, also after it was paused."""
    return ReadinessOut.of(services_of(request).readiness.allow(name, me))


@router.post("/hold")
def hold_topic(request: Request, me: Supervisor, name: Topic) -> ReadinessOut:
    """Pause autopilot of a topic at once, until it is turned on again."""
    return ReadinessOut.of(services_of(request).readiness.hold(name, me))


@router.post("/off")
def switch_topic_off(request: Request, me: Supervisor, name: Topic) -> ReadinessOut:
    """Only observe a topic from now on. Operators answer."""
    return ReadinessOut.of(services_of(request).readiness.switch_off(name, me))

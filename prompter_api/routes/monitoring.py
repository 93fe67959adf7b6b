"""Reliability of the figures: double reviews, attention checks and drift."""

from fastapi import APIRouter, Request

from prompter_api.auth import GuardedRoute, Operator, Supervisor
from prompter_api.schemas.monitoring import DriftOut, OwnFigureOut, PersonOut
from prompter_api.services import services_of

router = APIRouter(prefix="/api/watching", tags=["readiness"], route_class=GuardedRoute)


@router.get("/me")
def get_own_figure(request: Request, me: Operator) -> OwnFigureOut:
    """Get the result of double reviews of your own decisions. Supervisors see it after you have."""
    return OwnFigureOut.model_validate(services_of(request).monitoring.own_figure(me))


@router.get("/people")
def list_people(request: Request, _me: Supervisor) -> list[PersonOut]:
    """List the results of double reviews and attention checks by person, in order of name."""
    return [PersonOut.model_validate(person) for person in services_of(request).monitoring.people()]


@router.get("/drift")
def get_drift(request: Request, _me: Supervisor) -> DriftOut:
    """Compare this week with the previous week."""
    return DriftOut.model_validate(services_of(request).monitoring.drift())

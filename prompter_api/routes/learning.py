"""Learning, model versions and pinned questions, for supervisors."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from prompter_api.auth import GuardedRoute, Supervisor
from prompter_api.schemas.common import Done, Id, Problem
from prompter_api.schemas.learning import DisagreementsOut, JobOut, PinIn, PinOut, PromotionIn, VersionOut
from prompter_api.services import services_of

router = APIRouter(prefix="/api", tags=["learning"], route_class=GuardedRoute)

VersionId = Annotated[str, Path(min_length=1, max_length=100, pattern=r"^[\w.-]+$")]
_CANNOT = {"model": Problem, "description": "cannot_use: it was refused, removed or is damaged"}
_NOTHING = {"model": Problem, "description": "nothing_before: no other version was in use"}


@router.get("/learning")
def list_jobs(request: Request, _me: Supervisor) -> list[JobOut]:
    """List the last learning jobs, newest first."""
    return [JobOut.model_validate(job) for job in services_of(request).learning.jobs()]


@router.post("/learning", status_code=202)
def start_learning(request: Request, me: Supervisor) -> JobOut:
    """Request learning by the worker. If a job is waiting or running already, return that job."""
    return JobOut.model_validate(services_of(request).learning.start(me))


@router.get("/models")
def list_models(request: Request, _me: Supervisor) -> list[VersionOut]:
    """List every model version, newest first."""
    return [VersionOut.of(version) for version in services_of(request).versions.all()]


@router.post("/models/{version_id}/promote", responses={409: _CANNOT})
def promote_model(request: Request, me: Supervisor, version_id: VersionId, body: PromotionIn) -> Done:
    """Activate a version in every process, without a restart."""
    services_of(request).versions.promote(version_id, me, force=body.anyway)
    return Done()


@router.post("/models/rollback", responses={409: _NOTHING})
def roll_model_back(request: Request, me: Supervisor) -> Done:
    """Return to the previous version: model, index, thresholds, calibration and topic states."""
    services_of(request).versions.roll_back(me)
    return Done()


@router.get("/pins")
def list_pins(request: Request, _me: Supervisor) -> list[PinOut]:
    """List the questions that no new version may answer worse, oldest first."""
    return [PinOut.model_validate(pin) for pin in services_of(request).learning.pins.all()]


@router.post("/pins", status_code=201)
def pin(request: Request, me: Supervisor, body: PinIn) -> Done:
    """Pin the article that has to come first for a text. Personal data in the text are masked."""
    services_of(request).learning.pins.pin(body.text, body.article_id, me)
    return Done()


@router.delete("/pins/{pin_id}")
def unpin(request: Request, _me: Supervisor, pin_id: Id) -> Done:
    """Unpin a question."""
    services_of(request).learning.pins.unpin(pin_id)
    return Done()


@router.get("/disagreements")
def get_disagreements(request: Request, _me: Supervisor) -> DisagreementsOut:
    """List questions that were judged differently, and articles whose answer is often changed."""
    return DisagreementsOut.model_validate(services_of(request).learning.disagreements())

"""Reviews: a second person judges answers without knowing the first verdict or their authors."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from prompter_api.auth import GuardedRoute, Operator
from prompter_api.schemas.common import MAX_ID, Done, Id, Problem
from prompter_api.schemas.reviews import JudgementIn, NextQuestion
from prompter_api.services import services_of

router = APIRouter(prefix="/api/reviews", tags=["reviews"], route_class=GuardedRoute)


@router.get("/next")
def get_next_review(
    request: Request,
    me: Operator,
    after: Annotated[int, Query(ge=0, le=MAX_ID, description="Pass over those up to this one")] = 0,
) -> NextQuestion:
    """Get the longest waiting question whose answer you have not judged before."""
    reviews = services_of(request).reviews
    return NextQuestion.of(reviews.count_waiting(me), reviews.find_next(me, after=after))


@router.post(
    "/{review_id:int}",
    responses={409: {"model": Problem, "description": "already_decided: somebody else was faster"}},
)
def judge_review(request: Request, me: Operator, review_id: Id, body: JudgementIn) -> Done:
    """Say which answer is right."""
    services_of(request).reviews.judge(review_id, body.choice, me)
    return Done()

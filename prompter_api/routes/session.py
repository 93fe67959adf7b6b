"""Logging in and out."""

from fastapi import APIRouter, Depends, Request

from prompter_api.auth import end_session
from prompter_api.login import log_in as start
from prompter_api.parts import parts_of
from prompter_api.schemas.accounts import AccountOut, Login
from prompter_api.schemas.common import Done
from web.origins import refuse_other_sites

router = APIRouter(prefix="/api", tags=["session"], dependencies=[Depends(refuse_other_sites)])


@router.post("/login")
def log_in(request: Request, body: Login) -> AccountOut:
    """Log in with name and password: the answer sets the session's cookie.

    After several failures for one name or from one address the answer is 429 for a while.
    """
    return AccountOut.of(start(request, parts_of(request), body.name, body.password))


@router.post("/logout")
def log_out(request: Request) -> Done:
    """End this browser's session; does nothing where there is none."""
    end_session(request)
    return Done()

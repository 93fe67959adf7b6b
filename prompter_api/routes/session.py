"""Log in and out."""

from fastapi import APIRouter, Depends, Request, Response

from prompter_api import cookies
from prompter_api.login import log_in as start
from prompter_api.schemas.accounts import AccountOut, Login
from prompter_api.schemas.common import Done
from prompter_api.services import services_of
from web.origins import refuse_other_sites

router = APIRouter(prefix="/api", tags=["session"], dependencies=[Depends(refuse_other_sites)])


@router.post("/login")
async def log_in(request: Request, response: Response, body: Login) -> AccountOut:
    """Log in with name and password. The response sets the session's cookie.

    After several failures under one name or from one network the status is 429 for a while. It is also 429
    for some seconds when more people log in than passwords can be checked.
    """
    services = services_of(request)
    entry = await start(request, services, body.name, body.password)
    entry.keep(response, services)
    return AccountOut.of(entry.account)


@router.post("/logout")
def log_out(request: Request, response: Response) -> Done:
    """End this browser's session in every process. Without a session, do nothing."""
    services = services_of(request)
    if (secret := cookies.session_secret(request, services)) is not None:
        services.sessions.end(secret)
    cookies.forget_session(response, services)
    return Done()

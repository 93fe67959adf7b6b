"""Repeated requests: the header `Idempotency-Key` makes a POST safe to send again."""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog
from anyio import to_thread
from fastapi import Request, Response

from prompter.accounts.idempotency import MAX_KEY_LENGTH, KeptAnswer
from prompter.common.safe_errors import describe_without_content
from prompter_api.services import services_of

log = structlog.get_logger(__name__)

HEADER = "Idempotency-Key"
PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Any text of your own, new for each request, such as a UUID. A repetition with the same "
    "key and body within 24 hours changes nothing and gets the first answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[!-~]+$"},
}


async def answer_once(
    request: Request,
    account_id: int,
    handle: Callable[[Request], Awaitable[Response]],
    *,
    keeps_body: bool,
) -> Response:
    """Carry out a request, or return the answer to the first request with the same key.

    Answers with secrets are not kept, and a repetition is refused. A refused request is forgotten.
    """
    keys = services_of(request).idempotency
    content = await _content(request)
    key = request.headers[HEADER]
    claim = await to_thread.run_sync(keys.claim, account_id, key, content)
    if isinstance(claim, KeptAnswer):
        headers = {"Idempotency-Replayed": "true"}
        return Response(claim.body, claim.status, headers, media_type="application/json")
    try:
        with keys.record_effect(claim):
            response = await handle(request)
    except Exception:
        await to_thread.run_sync(keys.release, claim)
        raise
    has_secret = not keeps_body or "set-cookie" in response.headers
    body = None if has_secret else bytes(response.body).decode()
    try:
        await to_thread.run_sync(keys.complete, claim, response.status_code, body)
    except Exception as error:  # it has been carried out, and its effect is recorded
        log.error("answer_not_kept", error=describe_without_content(error))
    return response


async def _content(request: Request) -> bytes:
    """Return the request as bytes, the same for equal requests in whatever order JSON's keys come."""
    body = await request.body()
    with suppress(ValueError, RecursionError):  # an empty body, or one that will be refused
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    address = f"{request.method} {request.scope['path']}?{request.url.query}\n"
    return address.encode("utf-8", "surrogateescape") + body

"""Error responses: a status, a code for programs and a message for people."""

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb_index import InvalidArticle
from prompter.accounts.idempotency import (
    AnswerNotKept,
    IdempotencyKeyInUse,
    IdempotencyKeyReused,
    InvalidIdempotencyKey,
)
from prompter.accounts.passwords import WeakPassword
from prompter.accounts.service import LastAdmin, NameTaken, TokenMade, TooManyTokens, WrongPassword
from prompter.common.errors import (
    AlreadyDecided,
    AlreadySettled,
    ArticleChanged,
    ArticleGone,
    CustomerWroteAgain,
    DatabaseBusy,
    DatabaseFull,
    DatabaseUnavailable,
    Forbidden,
    InvalidDecision,
    InvalidProposal,
    NotFound,
    PrompterError,
    ProposalChanged,
    TooLateToUndo,
)
from prompter.common.safe_errors import describe_without_content, trace
from prompter.jobs import JobRunning
from prompter.knowledge.topics import InvalidTitle
from prompter.labels.regression_cases import InvalidPin
from prompter.models.registry import CannotUse, NothingBefore
from prompter.readiness.topic_readiness import NotReady
from prompter.storage import Conflict
from prompter_api.methods import allowed_methods
from web.problems import problem

log = structlog.get_logger(__name__)


class PasswordChangeNeeded(Forbidden):
    """The password was set by somebody else. The person has to choose their own first."""


class LoginRefused(PrompterError):
    """Name and password do not match, or the account is disabled. The response does not tell which."""


class TooManyTries(PrompterError):
    """Too many logins have failed. Try again in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many failed logins: try again in {retry_after} seconds")
        self.retry_after = retry_after


class TooManyAtOnce(PrompterError):
    """Too many passwords are being checked. Try again in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many people are logging in right now: try again in {retry_after} seconds")
        self.retry_after = retry_after


STATUS: Mapping[type[Exception], int] = {
    NotFound: 404,
    AlreadyDecided: 409,
    CustomerWroteAgain: 409,
    TooLateToUndo: 409,
    InvalidDecision: 422,
    AlreadySettled: 409,
    ArticleGone: 409,
    ArticleChanged: 409,
    ProposalChanged: 409,
    InvalidProposal: 422,
    Forbidden: 403,
    NameTaken: 409,
    LastAdmin: 409,
    TokenMade: 409,
    TooManyTokens: 409,
    WeakPassword: 422,
    WrongPassword: 403,
    PasswordChangeNeeded: 403,
    LoginRefused: 401,
    TooManyTries: 429,
    TooManyAtOnce: 429,
    InvalidIdempotencyKey: 422,
    IdempotencyKeyReused: 422,
    IdempotencyKeyInUse: 409,
    AnswerNotKept: 409,
    Conflict: 409,
    NotReady: 409,
    JobRunning: 409,
    CannotUse: 409,
    NothingBefore: 409,
    InvalidPin: 422,
    InvalidArticle: 422,
    InvalidTitle: 422,
    DatabaseUnavailable: 503,
    DatabaseBusy: 503,
    DatabaseFull: 503,
}

# Errors whose text comes from the database.
_WORDS: Mapping[type[Exception], str] = {
    Conflict: "somebody else was faster: look again",
    DatabaseUnavailable: "the database does not answer: try again soon",
    DatabaseBusy: "the database is busy: try again soon",
    DatabaseFull: "there is no room on the disk: nothing can be stored",
}

# Codes for requests that the framework, not a use case, has refused.
_CODES = {
    400: "bad_request",
    401: "not_logged_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "no_json",
    422: "invalid_request",
    429: "too_many_tries",
    500: "internal_error",
    503: "not_ready",
}
_MESSAGES = {
    400: "the body could not be read",
    404: "there is nothing at this address",
    405: "this address does not know this method",
}
_MAX_PROBLEMS = 5  # the number of problems named in one message
_MAX_NAME_LENGTH = 60  # characters; callers choose the names of unknown fields


UnavailablePage = Callable[[Request, DatabaseUnavailable], Response]


def answer_browsers(app: FastAPI, page: UnavailablePage) -> None:
    """Show people this page instead of JSON if the database is unavailable."""

    async def answer(request: Request, error: Exception) -> Response:
        is_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(
            "/api/"
        )
        if not is_page or not isinstance(error, DatabaseUnavailable):
            return await _refuse(request, error)
        log_unavailable(request, error)
        return page(request, error)

    app.add_exception_handler(DatabaseUnavailable, answer)


def add_error_handlers(app: FastAPI) -> None:
    """Answer all errors in one shape.

    The handlers are asynchronous although they wait for nothing. Synchronous handlers would run in the
    threads that all requests need, and every client that disconnects while sending its body is an error.
    """
    for refusal in (PrompterError, Conflict, InvalidArticle):
        app.add_exception_handler(refusal, _refuse)
    app.add_exception_handler(HTTPException, _refuse_http)
    app.add_exception_handler(RequestValidationError, _refuse_invalid)


def describe_error(error: Exception) -> tuple[str, str]:
    """Return the code and the message for an error of the core.

    Raises:
        Exception: when there is no code for the error; it is the error itself.
    """
    kind = _kind_of(error)
    return _snake_case(kind.__name__), _WORDS.get(kind) or str(error)


def _kind_of(error: Exception) -> type[Exception]:
    kind = next((kind for kind in type(error).__mro__ if kind in STATUS), None)
    if kind is None:
        raise error
    return kind


def log_unavailable(request: Request, error: DatabaseUnavailable) -> None:
    """Log that the database is unavailable, without the driver's text, which may quote stored data."""
    cause = describe_without_content(error.__cause__ or error)
    log.error("database_unavailable", kind=type(error).__name__, route=_route_of(request.scope), cause=cause)


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, DatabaseUnavailable):
        log_unavailable(request, error)
    headers = (
        {"Retry-After": str(error.retry_after)}
        if isinstance(error, TooManyTries | TooManyAtOnce | IdempotencyKeyInUse | DatabaseUnavailable)
        else None
    )
    return problem(STATUS[_kind_of(error)], *describe_error(error), headers)


async def _refuse_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for these only
    status = error.status_code
    said_nothing = error.detail == HTTPStatus(status).phrase or status == 400
    message = _MESSAGES.get(status, error.detail) if said_nothing else error.detail
    headers = {"Allow": ", ".join(allowed_methods(request))} if status == 405 else error.headers
    return problem(status, _CODES.get(status, "refused"), message, headers)


async def _refuse_invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for these only
    named = [_in_words(detail) for detail in error.errors()[:_MAX_PROBLEMS]]
    return problem(422, _CODES[422], "; ".join(named))


def _in_words(detail: Mapping[str, Any]) -> str:
    """Return the field and the problem, as in `rank: input should be less than or equal to 9`, no input."""
    if detail["type"] == "json_invalid":
        return "the body is not valid JSON"
    place: Sequence[object] = detail["loc"][1:]
    name = ".".join(str(part) for part in place)[:_MAX_NAME_LENGTH] or "the body"
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"{name}: {message[:1].lower()}{message[1:]}"


def _route_of(scope: Scope) -> str | None:
    return getattr(scope.get("route"), "path", None)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class UnexpectedErrors:
    """Answers 500 without internal details, and logs where the error happened.

    The log contains the types of the errors and the lines that raised them, but not their messages: a
    database's message quotes the data to store, which may be a customer's text.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, note_start)
        except ClientDisconnect:
            return  # the client left while the body was read, so nobody is there to answer
        except Exception as error:
            log.error("request_failed", method=scope["method"], route=_route_of(scope), trace=trace(error))
            if started:
                return  # the server notices the incomplete response and closes the connection
            response = problem(500, _CODES[500], "something went wrong here; the log says where")
            await response(scope, receive, send)

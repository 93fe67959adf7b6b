"""The web chat: the page at /chat and the three requests that it makes."""

import hashlib
import html
import json
import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypeVar

import structlog
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.buttons import MAX_ID, Button, Feedback, press
from bot.names import clean_language, clean_name
from bot.webchat.channel import CHANNEL
from bot.webchat.cookies import ChatCookies, chat_id_of, old_chat_id_of
from bot.webchat.guards import read_json_body
from bot.webchat.limits import ChatLimits, ChatThrottle
from bot.webchat.texts import page_texts, preferred_language
from kb_index.marks import MarkKind, spans
from prompter.common.errors import NotFound
from prompter.common.safe_errors import describe_without_content
from prompter.conversations.customer_view import CustomerView, Line
from prompter.conversations.intake import Overloaded, Receipt
from prompter.domain.conversation import IncomingMessage, MessageKind
from prompter.text.translations import LANGUAGES
from web.origins import refuse_other_sites
from web.problems import problems

log = structlog.get_logger(__name__)

_STATIC = Path(__file__).parent.parent / "static"
_FILES = {"chat.css": "text/css", "chat.js": "text/javascript", "chat.svg": "image/svg+xml"}
_POLL_SECONDS = 1.5
_PRESS_BYTES = 1000
_OVERLOADED_SECONDS = 15  # until the page sends a message again that was refused for lack of room
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
Body = TypeVar("Body", bound=BaseModel)


class Receiver(Protocol):
    """The part of the reception that the web chat needs."""

    def knows(self, channel: str, chat_id: str) -> bool: ...

    def move_chat(self, channel: str, chat_id: str, new_chat_id: str) -> bool: ...

    def receive(self, message: IncomingMessage) -> Receipt: ...


class Views(Protocol):
    """The queries that the web chat needs to show a conversation."""

    def of(self, channel: str, chat_id: str) -> CustomerView: ...


class NewMessage(BaseModel):
    """A customer's message. The client chooses `id`, so that the message can be sent again safely."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", description="a UUID")
    text: str
    name: str = Field("", max_length=200)


class StoredMessage(BaseModel):
    id: str
    is_new: bool


class NewPress(BaseModel):
    """A press of a button under an automated reply. `reply` is the `reply` of its line."""

    model_config = ConfigDict(extra="forbid")

    reply: int = Field(strict=True, ge=1, le=MAX_ID)
    action: Literal["up", "down", "operator"]


class StoredPress(BaseModel):
    is_new: bool


class ChatSpan(BaseModel):
    """A piece of a reply. `looks` says how to show it, and `address` is that of a link."""

    text: str
    looks: list[MarkKind]
    address: str


class ChatLine(BaseModel):
    """A message of the conversation. `id` is the id that the client chose for a customer's message.

    `reply` is set for an automated reply: the customer can rate it or call an operator. `spans` are the
    pieces of a reply that is more than plain text: its page shows them instead of `text`.
    """

    key: str
    author: Literal["customer", "operator", "bot"]
    kind: MessageKind
    text: str
    at: datetime
    id: str | None
    reply: int | None
    spans: list[ChatSpan] | None = None


class Conversation(BaseModel):
    """The conversation. `lines` is null if nothing has changed since `after`."""

    cursor: str
    attention: Literal["none", "waiting", "typing"]
    lines: list[ChatLine] | None


@dataclass(frozen=True, kw_only=True)
class ChatParts:
    """The parts that the requests of one web chat need."""

    reception: Receiver
    feedback: Feedback
    views: Views
    cookies: ChatCookies
    throttle: ChatThrottle
    pages: Mapping[str, str]  # by language
    language: str  # for browsers that ask for none of these languages
    max_message_length: int  # characters

    @property
    def max_bytes(self) -> int:
        """The maximum size of a request. A character takes at most 12 bytes of JSON (two escapes)."""
        return 12 * self.max_message_length + 2000


async def _chat_of(request: Request) -> ChatParts:
    chat: ChatParts = request.state.web_chat
    return chat


def _request_body(shape: type[BaseModel]) -> dict[str, Any]:
    """Describe a body for the API's description, which cannot see the body that a dependency reads."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": shape.model_json_schema()}},
        }
    }


CurrentChat = Annotated[ChatParts, Depends(_chat_of)]
_routes = APIRouter(tags=["web chat"], responses=problems(401, 403, 404, 415, 422))


def web_chat_router(
    *,
    reception: Receiver,
    feedback: Feedback,
    views: Views,
    secret: str,
    max_message_length: int,
    limits: ChatLimits,
    secure_cookies: bool,
    language: str,
    title: str | None,
) -> APIRouter:
    """Build the web chat, to be mounted at the root of the site.

    `secret` is the installation's secret, which signs cookies. `max_message_length` is in characters.
    `language` is for browsers that ask for a language without a catalog.
    """
    chat = ChatParts(
        reception=reception,
        feedback=feedback,
        views=views,
        cookies=ChatCookies(secret, secure=secure_cookies),
        throttle=ChatThrottle(limits),
        pages={
            page_language: _page(language=page_language, title=title, max_message_length=max_message_length)
            for page_language in {*LANGUAGES, language}
        },
        language=language,
        max_message_length=max_message_length,
    )

    async def serve_with(request: Request) -> None:
        request.state.web_chat = chat

    router = APIRouter()
    router.include_router(_routes, dependencies=[Depends(serve_with)])
    return router


def _new_cookie(chat: ChatParts, request: Request) -> str | None:
    """Make a cookie for a new chat, or for the chat that an unsigned cookie has opened so far.

    Return None if that chat cannot be looked up now. The page asks again.
    """
    cookie, old_chat_id = chat.cookies.make(), old_chat_id_of(request)
    if old_chat_id is None:
        return cookie
    chat.throttle.count_read(request, None)
    try:
        if chat.reception.knows(CHANNEL, old_chat_id):
            chat.reception.move_chat(CHANNEL, old_chat_id, chat_id_of(cookie))
    except Exception as error:
        log.error("web_chat_not_moved", error=describe_without_content(error))
        return None
    return cookie


def _require_chat_id(chat: ChatParts, request: Request) -> str:
    cookie = chat.cookies.read(request)
    if cookie is None:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED,
            "Open the chat page first: it sets the cookie by which you are recognised.",
        )
    return chat_id_of(cookie)


async def _message(request: Request, chat: CurrentChat) -> NewMessage:
    message = await _read_body(request, NewMessage, max_bytes=chat.max_bytes)
    if not message.text.strip():
        raise _unprocessable_error("The message is empty.")
    if len(message.text) > chat.max_message_length:
        raise _unprocessable_error(f"The message is longer than {chat.max_message_length} characters.")
    return message


async def _press(request: Request) -> NewPress:
    return await _read_body(request, NewPress, max_bytes=_PRESS_BYTES)


@_routes.get("/chat", include_in_schema=False)
def chat_page(request: Request, chat: CurrentChat) -> Response:
    language = preferred_language(request.headers.get("accept-language", ""), chat.language)
    response = Response(
        chat.pages[language], media_type="text/html", headers=_HEADERS | {"Cache-Control": "no-store"}
    )
    cookie = chat.cookies.read(request) or _new_cookie(chat, request)
    if cookie is not None:
        chat.cookies.give(request, response, cookie)
    return response


@_routes.get("/chat/static/{name}", include_in_schema=False)
def static_file(name: str) -> Response:
    if name not in _FILES:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    content = (_STATIC / name).read_bytes()
    return Response(content, media_type=_FILES[name], headers=_HEADERS | {"Cache-Control": "no-cache"})


@_routes.post("/chat/messages", summary="Write to the operators", openapi_extra=_request_body(NewMessage))
def write(
    request: Request, response: Response, chat: CurrentChat, message: Annotated[NewMessage, Depends(_message)]
) -> StoredMessage:
    """Store a message. It is stored once this has answered. Sending it again with the same id is harmless."""
    chat_id = _require_chat_id(chat, request)
    incoming = IncomingMessage(
        channel=CHANNEL,
        chat_id=chat_id,
        external_id=message.id.lower(),
        text=message.text,
        customer_name=clean_name(message.name),
        customer_language=_language(request),
    )
    try:
        with ExitStack() as admitted:
            if chat.reception.knows(CHANNEL, chat_id):
                chat.throttle.count_message(request, chat_id)
            else:
                admitted.enter_context(chat.throttle.new_chat(request, chat_id))
            received = chat.reception.receive(incoming)
    except HTTPException:
        raise
    except Overloaded:
        raise _retry_later_error(
            _OVERLOADED_SECONDS, "Too many messages are waiting; try again in a moment."
        ) from None
    except Exception as error:
        raise _unavailable_error("web_message_not_stored", error) from None
    response.headers.update(_NO_STORE)
    return StoredMessage(id=message.id, is_new=received.is_new)


@_routes.post(
    "/chat/feedback",
    summary="Rate an answer of the bot, or call an operator",
    openapi_extra=_request_body(NewPress),
)
def give_feedback(
    request: Request, response: Response, chat: CurrentChat, pressed: Annotated[NewPress, Depends(_press)]
) -> StoredPress:
    """Store a button press. It is stored once this has answered. Sending it again is harmless."""
    chat_id = _require_chat_id(chat, request)
    chat.throttle.count_message(request, chat_id)
    try:
        is_new = press(
            chat.feedback, Button(pressed.action), channel=CHANNEL, chat_id=chat_id, reply_id=pressed.reply
        )
    except NotFound:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no such answer.") from None
    except Exception as error:
        raise _unavailable_error("web_press_not_stored", error) from None
    response.headers.update(_NO_STORE)
    return StoredPress(is_new=is_new)


@_routes.get("/chat/messages", summary="Read the conversation")
def read(
    request: Request,
    response: Response,
    chat: CurrentChat,
    after: Annotated[str, Query(max_length=64, description="the cursor of the last answer")] = "",
) -> Conversation:
    """Return the conversation so far: the customer's messages and the replies that have been sent."""
    chat_id = _require_chat_id(chat, request)
    chat.throttle.count_read(request, chat_id)
    try:
        view = chat.views.of(CHANNEL, chat_id)
    except Exception as error:
        raise _unavailable_error("web_conversation_not_read", error) from None
    response.headers.update(_NO_STORE)
    cursor = _cursor(view)
    return Conversation(
        cursor=cursor,
        attention=view.attention.value,
        lines=None if after == cursor else [_line(line) for line in view.lines],
    )


async def _read_body(request: Request, shape: type[Body], *, max_bytes: int) -> Body:
    """Read and validate a body that our own page has posted."""
    await refuse_other_sites(request)
    body = await read_json_body(request, max_bytes=max_bytes)
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        raise _unprocessable_error(_first_problem(error)) from None


def _language(request: Request) -> str | None:
    first = request.headers.get("accept-language", "").split(",")[0].split(";")[0]
    return clean_language(first.strip())


def _cursor(view: CustomerView) -> str:
    return hashlib.sha256("\n".join(line.key for line in view.lines).encode()).hexdigest()[:16]


def _line(line: Line) -> ChatLine:
    return ChatLine(
        key=line.key,
        author=line.author.value if line.author else "customer",
        kind=line.kind,
        text=line.text,
        at=line.at,
        id=line.external_id,
        reply=line.reply_id,
        spans=[
            ChatSpan(text=span.text, looks=sorted(span.looks), address=span.address)
            for span in spans(line.text, line.marks)
        ]
        if line.marks
        else None,
    )


def _unprocessable_error(problem: str) -> HTTPException:
    return HTTPException(status.HTTP_422_UNPROCESSABLE_CONTENT, problem)


def _unavailable_error(event: str, error: Exception) -> HTTPException:
    log.error(event, error=describe_without_content(error))
    return _retry_later_error(5, "The chat is temporarily unavailable; try again.")


def _retry_later_error(seconds: int, message: str) -> HTTPException:
    return HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, message, {"Retry-After": str(seconds)})


def _first_problem(error: ValidationError) -> str:
    """Return the place and the kind of the first problem, without the customer's words."""
    first: Any = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def _page(*, language: str, title: str | None, max_message_length: int) -> str:
    """Return the page in a language. Its texts are in an attribute, as the page may contain no script."""
    texts = page_texts(language, max_message_length=max_message_length)
    values = {
        "language": language,
        "title": title or texts["title"],
        "no_script": texts["noScript"],
        "texts": json.dumps(texts, ensure_ascii=False),
        "longest": str(max_message_length),
        "poll": str(int(_POLL_SECONDS * 1000)),
    }
    page = (_STATIC / "chat.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: html.escape(values[match[1]]), page)

"""The queue and the messages of a conversation."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from prompter_api.auth import GuardedRoute, Operator
from prompter_api.schemas.common import MAX_ID, ArticleId, Done, Id
from prompter_api.schemas.conversations import ConversationOut, MessageAccepted, NewMessage, QueueItemOut
from prompter_api.schemas.knowledge import FilledAnswer
from prompter_api.services import services_of

router = APIRouter(prefix="/api", tags=["desk"], route_class=GuardedRoute)


@router.get("/queue")
def get_queue(request: Request, _me: Operator) -> list[QueueItemOut]:
    """List the turns that wait for an operator, longest wait first."""
    return [QueueItemOut.of(item) for item in services_of(request).desk.queue()]


@router.get("/conversations/{conversation_id}")
def get_conversation(
    request: Request,
    _me: Operator,
    conversation_id: Id,
    turn_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> ConversationOut:
    """Get a conversation's messages and the turns that wait, with suggestions for one of them.

    By default they are for the oldest.
    """
    return ConversationOut.of(services_of(request).desk.conversation(conversation_id, turn_id=turn_id))


@router.post("/conversations/{conversation_id}/messages", status_code=201)
def send_message(request: Request, me: Operator, conversation_id: Id, body: NewMessage) -> MessageAccepted:
    """Send a message that answers no turn. It is sent at once."""
    reply_id = services_of(request).desk.write(conversation_id, body.text, me)
    return MessageAccepted(reply_id=reply_id)


@router.post("/conversations/{conversation_id}/give-back")
def give_back(request: Request, _me: Operator, conversation_id: Id) -> Done:
    """Return a conversation to the bot, which may answer again and continue its dialogue."""
    services_of(request).desk.return_to_bot(conversation_id)
    return Done()


@router.get("/conversations/{conversation_id}/articles/{article_id:path}/answer")
def get_filled_answer(
    request: Request, _me: Operator, conversation_id: Id, article_id: ArticleId
) -> FilledAnswer:
    """Get an article's answer with its template fields filled in for this customer."""
    return FilledAnswer(text=services_of(request).desk.filled_answer(conversation_id, article_id))

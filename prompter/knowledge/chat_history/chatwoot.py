"""Messages as Chatwoot's API and webhooks give them: a list of messages, or conversations with theirs."""

from collections.abc import Iterator, Mapping
from typing import Any

from prompter.knowledge.chat_history.rows import Row

LISTS = ("payload", "data", "messages", "conversations")
_ROLES = {"contact": "customer", "user": "operator", "agent_bot": "bot", "agentbot": "bot"}


def rows(item: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the rows of a message or of a conversation."""
    messages = item.get("messages")
    if not isinstance(messages, list):
        yield _row(item, None)
        return
    for message in messages:
        if isinstance(message, Mapping):
            yield _row(message, item.get("id"))


def _row(message: Mapping[str, Any], conversation: object) -> Row:
    sender = message.get("sender")
    sender = sender if isinstance(sender, Mapping) else {}
    outer = message.get("conversation")
    if isinstance(outer, Mapping):  # as in a webhook
        conversation = outer.get("id", conversation)
    row = {
        "author": [sender.get("name"), sender.get("id")],
        "role": [_ROLES.get(str(sender.get("type") or message.get("sender_type")).lower())],
        "kind": [message.get("message_type")],
        "time": [message.get("created_at")],
        "text": [message.get("content")],
        "private": [message.get("private")],
    }
    number = message.get("conversation_id", conversation)
    return row if number is None else {**row, "conversation": [number]}

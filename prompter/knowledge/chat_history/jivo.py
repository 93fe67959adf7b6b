"""Chats as Jivo gives them to webhooks and exports: a visitor, agents, and messages with their type."""

from collections.abc import Iterator, Mapping
from typing import Any

from prompter.knowledge.chat_history.rows import Row

LISTS = ("chats", "data", "items", "results")
SINGLE = ("messages", "chat")


def rows(item: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the rows of a chat."""
    chat = item.get("chat")
    chat = chat if isinstance(chat, Mapping) else item
    messages = chat.get("messages")
    number = item.get("chat_id", chat.get("chat_id", chat.get("id", item.get("id"))))
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, Mapping):
            yield {
                "conversation": [number],
                "author": [message.get("agent_id"), message.get("name")],
                "role": [message.get("type", message.get("from"))],
                "kind": [message.get("type")],
                "time": [message.get("timestamp", message.get("time", message.get("created_at")))],
                "text": [message.get("message", message.get("text"))],
                "private": [message.get("private", message.get("internal"))],
            }

"""Zendesk: tickets with their comments, and chats with their history."""

from collections.abc import Iterator, Mapping
from typing import Any

from bs4 import BeautifulSoup

from prompter.knowledge.chat_history.rows import Row

LISTS = ("tickets", "results", "chats", "data")
SINGLE = ("comments", "history", "ticket")
_END_USER = frozenset({"end-user", "end_user", "enduser", "end user"})
_MESSAGE = frozenset({"chat.msg", "message", "msg"})


def rows(item: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the rows of a ticket or of a chat."""
    if isinstance(item.get("ticket"), Mapping):
        item = {**item["ticket"], **{key: value for key, value in item.items() if key == "comments"}}
    parts, to_row = (
        (item.get("comments"), _of_ticket) if "comments" in item else (item.get("history"), _of_chat)
    )
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, Mapping):
            yield {"conversation": [item.get("id", item.get("ticket_id"))], **to_row(item, part)}


def _of_ticket(ticket: Mapping[str, Any], comment: Mapping[str, Any]) -> Row:
    requester, author = ticket.get("requester"), comment.get("author")
    requester = requester if isinstance(requester, Mapping) else {}
    author = author if isinstance(author, Mapping) else {}
    author_id = comment.get("author_id", author.get("id"))
    is_requester = author_id is not None and author_id in (ticket.get("requester_id"), requester.get("id"))
    is_customer = is_requester or str(author.get("role", "")).lower() in _END_USER
    return {
        "author": [author.get("name"), author_id],
        "role": ["customer" if is_customer else "operator"],
        "time": [comment.get("created_at")],
        "text": [_text(comment)],
        "public": [comment["public"]] if comment.get("public") is not None else [],
        "private": [comment.get("private")],
    }


def _of_chat(_chat: Mapping[str, Any], part: Mapping[str, Any]) -> Row:
    nick = str(part.get("sender_type") or part.get("nick") or "")
    kind = str(part.get("type") or "message")
    return {
        "author": [part.get("name"), part.get("sender_id")],
        "role": [nick.partition(":")[0]],
        "kind": ["message" if kind in _MESSAGE else "event"],
        "time": [part.get("timestamp")],
        "text": [part.get("msg")],
    }


def _text(comment: Mapping[str, Any]) -> object:
    text = comment.get("plain_body") or comment.get("body")
    if text is None and isinstance(comment.get("html_body"), str):
        return BeautifulSoup(comment["html_body"], "html.parser").get_text("\n").strip()
    return text

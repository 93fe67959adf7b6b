"""Translate Telegram's updates into our messages and button presses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telegram import Message, Update, User
from telegram.constants import ChatType

from bot.buttons import Button
from bot.names import clean_language, clean_name
from bot.telegram.keyboard import read_data
from prompter.domain.conversation import IncomingMessage, MessageKind

CHANNEL = "telegram"

# A message has one of these. An animation also has a document, for older clients.
_KINDS = {
    "text": MessageKind.TEXT,
    "photo": MessageKind.PHOTO,
    "animation": MessageKind.VIDEO,
    "video": MessageKind.VIDEO,
    "video_note": MessageKind.VIDEO,
    "voice": MessageKind.VOICE,
    "audio": MessageKind.AUDIO,
    "document": MessageKind.DOCUMENT,
    "sticker": MessageKind.STICKER,
    "venue": MessageKind.LOCATION,
    "location": MessageKind.LOCATION,
    "contact": MessageKind.CONTACT,
}

# Telegram's own notes about the chat, which nobody wrote. Kinds that are neither here nor above (a poll,
# a die, future kinds) are stored as OTHER.
_NOTES = (
    "pinned_message",
    "message_auto_delete_timer_changed",
    "write_access_allowed",
    "connected_website",
    "chat_background_set",
    "boost_added",
)


@dataclass(frozen=True, kw_only=True)
class ButtonPress:
    """A customer's press of a button under an automated reply."""

    query_id: str  # the id with which Telegram wants the press answered
    chat_id: str
    reply_id: int
    button: Button
    language: str | None  # the customer's


def read_update(update: Update) -> IncomingMessage | None:
    """Return the customer's message in an update, or None for groups, channels and notes."""
    edited = update.edited_message is not None
    message = update.edited_message or update.message
    if message is None or message.chat.type != ChatType.PRIVATE:
        return None
    if any(getattr(message, name) for name in _NOTES):
        return None
    kind = _kind(message)
    if edited and kind is MessageKind.LOCATION:
        return None  # a live location that moved
    return IncomingMessage(
        channel=CHANNEL,
        chat_id=str(message.chat.id),
        external_id=_external_id(message.message_id, update.update_id, edited=edited),
        kind=kind,
        text=message.text or message.caption or "",
        customer_name=_name(message.from_user),
        customer_language=clean_language(message.from_user.language_code) if message.from_user else None,
        forwarded=message.forward_origin is not None,
        replaces=str(message.message_id) if edited else None,
    )


def read_press(update: Update) -> ButtonPress | None:
    """Return the button press in an update, or None if the button is not ours or the chat is not private."""
    query = update.callback_query
    if query is None or query.message is None or query.message.chat.type != ChatType.PRIVATE:
        return None
    pressed = read_data(query.data or "")
    if pressed is None:
        return None
    button, reply_id = pressed
    return ButtonPress(
        query_id=query.id,
        chat_id=str(query.message.chat.id),
        reply_id=reply_id,
        button=button,
        language=clean_language(query.from_user.language_code),
    )


def read_raw(update_id: int, raw: Mapping[str, Any]) -> IncomingMessage | None:
    """Read an update that the library cannot parse, as far as possible: sender, chat and text."""
    edited = "edited_message" in raw
    message = raw.get("edited_message") or raw.get("message") or {}
    try:
        message_id, chat_id = int(message["message_id"]), int(message["chat"]["id"])
        is_private = message["chat"]["type"] == ChatType.PRIVATE
    except (TypeError, KeyError, ValueError):
        return None
    if not is_private:
        return None
    text = message.get("text")
    if not isinstance(text, str):
        text = ""
    return IncomingMessage(
        channel=CHANNEL,
        chat_id=str(chat_id),
        external_id=_external_id(message_id, update_id, edited=edited),
        kind=MessageKind.TEXT if text else MessageKind.OTHER,
        text=text,
        replaces=str(message_id) if edited else None,
    )


def _kind(message: Message) -> MessageKind:
    return next((kind for name, kind in _KINDS.items() if getattr(message, name)), MessageKind.OTHER)


def _external_id(message_id: int, update_id: int, *, edited: bool) -> str:
    # An edit keeps the message's id, and its time is in whole seconds. Only the update's id is unique.
    return f"{message_id}:edit:{update_id}" if edited else str(message_id)


def _name(user: User | None) -> str:
    return clean_name(f"{user.first_name} {user.last_name or ''}") if user else ""

"""Translate Telegram's updates into our messages and button presses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telegram import Message, Update, User
from telegram.constants import ChatType

from bot.buttons import Button
from bot.names import clean_file_name, clean_language, clean_name
from bot.telegram.keyboard import read_data
from prompter.domain.conversation import Command, IncomingMessage, MessageKind

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


# "/start PAYLOAD" is sent by the link https://t.me/BOT?start=PAYLOAD.
_COMMAND = re.compile(r"/(start|help|stop)(?:@\w+)?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class AnyPress:
    """A customer's press of any button. Telegram shows it as busy until it is answered."""

    query_id: str  # the id with which Telegram wants the press answered
    language: str | None  # the customer's


@dataclass(frozen=True, kw_only=True)
class ButtonPress(AnyPress):
    """A customer's press of a button under an automated reply."""

    chat_id: str
    reply_id: int
    button: Button


def read_update(update: Update) -> IncomingMessage | None:
    """Return the customer's message in an update, or None for groups, channels and notes."""
    edited = update.edited_message is not None
    message = update.edited_message or update.message
    if message is None or message.chat.type != ChatType.PRIVATE:
        return None
    if any(getattr(message, name) for name in _NOTES):
        return None
    name, kind = _content(message)
    if edited and kind is MessageKind.LOCATION:
        return None  # a live location that moved
    text = message.text or message.caption or ""
    forwarded = message.forward_origin is not None
    command = payload = None
    if kind is MessageKind.TEXT and not edited and not forwarded:
        command, payload = _read_command(text)
    file = _file(message, name)
    thread_id = message.message_thread_id if message.is_topic_message else None
    return IncomingMessage(
        channel=CHANNEL,
        chat_id=str(message.chat.id),
        external_id=_external_id(message.message_id, update.update_id, edited=edited),
        kind=kind,
        text=text,
        customer_name=_name(message.from_user),
        customer_language=clean_language(message.from_user.language_code) if message.from_user else None,
        forwarded=forwarded,
        replaces=str(message.message_id) if edited else None,
        file_name=clean_file_name(getattr(file, "file_name", None)),
        file_size=getattr(file, "file_size", None),
        thread_id=str(thread_id) if thread_id is not None else None,
        command=command,
        payload=payload,
    )


def read_press(update: Update) -> AnyPress | None:
    """Return the button press in an update. It is a plain `AnyPress` if the button is not one of ours."""
    query = update.callback_query
    if query is None:
        return None
    language = clean_language(query.from_user.language_code)
    pressed = read_data(query.data or "")
    if pressed is None or query.message is None or query.message.chat.type != ChatType.PRIVATE:
        return AnyPress(query_id=query.id, language=language)
    button, reply_id = pressed
    return ButtonPress(
        query_id=query.id,
        chat_id=str(query.message.chat.id),
        reply_id=reply_id,
        button=button,
        language=language,
    )


def read_raw(update_id: int, raw: Mapping[str, Any]) -> IncomingMessage | AnyPress | None:
    """Read an update that the library cannot parse, as far as possible: sender, chat and text."""
    query = raw.get("callback_query")
    if isinstance(query, Mapping) and isinstance(query.get("id"), str):
        return AnyPress(query_id=query["id"], language=None)
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


def _content(message: Message) -> tuple[str, MessageKind]:
    """Return the name of the message's content in the Bot API, and its kind."""
    named = ((name, kind) for name, kind in _KINDS.items() if getattr(message, name))
    return next(named, ("", MessageKind.OTHER))


def _file(message: Message, name: str) -> object:
    """Return the attachment, which may have a name and a size. A photo comes in several sizes."""
    content = getattr(message, name, None)
    return content[-1] if isinstance(content, tuple) else content


def _read_command(text: str) -> tuple[Command | None, str | None]:
    """Return the command that a text is, and the payload of a link to the bot.

    >>> _read_command("/start promo_42"), _read_command("/help не могу войти")
    ((<Command.START: 'start'>, 'promo_42'), (None, None))
    """
    match = _COMMAND.fullmatch(text.strip())
    if match is None:
        return None, None
    command = Command(match[1].lower())
    return (command, match[2]) if command is Command.START or not match[2] else (None, None)


def _external_id(message_id: int, update_id: int, *, edited: bool) -> str:
    # An edit keeps the message's id, and its time is in whole seconds. Only the update's id is unique.
    return f"{message_id}:edit:{update_id}" if edited else str(message_id)


def _name(user: User | None) -> str:
    return clean_name(f"{user.first_name} {user.last_name or ''}") if user else ""

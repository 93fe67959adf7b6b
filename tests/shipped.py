"""The shipped numbers, for tests that depend on none in particular.

They stand in config.yml and sufler/settings.py, and nowhere else.
"""

from dataclasses import replace
from datetime import timedelta
from typing import TypedDict

from bot.webchat import ChatLimits
from sufler.bootstrap.faces import chat_limits_of
from sufler.bootstrap.services import autopilot_of
from sufler.settings import Settings

SETTINGS = Settings()
AUTOPILOT = replace(autopilot_of(SETTINGS), signatures={})
CHAT_LIMITS = chat_limits_of(SETTINGS)


class SessionNumbers(TypedDict):
    prefix: str
    timeout: timedelta
    ends_after: timedelta
    operator_hold: timedelta


SESSIONS: SessionNumbers = {
    "prefix": "sufler",
    "timeout": timedelta(seconds=SETTINGS.dialogue.engine_timeout_seconds),
    "ends_after": timedelta(minutes=SETTINGS.dialogue.session_minutes),
    "operator_hold": AUTOPILOT.operator_hold,
}


class ChatNumbers(TypedDict):
    max_message_length: int
    limits: ChatLimits
    secure_cookies: bool
    language: str
    title: str | None


WEB_CHAT: ChatNumbers = {
    "max_message_length": SETTINGS.turns.max_message_length,
    "limits": CHAT_LIMITS,
    "secure_cookies": SETTINGS.web.secure_cookies,
    "language": SETTINGS.language,
    "title": None,
}

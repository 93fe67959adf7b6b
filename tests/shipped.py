"""The shipped numbers, for tests that depend on none in particular.

They stand in config.yml and sufler/settings.py, and nowhere else.
"""

from dataclasses import replace
from datetime import timedelta
from typing import TypedDict

from bot.webchat import ChatLimits
from sufler.bootstrap.faces import chat_limits_of
from sufler.bootstrap.process import connection_limits_of
from sufler.bootstrap.services import autopilot_of, build_sampling, detector_of, rule_of, waits_of
from sufler.settings import Settings

SETTINGS = Settings()
AUTOPILOT = replace(autopilot_of(SETTINGS), signatures={})
CHAT_LIMITS = chat_limits_of(SETTINGS)
CONNECTION_LIMITS = connection_limits_of(SETTINGS)
DETECTOR = detector_of(SETTINGS)
RULE = rule_of(SETTINGS)
SAMPLING = build_sampling(SETTINGS)
WAITS = waits_of(SETTINGS)


class DialogueNumbers(TypedDict):
    prefix: str
    timeout: timedelta
    ends_after: timedelta
    operator_hold: timedelta


DIALOGUES: DialogueNumbers = {
    "prefix": "sufler",
    "timeout": timedelta(seconds=SETTINGS.dialogue.engine_timeout_seconds),
    "ends_after": timedelta(minutes=SETTINGS.dialogue.session_minutes),
    "operator_hold": AUTOPILOT.operator_hold,
}


class SessionNumbers(TypedDict):
    max_age: timedelta
    max_idle: timedelta


SESSIONS: SessionNumbers = {
    "max_age": timedelta(hours=SETTINGS.web.session_hours),
    "max_idle": timedelta(minutes=SETTINGS.web.session_idle_minutes),
}


class LoginNumbers(TypedDict):
    per_name: int
    per_address: int
    window_seconds: float


LOGINS: LoginNumbers = {
    "per_name": SETTINGS.web.login_tries_per_name,
    "per_address": SETTINGS.web.login_tries_per_address,
    "window_seconds": SETTINGS.web.login_window_seconds,
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

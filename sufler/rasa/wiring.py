"""Build the parts for dialogues from the settings: Rasa's client and the actions that Rasa calls."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import SecretStr

from prompter.dialogue.actions import Actions, seal
from prompter.dialogue.session import DialogueSessions, forget_outage
from prompter.domain.triage import Triage
from prompter.readiness.sampling import SamplingPolicy
from prompter.storage import Store
from sufler.installation_secret import installation_secret
from sufler.settings import Settings

if TYPE_CHECKING:
    from sufler.rasa.engine import RasaEngine

Parser = Callable[[str], Mapping[str, float]]


def build_actions(
    settings: Settings, store: Store, triage: Callable[[str], Triage], *, sampling: SamplingPolicy
) -> Actions:
    """Build Sufler's actions for a dialogue engine. `triage` takes readiness into account."""
    from sufler.rasa.form_checks import read_forms
    from sufler.rasa.order_lookup import build_orders

    return Actions(
        store,
        triage,
        secret=installation_secret(settings.secret, store),
        forms=read_forms(settings.training_data_dir),
        lookup=build_orders(
            _reveal(settings.dialogue.orders), timeout=settings.dialogue.action_timeout_seconds
        ),
        template_values=settings.templates,
        sampling=sampling,
    )


def build_custom_actions(settings: Settings) -> Callable[[bytes], tuple[int, bytes]] | None:
    """Build the client of the team's own action server. None means that there is none."""
    if settings.dialogue.custom_action_url is None:
        return None
    from sufler.rasa.custom_actions import CustomActions

    return CustomActions(
        settings.dialogue.custom_action_url.get_secret_value(),
        timeout=settings.dialogue.action_timeout_seconds,
    )


def build_parser(settings: Settings) -> Parser | None:
    """Build the external parser that replaces our intent classifier. None means that there is none."""
    if settings.intents.kind != "rasa":
        return None
    return _engine(settings).parse


def build_dialogue_sessions(settings: Settings, store: Store) -> DialogueSessions | None:
    """Build the sessions that pass turns to Rasa and monitor it. None means that Rasa is not used."""
    if settings.dialogue.engine is None and settings.intents.kind != "rasa":
        forget_outage(store)
        return None
    secret, chosen = installation_secret(settings.secret, store), settings.dialogue
    return DialogueSessions(
        store,
        _engine(settings),
        seal=lambda turn_id: seal(secret, turn_id),
        prefix=f"sufler-{hashlib.sha256(secret.encode()).hexdigest()[:8]}",
        timeout=timedelta(seconds=chosen.engine_timeout_seconds),
        ends_after=timedelta(minutes=chosen.session_minutes),
        operator_hold=timedelta(minutes=settings.autopilot.operator_hold_minutes),
    )


def _engine(settings: Settings) -> "RasaEngine":
    from sufler.rasa.engine import RasaEngine  # imports an HTTP client that most installations do not need

    chosen = settings.dialogue
    token = (_reveal(chosen.token) or "").strip()
    return RasaEngine(
        chosen.url.get_secret_value(), token=token or None, timeout=chosen.engine_timeout_seconds
    )


def _reveal(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()

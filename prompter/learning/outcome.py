"""The results of a learning run. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.gate import GateReport
from prompter.domain.learning_outcome import Result
from prompter.knowledge.proposals import RefreshCounts
from prompter.labels.annotator_agreement import OperatorCheck
from prompter.labels.from_verdicts import LabelSet
from prompter.learning.service import TimeSplit


@dataclass(frozen=True, kw_only=True)
class LearningRun:
    """The result of a learning run. `report` is None if nothing was measured."""

    result: Result
    version: str | None
    champion: str
    split: TimeSplit
    label_set: LabelSet | None
    operators: tuple[OperatorCheck, ...]
    report: GateReport | None
    changed_alone: tuple["ChangedAnswer", ...]
    operator_names: Mapping[int, str]  # by id
    proposals: RefreshCounts | None  # None until they are made
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ChangedAnswer:
    """A question with an automated reply, which would now be answered with another article."""

    turn_id: int
    topic: str
    before: str
    after: str | None

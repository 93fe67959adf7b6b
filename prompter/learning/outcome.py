"""What comes of learning: values only."""

from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.gate import GateReport
from prompter.domain.learning_outcome import Result
from prompter.knowledge.proposals import Refreshed
from prompter.labels.annotator_agreement import OperatorCheck
from prompter.labels.from_verdicts import LabelSet
from prompter.learning.service import TimeSplit


@dataclass(frozen=True, kw_only=True)
class LearningRun:
    """What came of learning; the report is None where there was nothing to measure."""

    result: Result
    version: str | None
    champion: str
    split: TimeSplit
    label_set: LabelSet | None
    operators: tuple[OperatorCheck, ...]
    report: GateReport | None
    changed_alone: tuple["ChangedAnswer", ...]
    operator_names: Mapping[int, str]  # by id
    proposals: Refreshed | None  # None: nobody has looked yet
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ChangedAnswer:
    """A question that was answered alone, and would now be answered with another article."""

    turn_id: int
    topic: str
    before: str
    after: str | None

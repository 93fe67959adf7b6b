"""Whose verdicts contradict what everybody else says?"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp

from prompter.labels.from_verdicts import LabeledQuestion

_ENOUGH = 10  # verdicts of a person before anything is said of them
_MAX_ROWS = 60  # the newest of a person's verdicts that are looked at
_LEVEL = 1e-3  # probability that a careful person is flagged, at most


@dataclass(frozen=True, kw_only=True)
class LeaveOneOutPrediction:
    """What a model that has not learned from a person suggests first, and how probably it is right."""

    article_id: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class OperatorCheck:
    """How often a person's verdicts contradict a model taught by the others only.

    `expected`: how often they would if the person was as careful as the others, and the model as often right
    as it says.
    """

    operator_id: int
    n_verdicts: int
    contradicted: int
    expected: float
    is_flagged: bool


def check_operators(
    labels: Sequence[LabeledQuestion],
    predict: Callable[[int, Sequence[int]], Mapping[int, LeaveOneOutPrediction]],
    *,
    same_answer: Mapping[str, str] | None = None,
) -> list[OperatorCheck]:
    """Compare each person's verdicts with what the others' say; in order of id.

    `predict(operator, numbers)` asks the texts of those labels of a model that has learned from all labels
    but this operator's. Flagged is whose verdicts contradict it in half of the cases or more, and so much
    more often than expected that chance explains it with probability .001 at most (Hoeffding, 1963): more
    often than the model doubts itself, and more often than the others' verdicts contradict theirs. Of a
    person who works alone nothing can be said.
    """
    same = same_answer or {}
    of_operator: dict[int, list[int]] = defaultdict(list)
    for number, label in enumerate(labels):
        of_operator[label.operator_id].append(number)
    judged_by = {}
    for operator_id, numbers in sorted(of_operator.items()):
        predictions = predict(operator_id, numbers[-_MAX_ROWS:])
        judged = [
            (_is_contradicted(labels[number], found, same), 1 - found.confidence)
            for number, found in predictions.items()
        ]
        judged_by[operator_id] = [
            (contradicted, doubt) for contradicted, doubt in judged if contradicted is not None
        ]
    return [
        _check(
            operator_id,
            own,
            [
                contradiction
                for other, each in judged_by.items()
                if other != operator_id
                for contradiction in each
            ],
        )
        for operator_id, own in judged_by.items()
        if len(own) >= _ENOUGH
    ]


def _check(
    operator_id: int, own: Sequence[tuple[bool, float]], peers: Sequence[tuple[bool, float]]
) -> OperatorCheck:
    n, contradicted = len(own), sum(contradiction for contradiction, _ in own)
    among_peers = sum(contradiction for contradiction, _ in peers) / len(peers) if peers else 1.0
    expected = max(sum(doubt for _, doubt in own), n * among_peers)
    excess = max(0.0, contradicted - expected)
    return OperatorCheck(
        operator_id=operator_id,
        n_verdicts=n,
        contradicted=contradicted,
        expected=expected,
        is_flagged=2 * contradicted >= n and exp(-2 * excess**2 / n) <= _LEVEL,
    )


def _is_contradicted(
    label: LabeledQuestion, prediction: LeaveOneOutPrediction, same: Mapping[str, str]
) -> bool | None:
    """Whether person and model say different things; None: the verdict says nothing of what it suggests."""
    suggested = same.get(prediction.article_id, prediction.article_id)
    if label.right is not None:
        return same.get(label.right, label.right) != suggested
    return True if suggested in {same.get(article, article) for article in label.wrong} else None

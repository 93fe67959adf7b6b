"""Find people whose verdicts contradict everybody else's."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp

from prompter.labels.from_verdicts import LabeledQuestion

_ENOUGH = 10  # verdicts of a person before they are checked
_MAX_ROWS = 60  # the newest of a person's verdicts that are checked
_LEVEL = 1e-3  # maximum probability that a careful person is flagged


@dataclass(frozen=True, kw_only=True)
class LeaveOneOutPrediction:
    """The top suggestion of a model that has not learned from a person, with its confidence."""

    article_id: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class OperatorCheck:
    """A comparison of a person's verdicts with a model trained on the others only.

    `expected` is how often they would contradict it, if the person were as careful as the others and
    the model as accurate as its confidence says.
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
    """Compare each person's verdicts with the others', in order of id.

    `predict(operator, numbers)` returns predictions for the texts of those labels by a model that has
    learned from all labels but this operator's. People are flagged if their verdicts contradict it in
    at least half of the cases, and so much more often than expected that chance explains it with
    probability .001 at most (Hoeffding, 1963): more often than the model's own uncertainty, and more
    often than the others' verdicts contradict theirs. A person who works alone cannot be checked.
    """
    same = same_answer or {}
    of_operator: dict[int, list[int]] = defaultdict(list)
    for number, label in enumerate(labels):
        of_operator[label.operator_id].append(number)
    judged_by = {}
    for operator_id, numbers in sorted(of_operator.items()):
        predictions = predict(operator_id, numbers[-_MAX_ROWS:])
        judged = [
            (_is_contradicted(labels[number], prediction, same), 1 - prediction.confidence)
            for number, prediction in predictions.items()
        ]
        judged_by[operator_id] = [
            (contradicted, doubt) for contradicted, doubt in judged if contradicted is not None
        ]
    return [
        _check(
            operator_id,
            contradictions,
            [
                contradiction
                for peer_id, peer_contradictions in judged_by.items()
                if peer_id != operator_id
                for contradiction in peer_contradictions
            ],
        )
        for operator_id, contradictions in judged_by.items()
        if len(contradictions) >= _ENOUGH
    ]


def _check(
    operator_id: int, contradictions: Sequence[tuple[bool, float]], peers: Sequence[tuple[bool, float]]
) -> OperatorCheck:
    n, contradicted = len(contradictions), sum(contradiction for contradiction, _ in contradictions)
    among_peers = sum(contradiction for contradiction, _ in peers) / len(peers) if peers else 1.0
    expected = max(sum(doubt for _, doubt in contradictions), n * among_peers)
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
    """Return whether person and model disagree, or None if the verdict does not concern the suggestion."""
    suggested = same.get(prediction.article_id, prediction.article_id)
    if label.right is not None:
        return same.get(label.right, label.right) != suggested
    return True if suggested in {same.get(article, article) for article in label.wrong} else None

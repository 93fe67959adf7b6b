from collections.abc import Mapping, Sequence
from datetime import timedelta

from prompter.labels.annotator_agreement import LeaveOneOutPrediction, check_operators
from prompter.labels.from_verdicts import LabeledQuestion
from tests.fakes import START


def verdicts(
    operator: int, n: int, *, right: str | None, wrong: tuple[str, ...] = ()
) -> list[LabeledQuestion]:
    return [
        LabeledQuestion(
            turn_id=number,
            operator_id=operator,
            decided_at=START + timedelta(minutes=number),
            text="где",
            right=right,
            wrong=wrong,
        )
        for number in range(n)
    ]


def predict_always(article: str, confidence: float = 0.9) -> object:
    def predict(_operator: int, numbers: Sequence[int]) -> Mapping[int, LeaveOneOutPrediction]:
        return {
            number: LeaveOneOutPrediction(article_id=article, confidence=confidence) for number in numbers
        }

    return predict


def flag(labels: list[LabeledQuestion], predict: object, **same: str) -> list[int]:
    checks = check_operators(labels, predict, same_answer=same)  # type: ignore[arg-type]
    return [check.operator_id for check in checks if check.is_flagged]


CAREFUL = [*verdicts(1, 30, right="order"), *verdicts(2, 30, right="order")]


def test_whose_every_verdict_is_wrong_is_flagged() -> None:
    for bad in (verdicts(3, 30, right="refund"), verdicts(3, 30, right=None, wrong=("order",))):
        checks = check_operators([*CAREFUL, *bad], predict_always("order"))  # type: ignore[arg-type]
        assert [(check.operator_id, check.is_flagged) for check in checks] == [
            (1, False),
            (2, False),
            (3, True),
        ]
        last = checks[-1]
        assert (last.n_verdicts, last.contradicted) == (30, 30)
        assert 2.9 < last.expected < 3.1  # the model doubts one of ten


def test_a_few_wrong_ones_are_no_reason() -> None:
    mixed = [*verdicts(3, 7, right="refund"), *verdicts(3, 23, right="order")]
    assert flag([*CAREFUL, *mixed], predict_always("order")) == []
    assert flag([*CAREFUL, *verdicts(3, 9, right="refund")], predict_always("order")) == []  # too few of them


def test_where_the_model_is_wrong_nobody_is_flagged() -> None:
    everybody = [*CAREFUL, *verdicts(3, 30, right="order")]
    assert flag(everybody, predict_always("refund", confidence=0.99)) == []
    assert flag(verdicts(3, 30, right="order"), predict_always("refund")) == []  # who works alone


def test_articles_with_the_same_answer_are_no_contradiction() -> None:
    bad = verdicts(3, 30, right="order-2")
    assert flag([*CAREFUL, *bad], predict_always("order")) == [3]
    assert flag([*CAREFUL, *bad], predict_always("order"), **{"order-2": "order"}) == []

from datetime import timedelta

import pytest

from prompter.labels.from_verdicts import LabeledQuestion
from prompter.learning.service import split_by_time
from tests.fakes import START


def label_at(minute: int) -> LabeledQuestion:
    return LabeledQuestion(
        turn_id=minute,
        operator_id=1,
        decided_at=START + timedelta(minutes=minute),
        text=str(minute),
        right="a",
    )


@pytest.mark.parametrize(
    ("since", "share", "learned", "tested", "n_new"),
    [
        (None, 0.2, 8, 2, 10),
        (5, 0.2, 10, 0, 4),  # 20 % of four are none
        (4, 0.2, 9, 1, 5),
        (9, 0.5, 10, 0, 0),
        (None, 0.0, 10, 0, 10),
    ],
)
def test_the_newest_of_what_is_new_is_kept_back(
    since: int | None, share: float, learned: int, tested: int, n_new: int
) -> None:
    labels = [label_at(minute) for minute in (3, 1, 2, 0, 9, 8, 7, 6, 5, 4)]
    moment = None if since is None else START + timedelta(minutes=since)
    split = split_by_time(labels, since=moment, holdout_share=share)
    assert [label.turn_id for label in split.to_learn] == list(range(learned))
    assert [label.turn_id for label in split.to_test] == list(range(learned, 10))
    assert split.n_new == n_new
    assert split.until == START + timedelta(minutes=learned - 1)
    assert len(split.to_test) == tested


def test_nothing_to_learn() -> None:
    split = split_by_time([], since=None, holdout_share=0.2)
    assert (split.to_learn, split.to_test, split.until) == ((), (), None)

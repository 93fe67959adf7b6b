import numpy as np

from evaluation.multiple_testing import e_bh


def test_the_largest_set_whose_members_are_all_strong_enough() -> None:
    e_values = np.array([100.0, 45.0, 41.0, 39.0, 1.0])  # n / (alpha k): 100, 50, 33.3, 25, 20
    assert e_bh(np.log(e_values), alpha=0.05).tolist() == [True, True, True, True, False]


def test_alone_a_topic_needs_as_much_as_there_are_topics() -> None:
    assert e_bh(np.log([99.0, 1, 1, 1, 1]), alpha=0.05).tolist() == [False] * 5
    assert e_bh(np.log([100.0, 1, 1, 1, 1]), alpha=0.05).tolist() == [True] + [False] * 4


def test_no_topic_no_discovery() -> None:
    assert e_bh(np.zeros((3, 0)), alpha=0.05).shape == (3, 0)

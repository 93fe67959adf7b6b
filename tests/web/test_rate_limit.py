"""A rate limit admits a maximum number of events per key in a window."""

from web.rate_limit import AddressLimit, RateLimit


def test_a_window_slides_and_idle_keys_are_forgotten() -> None:
    times = iter([0.0, 10.0, 40.0, 61.0, 200.0, 200.0])
    limit = RateLimit(2, clock=lambda: next(times))
    assert [limit.seconds_to_wait("a") for _ in range(4)] == [0.0, 0.0, 20.0, 0.0]
    assert [limit.seconds_to_wait(key) for key in "bc"] == [0.0, 0.0]
    assert list(limit._times) == ["b", "c"]


def test_an_event_that_is_taken_back_leaves_room() -> None:
    limit = RateLimit(1, clock=lambda: 0.0)
    assert [limit.seconds_to_wait("a"), limit.seconds_to_wait("a")] == [0.0, 60.0]
    limit.take_back("a")
    limit.take_back("b")
    assert [limit.seconds_to_wait("a"), limit.seconds_to_wait("a")] == [0.0, 60.0]


def test_of_too_many_keys_the_idlest_is_forgotten() -> None:
    limit = RateLimit(1, max_keys=2, clock=lambda: 0.0)
    assert [limit.seconds_to_wait(key) for key in ("a", "b", "a", "c", "a")] == [0.0, 0.0, 60.0, 0.0, 0.0]


def test_the_many_networks_of_one_ipv6_line_share_a_limit() -> None:
    limit = AddressLimit(2)
    of_one_line = [f"2001:db8:0:{network:x}::1" for network in range(9)]
    assert [limit.seconds_to_wait(address) > 0 for address in of_one_line] == [False] * 8 + [True]
    assert limit.seconds_to_wait("2001:db8:1::1") == 0  # a neighbour
    limit.take_back(of_one_line[0])
    assert limit.seconds_to_wait(of_one_line[8]) == 0
    assert [limit.seconds_to_wait("192.0.2.7") > 0 for _ in range(3)] == [False, False, True]

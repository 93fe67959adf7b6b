"""Cookies are read by their exact names."""

import pytest
from starlette.requests import HTTPConnection

from web.cookies import exact_cookie

NAME = "__Host-sufler_session"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], None),
        ([b"__Host-sufler_session=x"], "x"),
        ([b"a=b;__Host-sufler_session = x=y\t; c"], "x=y"),
        ([b"a=b", b"__Host-sufler_session=x"], "x"),
        ([b"\xa0__Host-sufler_session=x"], None),
        ([b"__Host-sufler_session\x85=x"], None),
        ([b"__host-sufler_session=x"], None),
        ([b"__Host-sufler_session"], None),
        ([b"__Host-sufler_session=x; __Host-sufler_session=x"], None),
        ([b"__Host-sufler_session=x", b"__Host-sufler_session=y"], None),
        ([b"\x0c__Host-sufler_session=x; __Host-sufler_session=y"], "y"),
    ],
)
def test_a_cookie_is_the_one_of_that_very_name(headers: list[bytes], expected: str | None) -> None:
    connection = HTTPConnection({"type": "http", "headers": [(b"cookie", header) for header in headers]})
    assert exact_cookie(connection, NAME) == expected

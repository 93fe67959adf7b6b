"""What a machine may lack: skipped visibly, except where everything has to run."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test for want of something, or fail it where SUFLER_TESTS_REQUIRE_ALL is set, as on CI."""
    if os.environ.get("SUFLER_TESTS_REQUIRE_ALL"):
        pytest.fail(f"{what} is missing", pytrace=False)
    pytest.skip(f"{what} is missing")

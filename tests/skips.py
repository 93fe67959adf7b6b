"""Skip tests visibly on machines that lack something, except where everything has to run."""

import os
from pathlib import Path
from typing import NoReturn

import pytest

_BESIDE = Path(__file__).parents[1].parent / "shared" / "data"
BENCHMARK_DATA = Path(os.environ.get("SUFLER_BENCHMARK_DATA") or _BESIDE)


def missing(name: str) -> NoReturn:
    """Skip the test, or fail it where SUFLER_TESTS_REQUIRE_ALL is set, as on CI."""
    if os.environ.get("SUFLER_TESTS_REQUIRE_ALL"):
        pytest.fail(f"{name} is missing", pytrace=False)
    pytest.skip(f"{name} is missing")

"""The shape of every error that a program gets."""

from collections.abc import Mapping

from starlette.responses import JSONResponse


def problem(status: int, error: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response for an error: `error` is for programs, `message` for people."""
    return JSONResponse({"error": error, "message": message}, status, headers)

"""The shape of every error response that a program gets."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse


class Problem(BaseModel):
    """An error: `error` is for programs, `message` for people."""

    error: str = Field(examples=["already_decided"])
    message: str = Field(examples=["anna has already answered"])


def problem(status: int, error: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Build the response for an error: `error` is for programs, `message` for people."""
    return JSONResponse({"error": error, "message": message}, status, headers)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document errors for a route's or a router's `responses`."""
    return {status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses}

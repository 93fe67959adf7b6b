"""Shapes and kinds of fields that several routes share."""

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from prompter.domain.json_record import JsonRecord
from prompter.text.translations import LANGUAGES, require_language
from web.problems import Problem as Problem  # all faces share the shape of errors

MAX_TEXT_LENGTH = 20_000  # characters of a message, a reply or an answer

# Ids are 32-bit integers in the database, where a larger number would be an error.
MAX_ID = 2**31 - 1
Id = Annotated[int, Path(ge=1, le=MAX_ID)]

ArticleId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\s\x00|]+$")]

# For the documentation only, as the core's messages are more exact.
READABLE: JsonDict = {"minLength": 1, "pattern": r"\S"}
LANGUAGE_TAG: JsonDict = {"pattern": r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"}
Text = Annotated[str, Field(max_length=MAX_TEXT_LENGTH)]
# One line that is shown to people: not blank, without control characters.
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
# Names are also part of addresses.
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^/\x00-\x1f\x7f]*$"),
]
# As long as the longest password, and not stripped.
Password = Annotated[str, Field(max_length=1000, examples=["correct horse battery staple"])]
Language = Annotated[str, AfterValidator(require_language), Field(json_schema_extra={"enum": [*LANGUAGES]})]


def _as_json(value: Any) -> Any:
    return value.to_json() if isinstance(value, JsonRecord) else value


# The JSON of a database row, unchanged.
JsonOut = Annotated[dict[str, Any], BeforeValidator(_as_json)]


class Input(BaseModel):
    """A request's body. Unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Output(BaseModel):
    """A response's body, built from a value of the core."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class SecretOutput(Output):
    """A response with a secret that is shown once. It is not kept for repetitions of the request."""


class Done(BaseModel):
    """The request is done. There is nothing else to return."""

    done: Literal[True] = True

"""Shapes and kinds of fields that several routes share."""

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from prompter.domain.json_record import JsonRecord
from prompter.text.translations import LANGUAGES, known_language
from web.problems import Problem as Problem  # the shape of errors is that of all faces

MAX_TEXT_LENGTH = 20_000  # characters of a message, a reply or an answer

# Ids are 32-bit integers in the database; a larger one would be an error there.
MAX_ID = 2**31 - 1
Id = Annotated[int, Path(ge=1, le=MAX_ID)]

ArticleId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\s\x00|]+$")]

# For the documentation alone: what the core says of them is more exact.
READABLE: JsonDict = {"minLength": 1, "pattern": r"\S"}
LANGUAGE_TAG: JsonDict = {"pattern": r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"}
Text = Annotated[str, Field(max_length=MAX_TEXT_LENGTH)]
# One line that is shown to people: no control characters, something to read.
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
# A name is part of addresses too.
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^/\x00-\x1f\x7f]*$"),
]
# Not longer than any password may be; nothing is stripped from it.
Password = Annotated[str, Field(max_length=1000, examples=["correct horse battery staple"])]
Language = Annotated[str, AfterValidator(known_language), Field(json_schema_extra={"enum": [*LANGUAGES]})]


def _as_json(value: Any) -> Any:
    return value.to_json() if isinstance(value, JsonRecord) else value


# What a row keeps as JSON, as it stands there.
JsonOut = Annotated[dict[str, Any], BeforeValidator(_as_json)]


class Input(BaseModel):
    """A request's body: a misspelt field is refused, not passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Output(BaseModel):
    """An answer's body, made from a value of the core."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Done(BaseModel):
    """It is done, and there is nothing more to say."""

    done: Literal[True] = True

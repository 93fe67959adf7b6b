"""Questions to the assistant, and the articles it answers from."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from kb_index import Status
from prompter.triage import HandoffReason, Route
from prompter_api.schemas.common import Input, Output, Text


def _readable(text: str) -> str:
    if not any(character.isprintable() and not character.isspace() for character in text):
        raise ValueError("there is nothing to read")
    return text


class Question(Input):
    text: Annotated[Text, AfterValidator(_readable)] = Field(repr=False, examples=["как вернуть товар"])


class SuggestedAnswer(Output):
    """An offered answer; its template fields are not filled."""

    article_id: str = Field(examples=["returns-how"])
    question: str = Field(examples=["Как вернуть товар"])
    answer: str = Field(examples=["Верните товар за 14 дней, {customer_name}."])
    topic: str = Field(examples=["returns"])
    language: str = Field(examples=["ru"])
    similarity: float = Field(description="Cosine; 1.0 is identical", examples=[0.91])
    confidence: float = Field(
        description="Calibrated probability that the suggestion is right", examples=[0.93]
    )


class TriageOut(Output):
    """What the assistant makes of a text."""

    utterance: str = Field(description="The text as it was read")
    intent: str | None = Field(examples=["topic:returns"])
    intent_confidence: float = Field(description="0.0 where intent is null", examples=[0.97])
    suggestions: list[SuggestedAnswer] = Field(description="Best first")
    route: Route = Field(description="Who would answer")
    handoff_reason: HandoffReason | None = Field(description="Why the bot would not answer alone")
    model_version: str


class ArticleOut(Output):
    id: str = Field(examples=["returns-how"])
    question: str = Field(examples=["Как вернуть товар"])
    answer: str = Field(examples=["Верните товар за 14 дней, {customer_name}."])
    topic: str = Field(examples=["returns"])
    language: str = Field(examples=["ru"])
    phrasings: list[str] = Field(description="Other ways to put the question")
    status: Status
    valid_from: date | None
    valid_until: date | None


class ArticleVersionOut(Output):
    """What the article was from `changed_at` on."""

    version: int
    changed_at: datetime
    changed_by: str = Field(examples=["anna"])
    fields: dict[str, Any]


class ArticleHistoryOut(Output):
    article: ArticleOut
    versions: list[ArticleVersionOut] = Field(description="Oldest first")


class NewPhrasing(Input):
    text: str = Field(max_length=1000, pattern=r"\S", examples=["хочу сдать обратно"])


class FilledAnswer(Output):
    """An article's answer as this customer would read it."""

    text: str = Field(examples=["Деньги придут за 3 дня, Ольга."])

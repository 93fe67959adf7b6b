"""Reviews: questions and answers that a second person judges."""

from pydantic import Field

from prompter.domain.evidence import Choice
from prompter.readiness.second_reviews import Question
from prompter_api.schemas.common import Input, Output


class QuestionOut(Output):
    """A customer's question and one or two answers, without their authors."""

    review_id: int
    question: str = Field(examples=["как вернуть товар"])
    answers: list[str] = Field(min_length=1, max_length=2, examples=[["Верните товар за 14 дней."]])


class NextQuestion(Output):
    """The longest waiting question, and the number of waiting questions."""

    waiting: int
    next: QuestionOut | None

    @classmethod
    def of(cls, waiting: int, question: Question | None) -> "NextQuestion":
        return cls(waiting=waiting, next=QuestionOut.model_validate(question) if question else None)


class JudgementIn(Input):
    choice: Choice = Field(description="Which answer is right; of a single one: `first` or `neither`")

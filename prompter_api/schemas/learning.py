"""Model versions, learning jobs, pinned questions and disagreements."""

from datetime import datetime
from typing import Any

from pydantic import Field

from prompter.domain.job import JobState
from prompter.domain.model_version import ActivationReason, Origin, VersionState
from prompter.models.registry import ShownVersion
from prompter_api.schemas.common import ArticleId, Input, JsonOut, Output


class JobOut(Output):
    """A learning job: finished, running or waiting."""

    id: int
    state: JobState
    asked_at: datetime
    asked_by: str | None = Field(description="Null: the schedule, or the command line")
    began_at: datetime | None
    ended_at: datetime | None
    step: str = Field(description="What is being done", examples=["encoding"])
    done: int
    total: int | None
    outcome: JsonOut | None = Field(description="As `sufler learn --json` prints it")
    problem: str | None


class UseOut(Output):
    """An activation: the version answered from `at` on."""

    at: datetime
    reason: ActivationReason
    account_name: str | None


class VersionOut(Output):
    """A model version."""

    id: str
    created_at: datetime
    made: Origin
    parent: str | None = Field(description="The version that answered when it was made")
    state: VersionState
    is_used: bool
    uses: list[UseOut]
    report: dict[str, Any] = Field(description="What the gate has measured, and which answers change")

    @classmethod
    def of(cls, shown: ShownVersion) -> "VersionOut":
        version = shown.version
        return cls(
            id=version.id,
            created_at=version.created_at,
            made=version.made,
            parent=version.parent,
            state=version.state,
            is_used=shown.is_used,
            uses=[UseOut.model_validate(use) for use in shown.uses],
            report=version.report.to_json(),
        )


class PromotionIn(Input):
    anyway: bool = Field(False, description="Even if it was refused: topics have to prove themselves anew")


class PinIn(Input):
    text: str = Field(max_length=1000, pattern=r"\S", repr=False, examples=["где мой заказ"])
    article_id: ArticleId


class PinOut(Output):
    """A pinned question: the article that has to come first for a text, whatever is learned."""

    id: int
    text: str = Field(repr=False)
    article_id: str
    pinned_at: datetime
    pinned_by: str | None


class OpinionOut(Output):
    operator: str
    decided_at: datetime
    conversation_id: int
    right: str | None
    wrong: list[str]


class DividedQuestionOut(Output):
    text: str = Field(repr=False)
    opinions: list[OpinionOut]


class EditedArticleOut(Output):
    article_id: str
    question: str
    n_used: int
    n_changed: int


class DisagreementsOut(Output):
    """Questions that were judged differently, and articles whose answer is often changed."""

    questions: list[DividedQuestionOut]
    articles: list[EditedArticleOut]
    names: dict[str, str] = Field(description="Questions of the articles named, by id")

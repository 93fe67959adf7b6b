"""Proposed changes of the knowledge base."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from kb_index.article import MAX_PHRASINGS
from prompter.domain.drafts import ProposalKind, Source
from prompter.knowledge.proposals import Approval, Proposal, ProposalResult, ProposalState
from prompter_api.errors import describe_error
from prompter_api.schemas.common import LANGUAGE_TAG, MAX_ID, ArticleId, Input, Line, Output, Text

ProposalId = Annotated[int, Field(ge=1, le=MAX_ID)]
Wording = Annotated[
    str,
    StringConstraints(max_length=40),
    Field(description="What was looked at: 409 if it says something else now"),
]
Ids = Annotated[list[ProposalId], Field(min_length=1, max_length=500)]


class SeenTextOut(Output):
    text: str = Field(
        description="What customers wrote, personal data masked", examples=["где заказ [number]"]
    )
    times: int


class GivenAnswerOut(Output):
    text: str = Field(description="What operators answered, without what belonged to one customer")
    times: int
    operators: int


class ProofOut(Output):
    """The evidence that supports a proposal."""

    n_turns: int
    n_conversations: int
    n_operators: int
    texts: list[SeenTextOut] = Field(description="The most frequent first")
    turns: list[int] = Field(description="Ids of turns; none where it comes from history")
    answers: list[GivenAnswerOut] = Field(description="What most operators agree on first")
    added: list[str] = Field(description="Sentences that operators added")
    removed: list[str] = Field(description="Sentences that operators took out")


class ProposalOut(Output):
    """A proposed change of the knowledge base, open or settled."""

    id: int
    kind: ProposalKind
    source: Source
    state: ProposalState
    article_id: str | None = Field(description="Null: of an article that is not there yet")
    question: str = Field(description="Of a phrasing: the phrasing", examples=["Как вернуть товар"])
    answer: str = Field(description="The whole proposed answer; empty: nobody has given one")
    topic: str
    language: str
    base_answer: str | None = Field(description="The article's answer that the change was made from")
    phrasings: list[str] = Field(description="Alternative phrasings that a new article would have")
    wording: str = Field(
        description="Names these words: who sends it approves and edits only what was looked at",
        examples=["5f1c2ad09e7b3c44"],
    )
    proof: ProofOut
    created_at: datetime
    changed_at: datetime
    edited: bool = Field(description="A supervisor chose the words: new evidence leaves them as they are")
    settled_at: datetime | None
    settled_by: str | None
    merged_into: int | None

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalOut":
        names = cls.model_fields.keys() - {"edited", "proof"}
        fields = {name: getattr(proposal, name) for name in names}
        proof = ProofOut.model_validate(proposal.proof)
        fields["phrasings"] = list(proposal.phrasings)
        return cls(**fields, proof=proof, edited=proposal.edited_by is not None)


class ProposalsOut(Output):
    waiting: dict[ProposalKind, int] = Field(description="How many are open, by kind")
    proposals: list[ProposalOut]


class ProposalEdit(Input):
    """The changes to a proposal. Fields that are left out stay unchanged."""

    question: Annotated[Text, StringConstraints(pattern=r"\S")] | None = None
    answer: Annotated[Text, StringConstraints(pattern=r"\S")] | None = None
    topic: Line | None = None
    language: (
        Annotated[
            str,
            StringConstraints(max_length=35),
            Field(description="A BCP 47 tag", json_schema_extra=LANGUAGE_TAG),
        ]
        | None
    ) = None
    phrasings: Annotated[list[Line], Field(max_length=MAX_PHRASINGS)] | None = Field(
        None, description="All alternative phrasings of a new article"
    )
    base_answer: Text | None = Field(
        None,
        description="The article's answer that a changed answer was written from, where that is a newer one",
    )
    wording: Wording | None = None


class ApprovalIn(Input):
    topic: Line | None = Field(None, description="Of a new article; without it, the proposal's")
    as_phrasings_of: ArticleId | None = Field(
        None, description="Give an existing article the questions instead of making a new one"
    )
    wording: Wording | None = None


class ManyIn(Input):
    ids: Ids


class ManyApprovalsIn(Input):
    ids: Ids
    topic: Line | None = Field(None, description="Of all new articles; without it, each proposal's own")


class MergeIn(Input):
    ids: Ids = Field(description="Those that are the same")


class ApprovedOut(Output):
    proposal_id: int
    article_id: str = Field(description="Where it went", examples=["kak-vernut-tovar"])

    @classmethod
    def of(cls, approved: Approval) -> "ApprovedOut":
        return cls.model_validate(approved)


class OutcomeOut(Output):
    """The result for one of several proposals. `error` and `message` are null on success."""

    proposal_id: int
    article_id: str | None
    error: str | None = Field(examples=["already_settled"])
    message: str | None

    @classmethod
    def of(cls, outcome: ProposalResult) -> "OutcomeOut":
        code, message = describe_error(outcome.error) if outcome.error else (None, None)
        return cls(
            proposal_id=outcome.proposal_id, article_id=outcome.article_id, error=code, message=message
        )

"""Changes of the knowledge base that wait for a supervisor."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kb_index.text import normal
from prompter.domain.drafts import Draft, Proof, ProposalKind, Source, phrasings_of


class ProposalState(StrEnum):
    """What became of a proposal."""

    OPEN = "open"  # a supervisor has to look
    APPROVED = "approved"
    DISMISSED = "dismissed"
    MERGED = "merged"  # into another one
    OUTDATED = "outdated"  # nothing speaks for it any more; it may come again


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A change of the knowledge base that waits for a supervisor, or has been settled.

    Fields are those of `Draft`; `article_id` of an approved new article is the one that was made.
    """

    id: int
    kind: ProposalKind
    source: Source
    state: ProposalState
    article_id: str | None
    question: str = field(repr=False)
    answer: str = field(repr=False)
    topic: str
    language: str
    base_answer: str | None = field(repr=False)
    chosen_phrasings: tuple[str, ...] | None = field(default=None, repr=False)  # None: nobody has chosen
    proof: Proof
    created_at: datetime
    changed_at: datetime
    edited_by: int | None
    settled_at: datetime | None
    settled_by: str | None  # the supervisor's name
    merged_into: int | None
    about: bytes = field(repr=False)  # see `about`

    @property
    def phrasings(self) -> tuple[str, ...]:
        """Other ways to put the question of a new article: what customers wrote, unless they were edited."""
        if self.chosen_phrasings is not None or self.kind is not ProposalKind.NEW_ARTICLE:
            return self.chosen_phrasings or ()
        return phrasings_of(self.question, (seen.text for seen in self.proof.texts))

    @property
    def wording(self) -> str:
        """Equal wordings would bring the same into the knowledge base."""
        key_parts = (self.question, self.answer, self.topic, self.language, self.base_answer, self.phrasings)
        return hashlib.blake2b(repr(key_parts).encode(), digest_size=8).hexdigest()


def about(draft: Draft) -> bytes:
    """Equal for drafts that propose the same; the database allows one open proposal about the same."""
    proof = draft.proof
    changes = draft.kind is ProposalKind.CHANGED_ANSWER
    key_parts = (*proof.added, "-", *proof.removed) if changes else (draft.question,)
    words = "\n".join(
        (draft.kind.value, draft.article_id or "", *(normal(text) or text for text in key_parts))
    )
    return hashlib.blake2b(words.encode(), digest_size=16).digest()

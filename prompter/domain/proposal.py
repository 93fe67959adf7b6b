"""Changes of the knowledge base that wait for a supervisor."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kb_index.text import normalize
from prompter.domain.drafts import Draft, Proof, ProposalKind, Source, phrasings_of


class ProposalState(StrEnum):
    """The state of a proposal."""

    OPEN = "open"  # waits for a supervisor
    APPROVED = "approved"
    DISMISSED = "dismissed"
    MERGED = "merged"  # into another proposal
    OUTDATED = "outdated"  # no evidence supports it any more; it may come again


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A change of the knowledge base that waits for a supervisor, or has been settled.

    Fields are those of `Draft`. For an approved new article, `article_id` is the created article.
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
    content_key: bytes = field(repr=False)  # as `content_key()` makes it

    @property
    def phrasings(self) -> tuple[str, ...]:
        """Alternative phrasings of a new article: customers' texts, unless a supervisor has edited them."""
        if self.chosen_phrasings is not None or self.kind is not ProposalKind.NEW_ARTICLE:
            return self.chosen_phrasings or ()
        return phrasings_of(self.question, (seen_text.text for seen_text in self.proof.texts))

    @property
    def wording(self) -> str:
        """A hash of the proposed content. Equal hashes would change the knowledge base in the same way."""
        key_parts = (self.question, self.answer, self.topic, self.language, self.base_answer, self.phrasings)
        return hashlib.blake2b(repr(key_parts).encode(), digest_size=8).hexdigest()


def content_key(draft: Draft) -> bytes:
    """Return a key that is equal for drafts with the same content: at most one of them may be open."""
    proof = draft.proof
    changes = draft.kind is ProposalKind.CHANGED_ANSWER
    key_parts = (*proof.added, "-", *proof.removed) if changes else (draft.question,)
    words = "\n".join(
        (draft.kind.value, draft.article_id or "", *(normalize(text) or text for text in key_parts))
    )
    return hashlib.blake2b(words.encode(), digest_size=16).digest()

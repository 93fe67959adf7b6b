"""Match a draft to an existing proposal, so that the same change is never proposed twice."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from kb_index.near_texts import are_similar
from kb_index.text import normalize
from nlu.encoders.encoder import Vectors
from prompter.domain.drafts import Draft, ProposalKind
from prompter.domain.proposal import Proposal, ProposalState, content_key

Encode = Callable[[Sequence[str]], Vectors]  # texts encoded as questions; rows of length 1

SAME = 0.85  # cosine from which two questions count as the same
_SHARED = 0.5  # share of the smaller one's turns or texts from which both are about the same


class QuestionSimilarity:
    """Finds proposals whose questions mean the same. Vectors are computed once, outside any lock."""

    def __init__(self, proposals: Sequence[Proposal], drafts: Sequence[Draft], encode: Encode | None) -> None:
        self._row: dict[str, int] = {}
        all_items: list[Draft | Proposal] = [*proposals, *drafts]
        for item in all_items:
            if item.kind is not ProposalKind.CHANGED_ANSWER:
                self._row.setdefault(item.question, len(self._row))
        self._vectors = encode(list(self._row)) if encode and self._row else None

    def find_near(self, draft: Draft, proposals: Sequence[Proposal]) -> list[Proposal]:
        row = self._row.get(draft.question)
        known = [proposal for proposal in proposals if proposal.question in self._row]
        if self._vectors is None or row is None or not known:
            return []
        rows = np.array([self._row[proposal.question] for proposal in known])
        cosines = self._vectors[rows] @ self._vectors[row]
        order = np.argsort(-cosines, kind="stable")
        return [known[place] for place in order.tolist() if cosines[place] >= SAME]


class ProposalIndex:
    """An index of the existing proposals that finds the one matching a draft."""

    def __init__(self, proposals: Iterable[Proposal], similarity: QuestionSimilarity) -> None:
        self._similarity = similarity
        self._proposals: dict[int, Proposal] = {}
        self._by_key: dict[object, set[int]] = {}
        for proposal in proposals:
            self.put(proposal)

    def put(self, proposal: Proposal) -> None:
        """Add a proposal or replace its old state."""
        if proposal.state is ProposalState.OUTDATED:
            return
        self._proposals[proposal.id] = proposal
        for key in (_subject(proposal), *_keys(proposal)):
            self._by_key.setdefault(key, set()).add(proposal.id)

    def open(self) -> list[Proposal]:
        return [proposal for proposal in self._proposals.values() if proposal.state is ProposalState.OPEN]

    def is_taken(self, draft: Draft, but: Proposal) -> bool:
        """Return whether another open proposal has exactly this content."""
        draft_subject = content_key(draft)
        return any(
            proposal.content_key == draft_subject and proposal.id != but.id for proposal in self.open()
        )

    def find_match(self, draft: Draft) -> Proposal | None:
        """Return the matching proposal, preferring a settled one among equally good matches."""
        subject = _subject(draft)
        candidates = [self._proposals[number] for number in sorted(self._by_key.get(subject, ()))]
        if draft.kind is ProposalKind.CHANGED_ANSWER:
            found = [proposal for proposal in candidates if _is_same_change(draft, proposal)]
        else:
            found = self._find_sharing(draft, subject) or self._similarity.find_near(draft, candidates)
        if not found:
            draft_subject = content_key(draft)
            found = [proposal for proposal in self.open() if proposal.content_key == draft_subject]
        return self._follow_merges(found[0]) if found else None

    def _find_sharing(self, draft: Draft, subject: object) -> list[Proposal]:
        keys = _keys(draft)
        shared = Counter(
            number for key in keys for number in self._by_key.get(key, ()) if number in self._proposals
        )
        likely = []
        for number, count in shared.items():
            proposal = self._proposals[number]
            if _subject(proposal) != subject:
                continue
            own_keys, proposal_keys = set(keys), set(_keys(proposal))
            overlaps = [
                len(part & proposal_keys) / max(1, min(len(part), len(kind_of_others)))
                for part, kind_of_others in (
                    (_turns(own_keys), _turns(proposal_keys)),
                    (own_keys - _turns(own_keys), proposal_keys - _turns(proposal_keys)),
                )
            ]
            if max(overlaps) >= _SHARED:
                likely.append((count, proposal.state is not ProposalState.OPEN, -proposal.id, proposal))
        return [proposal for *_, proposal in sorted(likely, key=lambda item: item[:3], reverse=True)]

    def _follow_merges(self, proposal: Proposal) -> Proposal:
        """Follow merges to the proposal that remains."""
        seen = set()
        while (
            proposal.merged_into is not None
            and proposal.merged_into in self._proposals
            and proposal.id not in seen
        ):
            seen.add(proposal.id)
            proposal = self._proposals[proposal.merged_into]
        return proposal


def _turns(keys: set[object]) -> set[object]:
    return {key for key in keys if isinstance(key, int)}


def _keys(draft: Draft | Proposal) -> list[object]:
    """Return the turns and texts on which it is based."""
    texts = (seen_text.text for seen_text in draft.proof.texts)
    return [*draft.proof.turns, *dict.fromkeys(normalize(text) or text for text in (draft.question, *texts))]


def _subject(draft: Draft | Proposal) -> object:
    """Return the subject that matching proposals share. New articles all share one."""
    return (draft.kind, draft.article_id if draft.kind is not ProposalKind.NEW_ARTICLE else None)


def _is_same_change(draft: Draft, proposal: Proposal) -> bool:
    draft_proof, proposal_proof = draft.proof, proposal.proof
    if {normalize(text) for text in draft_proof.removed} != {
        normalize(text) for text in proposal_proof.removed
    }:
        return False
    if not draft_proof.added or not proposal_proof.added:
        return draft_proof.added == proposal_proof.added
    return any(
        are_similar(text, other_text) for text in draft_proof.added for other_text in proposal_proof.added
    )

"""The supervisors' use cases for proposals: approve, edit, dismiss and merge."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from kb_index import InvalidArticle
from prompter.common.clock import Clock, utc_now
from prompter.common.errors import (
    AlreadySettled,
    CannotMerge,
    InvalidProposal,
    NotFound,
    Outdated,
    PrompterError,
    ProposalChanged,
)
from prompter.domain.account import Account
from prompter.domain.drafts import Draft, ProposalKind, Source, merge_proofs, phrasings_of
from prompter.domain.proposal import Proposal, ProposalState
from prompter.knowledge.approval import add_phrasings, as_article, change_answer, make_article
from prompter.knowledge.knowledge_base import KB_REVISION
from prompter.knowledge.proposal_matching import Encode, ProposalIndex, QuestionSimilarity
from prompter.storage import Conflict, Store, Transaction

__all__ = ["Approval", "Proposal", "ProposalResult", "ProposalState", "Proposals", "RefreshCounts"]

_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Approval:
    """An approved proposal, and the article that holds it."""

    proposal_id: int
    article_id: str


@dataclass(frozen=True, kw_only=True)
class ProposalResult:
    """The outcome for one of several proposals. `error` is None if it succeeded."""

    proposal_id: int
    article_id: str | None = None
    error: PrompterError | InvalidArticle | Conflict | None = None


@dataclass(frozen=True, kw_only=True)
class RefreshCounts:
    """The result of new drafts: counts of new, grown, known and outdated proposals."""

    new: int
    grown: int
    known: int  # dismissed or approved before
    outdated: int = 0


class Proposals:
    """The supervisors' use cases for proposals. Each is one transaction."""

    def __init__(self, store: Store, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    # --- reading ----------------------------------------------------------------------------

    def open(
        self,
        *,
        kind: ProposalKind | None = None,
        article_id: str | None = None,
        language: str | None = None,
        newest_first: bool = False,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Proposal]:
        """Return open proposals, those with the most turns first."""
        with self._store.read() as tx:
            return tx.proposals.all(
                state=ProposalState.OPEN,
                kind=kind,
                article_id=article_id,
                language=language,
                newest_first=newest_first,
                limit=limit,
                offset=offset,
            )

    def list_settled(
        self, state: ProposalState | None = None, *, limit: int = 100, offset: int = 0
    ) -> list[Proposal]:
        """Return proposals of that state, newest first."""
        with self._store.read() as tx:
            return tx.proposals.all(state=state, newest_first=True, limit=limit, offset=offset)

    def count_open(self) -> Mapping[ProposalKind, int]:
        """Return the number of open proposals by kind."""
        with self._store.read() as tx:
            return tx.proposals.count_by_kind()

    def get(self, proposal_id: int) -> Proposal:
        """Return a proposal of any state.

        Raises:
            NotFound: when there is no such proposal.
        """
        with self._store.read() as tx:
            return _require(tx, proposal_id)

    # --- settling ---------------------------------------------------------------------------

    def edit(
        self,
        proposal_id: int,
        account: Account,
        *,
        question: str | None = None,
        answer: str | None = None,
        topic: str | None = None,
        language: str | None = None,
        phrasings: Sequence[str] | None = None,
        base_answer: str | None = None,
        seen: str | None = None,
    ) -> Proposal:
        """Edit a proposal's content. New evidence no longer changes it.

        `phrasings` are all phrasings of a new article. `base_answer` is the article's answer on which a
        changed answer is based. `seen` is the wording that was read: without it, any current wording is
        edited.

        Raises:
            NotFound: when there is no such proposal.
            AlreadySettled: when it was settled before.
            ProposalChanged: when it has changed since it was read.
            InvalidProposal: when a phrasing is given an answer, or a changed answer another question.
            InvalidArticle: when no article could hold the content.
        """
        fields = {"question": question, "answer": answer, "topic": topic, "language": language}
        changes: dict[str, Any] = {name: value.strip() for name, value in fields.items() if value is not None}
        if base_answer is not None:
            changes["base_answer"] = base_answer  # it has to equal the article's answer exactly
        if phrasings is not None:
            lines = (" ".join(line.split()) for line in phrasings)
            changes["chosen_phrasings"] = tuple(dict.fromkeys(line for line in lines if line))
        with self._store.write() as tx:
            proposal = _require_open(tx, proposal_id, seen)
            for name in changes:
                if name not in _EDITABLE[proposal.kind]:
                    field = _NAMES.get(name, name)
                    raise InvalidProposal(f"the {field} of this proposal is the article's: change it there")
            if "question" in changes:
                changes["question"] = " ".join(changes["question"].split())
            as_article(replace(proposal, **changes), "new")
            if not tx.proposals.edit(proposal_id, changes, account.id, self._clock()):
                raise _settled_error(tx, proposal_id)
            return _require(tx, proposal_id)

    def approve(
        self,
        proposal_id: int,
        account: Account,
        *,
        topic: str | None = None,
        as_phrasings_of: str | None = None,
        seen: str | None = None,
    ) -> Approval:
        """Add the proposal to the knowledge base, where running processes find it on their own.

        A new article is published at once, under `topic` or the guessed topic. With `as_phrasings_of`,
        its questions become phrasings of that existing article instead. `seen` is the wording that was
        read: without it, any current wording is approved.

        Raises:
            NotFound: when there is no such proposal.
            AlreadySettled: when another supervisor was faster.
            ProposalChanged: when it has changed since it was read.
            ArticleGone: when the article has been deleted or archived in the meantime.
            ArticleChanged: when its answer is not the one on which the change is based.
            Unanswered: when a new article has no answer yet.
            InvalidArticle: when no article could hold the content.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                return self._approve(proposal_id, account, topic=topic, into=as_phrasings_of, seen=seen)
            except Conflict:
                if not tries_left:  # every id that we choose is taken by others
                    raise
        raise AssertionError

    def _approve(
        self, proposal_id: int, account: Account, *, topic: str | None, into: str | None, seen: str | None
    ) -> Approval:
        now = self._clock()
        with self._store.write() as tx:
            proposal = _require_open(tx, proposal_id, seen)
            if into is not None and proposal.kind is not ProposalKind.NEW_ARTICLE:
                raise InvalidProposal("only the questions of a new article can go to another one")
            # First: a second supervisor waits here, and is told.
            if not tx.proposals.settle(proposal_id, ProposalState.APPROVED, now, settled_by=account.id):
                raise _settled_error(tx, proposal_id)
            if proposal.kind is ProposalKind.CHANGED_ANSWER:
                article_id = change_answer(tx, proposal, account, now)
            elif proposal.kind is ProposalKind.PHRASING or into is not None:
                article_id = add_phrasings(tx, proposal, into or proposal.article_id or "")
            else:
                article_id = make_article(tx, proposal, topic, account, now)
            if into is None and proposal.kind is ProposalKind.NEW_ARTICLE:
                tx.proposals.record_article(proposal_id, article_id, topic or proposal.topic)
            tx.facts.count_up(KB_REVISION)
        return Approval(proposal_id=proposal_id, article_id=article_id)

    def dismiss(self, proposal_id: int, account: Account) -> None:
        """Dismiss the proposal. The same is not proposed again, however often the question comes.

        Raises:
            NotFound: when there is no such proposal.
            AlreadySettled: when it was settled before.
        """
        with self._store.write() as tx:
            _require_open(tx, proposal_id)
            now = self._clock()
            if not tx.proposals.settle(proposal_id, ProposalState.DISMISSED, now, settled_by=account.id):
                raise _settled_error(tx, proposal_id)

    def merge(self, proposal_ids: Iterable[int], into: int, account: Account) -> Proposal:
        """Merge other proposals into `into`. Its wording stays, and their customer examples are added.

        Raises:
            NotFound: when one of them does not exist.
            AlreadySettled: when one of them was settled before.
            CannotMerge: when they are of different kinds or articles, or there is only one.
        """
        merged_ids = [number for number in dict.fromkeys(proposal_ids) if number != into]
        if not merged_ids:
            raise CannotMerge("name at least one other proposal to merge")
        now = self._clock()
        with self._store.write() as tx:
            target = _require_open(tx, into)
            proof, phrasings = target.proof, target.phrasings
            for number in merged_ids:
                merged_proposal = _require_open(tx, number)
                if (merged_proposal.kind, merged_proposal.article_id) != (target.kind, target.article_id):
                    raise CannotMerge("only proposals of the same kind for the same article can be merged")
                proof = merge_proofs(proof, merged_proposal.proof)
                phrasings = phrasings_of(
                    target.question, [*phrasings, merged_proposal.question, *merged_proposal.phrasings]
                )
                if not tx.proposals.settle(
                    number, ProposalState.MERGED, now, settled_by=account.id, merged_into=into
                ):
                    raise _settled_error(tx, number)
            tx.proposals.set_proof(into, proof, now)
            # The wording was chosen by a person, who saw the others too.
            changes = {"chosen_phrasings": phrasings} if target.kind is ProposalKind.NEW_ARTICLE else {}
            tx.proposals.edit(into, changes, account.id, now)
            return _require(tx, into)

    def approve_many(
        self,
        proposal_ids: Iterable[int],
        account: Account,
        *,
        topic: str | None = None,
        seen: Mapping[int, str] | None = None,
    ) -> list[ProposalResult]:
        """Approve each proposal separately: a failure is reported and does not stop the others.

        `seen` are the wordings that were read, by proposal.
        """

        def approve_proposal(number: int) -> str:
            wording = seen.get(number) if seen else None
            return self.approve(number, account, topic=topic, seen=wording).article_id

        return [_outcome(number, partial(approve_proposal, number)) for number in dict.fromkeys(proposal_ids)]

    def dismiss_many(self, proposal_ids: Iterable[int], account: Account) -> list[ProposalResult]:
        """Dismiss each proposal separately: a failure is reported and does not stop the others."""
        return [
            _outcome(number, partial(self.dismiss, number, account)) for number in dict.fromkeys(proposal_ids)
        ]

    # --- new proposals ----------------------------------------------------------------------

    def add(self, drafts: Sequence[Draft], *, encode: Encode | None = None) -> RefreshCounts:
        """Propose new drafts. An open proposal with the same content grows, and keeps a supervisor's wording.

        Dismissed and approved proposals do not come back. Drafts count as the same if they share half
        of their turns or texts, or if their questions mean the same (by `encode`; without it, meaning
        is not compared).
        """
        return self._take_with_retries(drafts, encode, replaces_all=False)

    def refresh(self, drafts: Sequence[Draft], *, encode: Encode | None = None) -> RefreshCounts:
        """Like `add`, but `drafts` are all that the decisions support now. Other open proposals are outdated.

        Proposals that a supervisor has edited or that come from history stay.
        """
        return self._take_with_retries(drafts, encode, replaces_all=True)

    def _take_with_retries(
        self, drafts: Sequence[Draft], encode: Encode | None, *, replaces_all: bool
    ) -> RefreshCounts:
        with self._store.read() as tx:  # slow work is done while nobody waits for a lock
            similarity = QuestionSimilarity(tx.proposals.all(), drafts, encode)
        for tries_left in reversed(range(_TRIES)):
            try:
                return self._take(drafts, similarity, replaces_all=replaces_all)
            except Conflict:  # another process proposes at the same time
                if not tries_left:
                    raise
        raise AssertionError

    def _take(
        self, drafts: Sequence[Draft], similarity: "QuestionSimilarity", *, replaces_all: bool
    ) -> RefreshCounts:
        now = self._clock()
        new = grown = known = 0
        with self._store.write() as tx:
            index = ProposalIndex(tx.proposals.all(), similarity)
            seen: set[int] = set()
            for draft in drafts:
                found = index.find_match(draft)
                if found is None:
                    number = tx.proposals.add(draft, now)
                    index.put(_require(tx, number))
                    seen.add(number)
                    new += 1
                    continue
                proof = merge_proofs(found.proof, draft.proof)
                if found.state is not ProposalState.OPEN:
                    tx.proposals.set_proof(found.id, proof, now)
                    known += 1
                elif found.edited_by is not None or found.id in seen or index.is_taken(draft, found):
                    tx.proposals.set_proof(found.id, proof, now)
                    grown += found.id not in seen
                else:
                    proof = replace(proof, added=draft.proof.added, removed=draft.proof.removed)
                    tx.proposals.renew(found, replace(draft, proof=proof), now)
                    grown += 1
                index.put(_require(tx, found.id))
                seen.add(found.id)
            outdated = [
                proposal
                for proposal in index.open()
                if replaces_all
                and proposal.id not in seen
                and proposal.edited_by is None
                and proposal.source is Source.DESK
            ]
            for proposal in outdated:
                tx.proposals.settle(proposal.id, ProposalState.OUTDATED, now)
        return RefreshCounts(new=new, grown=grown, known=known, outdated=len(outdated))


_EDITABLE = {
    ProposalKind.PHRASING: ("question",),
    ProposalKind.CHANGED_ANSWER: ("answer", "base_answer"),
    ProposalKind.NEW_ARTICLE: ("question", "answer", "topic", "language", "chosen_phrasings"),
}
_NAMES = {"base_answer": "answer", "chosen_phrasings": "phrasings"}


def _require(tx: Transaction, proposal_id: int) -> Proposal:
    proposal = tx.proposals.get(proposal_id)
    if proposal is None:
        raise NotFound("there is no such proposal")
    return proposal


def _require_open(tx: Transaction, proposal_id: int, seen: str | None = None) -> Proposal:
    proposal = _require(tx, proposal_id)
    if proposal.state is not ProposalState.OPEN:
        raise _settled_error(tx, proposal_id)
    if seen is not None and proposal.wording != seen:
        raise ProposalChanged("this proposal has changed since you read it: read it again")
    return proposal


def _settled_error(tx: Transaction, proposal_id: int) -> AlreadySettled:
    proposal = _require(tx, proposal_id)
    if proposal.state is ProposalState.OUTDATED:
        return Outdated("nothing speaks for this proposal any more")
    who = proposal.settled_by or "somebody"
    return AlreadySettled(f"{who} has {proposal.state.value} this proposal before", by=proposal.settled_by)


def _outcome(proposal_id: int, done: Callable[[], str | None]) -> ProposalResult:
    try:
        return ProposalResult(proposal_id=proposal_id, article_id=done())
    except (PrompterError, InvalidArticle, Conflict) as error:
        return ProposalResult(proposal_id=proposal_id, error=error)

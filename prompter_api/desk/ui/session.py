"""Who sits at the desk: every call of a page checks that its account may still work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kb_index import Article, Status
from kb_index.checks import Problem
from prompter.accounts.roles import require_role
from prompter.accounts.sessions import Visit
from prompter.desk.decision import Decided, Decision
from prompter.desk.views import DeskSnapshot
from prompter.domain.account import Account, Role
from prompter.domain.drafts import ProposalKind
from prompter.domain.evidence import Choice
from prompter.domain.job import StoredJob
from prompter.domain.model_version import StoredVersion
from prompter.domain.regression_case import PinnedCase
from prompter.domain.topic import TopicTitles
from prompter.knowledge.knowledge_base import ArticleVersion
from prompter.knowledge.proposals import Proposal, ProposalResult
from prompter.knowledge.topics import Topic
from prompter.labels.conflicts import Disagreements
from prompter.models.registry import ShownVersion
from prompter.models.version_diff import ChangedQuestion
from prompter.readiness.evidence import TopicEvidence
from prompter.readiness.monitoring import Drift, Gap, OwnFigure, Person
from prompter.readiness.second_reviews import Question
from prompter.readiness.topic_readiness import TopicReadiness
from prompter.suggestions.explanations import Explanation
from prompter_api.desk.operator.drafts import Draft, Drafts
from prompter_api.parts import Services

_MAX_FOUND = 100
_MAX_SHOWN = 12


class SignedOut(Exception):
    """This page's session has ended: by a logout, by time, with the password or the account."""


@dataclass(eq=False, kw_only=True)
class PageSession:
    """One open page. Its methods block: pages call them through `run.io_bound`."""

    parts: Services
    account: Account
    session_id: int
    page_sessions: "PageSessions"
    open_conversation: int | None = None
    is_closed: bool = field(default=False, init=False)
    titles: TopicTitles = field(default_factory=TopicTitles, init=False)  # of topics, as last looked at
    _has_acted: bool = field(default=False, init=False)

    def note_action(self) -> None:
        """A person has done something on the page: that keeps the session alive, news do not."""
        self._has_acted = True

    def check(self) -> Account:
        """The account as it is now.

        Raises:
            SignedOut: its session has ended, in whichever process.
        """
        has_acted, self._has_acted = self._has_acted, False
        account = self.parts.sessions.check(self.session_id, is_active=has_acted)
        self.is_closed = account is None
        if account is None or account.id != self.account.id:
            raise SignedOut
        self.account = account
        self.titles = self.parts.topics.titles()
        return account

    def snapshot(self, conversation_id: int | None) -> DeskSnapshot:
        snapshot = self.parts.desk.snapshot(self.check(), conversation_id)
        return replace(snapshot, opened_by=self.page_sessions.opened_by_others(self))

    def decide(self, decision: Decision) -> Decided:
        self.check()
        return self.parts.desk.decide(decision)

    def who_decided(self, turn_id: int) -> str | None:
        """The name of whoever answered the turn."""
        self.check()
        _turn, _suggestions, decided = self.parts.desk.turn(turn_id)
        return decided.operator_name if decided else None

    def return_to_bot(self, conversation_id: int) -> None:
        self.check()
        self.parts.desk.return_to_bot(conversation_id)

    def undo(self, decision_id: int) -> None:
        self.parts.desk.undo(decision_id, self.check())

    def write(self, conversation_id: int, text: str) -> None:
        self.parts.desk.write(conversation_id, text, self.check())

    def resolve_delivery(self, reply_id: int, *, send_again: bool) -> None:
        self.parts.desk.resolve_delivery(reply_id, self.check(), send_again=send_again)

    def next_review(self, after: int) -> tuple[int, Question | None]:
        """How many reviews wait for this account, and the first of them above `after`."""
        account = self.check()
        return self.parts.reviews.waiting(account), self.parts.reviews.next(account, after=after)

    def own_figure(self) -> OwnFigure:
        return self.parts.monitoring.own_figure(self.check())

    def judge(self, review_id: int, choice: Choice) -> None:
        self.parts.reviews.judge(review_id, choice, self.check())

    def find(self, text: str) -> list[Article]:
        """Articles with these words, those first that have them in the question."""
        self.check()
        words = text.strip().lower()
        found = self.parts.desk.find_articles(words, limit=_MAX_FOUND) if words else []
        return sorted(found, key=lambda article: words not in article.question.lower())[:_MAX_SHOWN]

    def filled_answer(self, conversation_id: int, article_id: str) -> str:
        self.check()
        return self.parts.desk.filled_answer(conversation_id, article_id)

    # --- supervisors ------------------------------------------------------------------------

    def _supervise(self) -> Account:
        """The account as it is now.

        Raises:
            SignedOut: it may not work any more.
            Forbidden: it is no supervisor's.
        """
        account = self.check()
        require_role(account, Role.SUPERVISOR)
        return account

    def watch(self) -> tuple[Drift, list[tuple[str, Gap]], list[Person]]:
        """Drift, gaps between seen and blind by topic, and people."""
        self._supervise()
        monitoring = self.parts.monitoring
        return monitoring.drift(), self.parts.readiness.gaps(), monitoring.people()

    def readiness_changed(self) -> tuple[int, int]:
        """Two numbers that stay as they are until somebody judges or changes something."""
        self._supervise()
        return self.parts.readiness.last_change()

    def topics(self) -> list[TopicReadiness]:
        self._supervise()
        return self.parts.readiness.topics()

    def topic(self, name: str) -> tuple[TopicReadiness, TopicEvidence]:
        self._supervise()
        return self.parts.readiness.topic(name), self.parts.readiness.evidence(name)

    def allow(self, name: str) -> None:
        self.parts.readiness.allow(name, self._supervise())

    def hold(self, name: str) -> None:
        self.parts.readiness.hold(name, self._supervise())

    def switch_off(self, name: str) -> None:
        self.parts.readiness.switch_off(name, self._supervise())

    def articles(
        self, text: str, topic: str | None, status: Status | None, after: str, limit: int
    ) -> tuple[list[Article], list[str]]:
        """A page of articles, and the topics that there are to choose from."""
        self._supervise()
        knowledge = self.parts.knowledge
        found = knowledge.page(text=text, topic=topic, status=status, after=after, limit=limit)
        return found, knowledge.topics()

    def article_topics(self) -> list[str]:
        """Topics that have an article of whatever status."""
        self._supervise()
        return self.parts.knowledge.topics()

    def all_topics(self) -> list[Topic]:
        self._supervise()
        return self.parts.topics.all()

    def set_topic_titles(self, topic_id: str, titles: Mapping[str, str]) -> None:
        self._supervise()
        self.parts.topics.change_titles({topic_id: titles})

    def article_problems(self, article: Article) -> list[Problem]:
        """What is wrong with an article that is being written, compared with what its question finds."""
        self._supervise()
        found = self.parts.assistant.triage(article.question).suggestions
        return self.parts.knowledge.problems(article, beside={found_item.article_id for found_item in found})

    def article(self, article_id: str) -> tuple[Article, list[ArticleVersion]]:
        self._supervise()
        return self.parts.knowledge.article(article_id)

    def put_article(self, article: Article, version: int) -> int:
        return self.parts.knowledge.put(article, self._supervise(), version=version)

    def restore_article(self, article_id: str, version: int) -> int:
        return self.parts.knowledge.restore(article_id, version, self._supervise())

    def inbox(
        self, kind: ProposalKind | None, *, limit: int
    ) -> tuple[Mapping[ProposalKind, int], list[Proposal], dict[str, Article]]:
        """How many proposals wait, the weightiest, and the articles that they are about."""
        self._supervise()
        found = self.parts.proposals.open(kind=kind, limit=limit)
        articles = self.parts.knowledge.some(
            {found_item.article_id for found_item in found if found_item.article_id}
        )
        return self.parts.proposals.waiting(), found, articles

    def proposal(self, proposal_id: int) -> tuple[Proposal, Article | None]:
        """A proposal in whatever state, and the article that it is about."""
        self._supervise()
        proposal = self.parts.proposals.get(proposal_id)
        articles = self.parts.knowledge.some([proposal.article_id] if proposal.article_id else [])
        return proposal, articles.get(proposal.article_id or "")

    def approve_proposals(self, seen: Mapping[int, str]) -> list[ProposalResult]:
        """Approve those proposals, as far as they still have the wording that was looked at."""
        return self.parts.proposals.approve_many(seen, self._supervise(), seen=seen)

    def approve_into(self, proposal_id: int, article_id: str, seen: str) -> None:
        """The questions of a new article go to one that exists."""
        account = self._supervise()
        self.parts.proposals.approve(proposal_id, account, as_phrasings_of=article_id, seen=seen)

    def dismiss_proposals(self, proposal_ids: Sequence[int]) -> list[ProposalResult]:
        return self.parts.proposals.dismiss_many(proposal_ids, self._supervise())

    def edit_proposal(self, proposal_id: int, changes: Mapping[str, Any], seen: str) -> None:
        self.parts.proposals.edit(proposal_id, self._supervise(), **changes, seen=seen)

    def nearest_articles(self, question: str) -> list[Article]:
        """What would be suggested for a question, best first."""
        self._supervise()
        ids = [suggestion.article_id for suggestion in self.parts.assistant.triage(question).suggestions]
        articles = self.parts.knowledge.some(ids)
        return [articles[number] for number in ids if number in articles]

    def merge_proposals(self, proposal_ids: Sequence[int], into: int) -> None:
        self.parts.proposals.merge(proposal_ids, into, self._supervise())

    def explain(self, text: str) -> Explanation:
        """What the assistant makes of a text, and why."""
        self._supervise()
        return self.parts.explanation(text)

    def pin(self, text: str, article_id: str) -> None:
        self.parts.learning.pins.pin(text, article_id, self._supervise())

    def models(self) -> tuple[list[StoredJob], list[ShownVersion]]:
        """How learning went, and every model version."""
        self._supervise()
        return self.parts.learning.jobs(), self.parts.versions.all()

    def changed_by(self, version_id: str) -> tuple[StoredVersion, Sequence[ChangedQuestion]]:
        """What a version answers otherwise than the one before it."""
        self._supervise()
        return self.parts.learning.changed_by(version_id)

    def disagreements(self) -> tuple[Disagreements, list[PinnedCase]]:
        """Where people disagree, and what is pinned."""
        self._supervise()
        return self.parts.learning.disagreements(), self.parts.learning.pins.all()

    def start_learning(self) -> None:
        self.parts.learning.start(self._supervise())

    def promote(self, version_id: str, *, anyway: bool) -> None:
        self.parts.versions.promote(version_id, self._supervise(), anyway=anyway)

    def roll_back(self) -> None:
        self.parts.versions.roll_back(self._supervise())

    def unpin(self, pin_id: int) -> None:
        self._supervise()
        self.parts.learning.pins.unpin(pin_id)

    # These only touch memory: they may be called on the event loop.

    def preview(self, answer: str, *, customer_name: str) -> str:
        return self.parts.knowledge.preview(answer, customer_name=customer_name)

    def keep_draft(self, conversation_id: int, draft: Draft) -> None:
        self.page_sessions.drafts.keep(self.account.id, conversation_id, draft)

    def draft(self, conversation_id: int) -> Draft:
        return self.page_sessions.drafts.of(self.account.id, conversation_id)


class PageSessions:
    """The pages that are open in this process."""

    def __init__(self) -> None:
        self.drafts = Drafts()
        self._taken: set[PageSession] = set()

    def take(self, parts: Services, visit: Visit, titles: TopicTitles | None = None) -> PageSession:
        session = PageSession(
            parts=parts, account=visit.account, session_id=visit.session.id, page_sessions=self
        )
        session.titles = titles or session.titles
        self._taken.add(session)
        return session

    def leave(self, session: PageSession) -> None:
        self._taken.discard(session)

    def opened_by_others(self, own: PageSession) -> dict[int, list[str]]:
        """Which conversations with a turn to decide other people have on their screens, by name."""
        opened: dict[int, set[str]] = {}
        for session in list(self._taken):  # a copy: pages come and go while a thread looks
            if (
                session.open_conversation is not None
                and not session.is_closed
                and session.account.id != own.account.id
            ):
                opened.setdefault(session.open_conversation, set()).add(session.account.name)
        return {number: sorted(names) for number, names in opened.items()}

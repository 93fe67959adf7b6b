"""The sessions of open pages. Every call of a page checks that its account may still work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kb_index import Article, Status
from kb_index.checks import Problem
from prompter.accounts.roles import require_role
from prompter.accounts.sessions import Visit
from prompter.desk.decision import Decision, DecisionReceipt
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
from prompter_api.services import Services

_MAX_SHOWN = 12


class SignedOut(Exception):
    """This page's session has ended: by logout, expiry, a new password or the end of the account."""


@dataclass(eq=False, kw_only=True)
class PageSession:
    """The session of one open page. Its methods block, so pages call them through `run.io_bound`."""

    services: Services
    account: Account
    session_id: int
    page_sessions: "PageSessions"
    open_conversation: int | None = None
    is_connected: bool = field(default=True, init=False)  # False once the browser has gone, if only for now
    is_closed: bool = field(default=False, init=False)
    titles: TopicTitles = field(default_factory=TopicTitles, init=False)  # of topics, as last read
    _has_acted: bool = field(default=False, init=False)

    def note_connection(self, is_connected: bool) -> None:
        """Note whether a browser shows the page at this moment."""
        self.is_connected = is_connected

    def note_action(self) -> None:
        """Note a person's action on the page. Actions keep the session alive, polling does not."""
        self._has_acted = True

    def check(self) -> Account:
        """Return the account in its current state.

        Raises:
            SignedOut: when its session has ended, in any process.
        """
        has_acted, self._has_acted = self._has_acted, False
        account = self.services.sessions.check(self.session_id, is_active=has_acted)
        self.is_closed = account is None
        if account is None or account.id != self.account.id:
            raise SignedOut
        self.account = account
        self.titles = self.services.topics.titles()
        return account

    def snapshot(self, conversation_id: int | None, turn_id: int | None = None) -> DeskSnapshot:
        snapshot = self.services.desk.snapshot(self.check(), conversation_id, turn_id=turn_id)
        return replace(snapshot, opened_by=self.page_sessions.other_viewers(self))

    def decide(self, decision: Decision) -> DecisionReceipt:
        self.check()
        return self.services.desk.decide(decision)

    def mark_answered(self, turn_id: int) -> None:
        self.services.desk.mark_answered(turn_id, self.check())

    def find_decider(self, turn_id: int) -> str | None:
        """Return the name of the person who answered the turn."""
        self.check()
        _turn, _suggestions, decided = self.services.desk.turn(turn_id)
        return decided.operator_name if decided else None

    def return_to_bot(self, conversation_id: int) -> None:
        self.check()
        self.services.desk.return_to_bot(conversation_id)

    def undo(self, decision_id: int) -> None:
        self.services.desk.undo(decision_id, self.check())

    def write(self, conversation_id: int, text: str) -> None:
        self.services.desk.write(conversation_id, text, self.check())

    def resolve_delivery(self, reply_id: int, *, send_again: bool) -> None:
        self.services.desk.resolve_delivery(reply_id, self.check(), send_again=send_again)

    def next_review(self, after: int) -> tuple[int, Question | None]:
        """Return how many reviews wait for this account, and the first with an id above `after`."""
        account = self.check()
        return self.services.reviews.count_waiting(account), self.services.reviews.find_next(
            account, after=after
        )

    def own_figure(self) -> OwnFigure:
        return self.services.monitoring.own_figure(self.check())

    def judge(self, review_id: int, choice: Choice) -> None:
        self.services.reviews.judge(review_id, choice, self.check())

    def find(self, text: str) -> list[Article]:
        """Return articles for these words, best first."""
        self.check()
        return self.services.find_articles(text, limit=_MAX_SHOWN) if text.strip() else []

    def filled_answer(self, conversation_id: int, article_id: str) -> str:
        self.check()
        return self.services.desk.filled_answer(conversation_id, article_id)

    # --- supervisors ------------------------------------------------------------------------

    def _supervise(self) -> Account:
        """Return the account in its current state, which must be a supervisor's.

        Raises:
            SignedOut: when its session has ended.
            Forbidden: when it is not a supervisor's.
        """
        account = self.check()
        require_role(account, Role.SUPERVISOR)
        return account

    def watch(self) -> tuple[Drift, list[tuple[str, Gap]], list[Person]]:
        """Return drift, the gaps between shown and blind turns by topic, and the figures of people."""
        self._supervise()
        monitoring = self.services.monitoring
        return monitoring.drift(), self.services.readiness.gaps(), monitoring.people()

    def last_readiness_change(self) -> tuple[int, int]:
        """Return two numbers that change whenever somebody judges or changes something."""
        self._supervise()
        return self.services.readiness.last_change()

    def topics(self) -> list[TopicReadiness]:
        self._supervise()
        return self.services.readiness.topics()

    def topic(self, name: str) -> tuple[TopicReadiness, TopicEvidence]:
        self._supervise()
        return self.services.readiness.topic(name), self.services.readiness.evidence(name)

    def allow(self, name: str) -> None:
        self.services.readiness.allow(name, self._supervise())

    def hold(self, name: str) -> None:
        self.services.readiness.hold(name, self._supervise())

    def switch_off(self, name: str) -> None:
        self.services.readiness.switch_off(name, self._supervise())

    def articles(
        self, text: str, topic: str | None, status: Status | None, after: str, limit: int
    ) -> tuple[list[Article], list[str]]:
        """Return a page of articles, and the topics to choose from."""
        self._supervise()
        knowledge = self.services.knowledge
        found = knowledge.page(text=text, topic=topic, status=status, after=after, limit=limit)
        return found, knowledge.topics()

    def article_topics(self) -> list[str]:
        """Return the topics that have an article of any status."""
        self._supervise()
        return self.services.knowledge.topics()

    def all_topics(self) -> list[Topic]:
        self._supervise()
        return self.services.topics.all()

    def change_topic_titles(self, topic_id: str, titles: Mapping[str, str]) -> None:
        self._supervise()
        self.services.topics.change_titles({topic_id: titles})

    def article_problems(self, article: Article) -> list[Problem]:
        """Return the problems of an article being written, also beside the articles found by its question."""
        self._supervise()
        found = self.services.assistant.triage(article.question).suggestions
        return self.services.knowledge.problems(
            article, beside={suggestion.article_id for suggestion in found}
        )

    def article(self, article_id: str) -> tuple[Article, list[ArticleVersion]]:
        self._supervise()
        return self.services.knowledge.article(article_id)

    def put_article(self, article: Article, version: int) -> int:
        return self.services.knowledge.put(article, self._supervise(), version=version)

    def restore_article(self, article_id: str, version: int) -> int:
        return self.services.knowledge.restore(article_id, version, self._supervise())

    def inbox(
        self, kind: ProposalKind | None, *, limit: int
    ) -> tuple[Mapping[ProposalKind, int], list[Proposal], dict[str, Article]]:
        """Return the number of open proposals by kind, the best supported ones, and their articles."""
        self._supervise()
        found = self.services.proposals.open(kind=kind, limit=limit)
        articles = self.services.knowledge.get_many(
            {proposal.article_id for proposal in found if proposal.article_id}
        )
        return self.services.proposals.count_open(), found, articles

    def proposal(self, proposal_id: int) -> tuple[Proposal, Article | None]:
        """Return a proposal in any state, and its article."""
        self._supervise()
        proposal = self.services.proposals.get(proposal_id)
        articles = self.services.knowledge.get_many([proposal.article_id] if proposal.article_id else [])
        return proposal, articles.get(proposal.article_id or "")

    def approve_proposals(self, seen: Mapping[int, str]) -> list[ProposalResult]:
        """Approve proposals whose wording is still the one in `seen`."""
        return self.services.proposals.approve_many(seen, self._supervise(), seen=seen)

    def approve_into(self, proposal_id: int, article_id: str, seen: str) -> None:
        """Add the questions of a proposed article to an existing article."""
        account = self._supervise()
        self.services.proposals.approve(proposal_id, account, as_phrasings_of=article_id, seen=seen)

    def dismiss_proposals(self, proposal_ids: Sequence[int]) -> list[ProposalResult]:
        return self.services.proposals.dismiss_many(proposal_ids, self._supervise())

    def edit_proposal(self, proposal_id: int, changes: Mapping[str, Any], seen: str) -> None:
        self.services.proposals.edit(proposal_id, self._supervise(), **changes, seen=seen)

    def nearest_articles(self, question: str) -> list[Article]:
        """Return the articles that would be suggested for a question, best first."""
        self._supervise()
        ids = [suggestion.article_id for suggestion in self.services.assistant.triage(question).suggestions]
        articles = self.services.knowledge.get_many(ids)
        return [articles[article_id] for article_id in ids if article_id in articles]

    def merge_proposals(self, proposal_ids: Sequence[int], into: int) -> None:
        self.services.proposals.merge(proposal_ids, into, self._supervise())

    def explain(self, text: str) -> Explanation:
        """Return the triage of a text, with the reasons."""
        self._supervise()
        return self.services.explanation(text)

    def pin(self, text: str, article_id: str) -> None:
        self.services.learning.pins.pin(text, article_id, self._supervise())

    def models(self) -> tuple[list[StoredJob], list[ShownVersion]]:
        """Return the learning jobs and all model versions."""
        self._supervise()
        return self.services.learning.jobs(), self.services.versions.all()

    def diff_version(self, version_id: str) -> tuple[StoredVersion, Sequence[ChangedQuestion]]:
        """Return the questions that a version answers differently from its predecessor."""
        self._supervise()
        return self.services.learning.diff_version(version_id)

    def disagreements(self) -> tuple[Disagreements, list[PinnedCase]]:
        """Return the disagreements between people, and the pinned cases."""
        self._supervise()
        return self.services.learning.disagreements(), self.services.learning.pins.all()

    def start_learning(self) -> None:
        self.services.learning.start(self._supervise())

    def promote(self, version_id: str, *, force: bool) -> None:
        self.services.versions.promote(version_id, self._supervise(), force=force)

    def roll_back(self) -> None:
        self.services.versions.roll_back(self._supervise())

    def unpin(self, pin_id: int) -> None:
        self._supervise()
        self.services.learning.pins.unpin(pin_id)

    # These methods only use memory, so they may be called on the event loop.

    def preview(self, answer: str, *, customer_name: str) -> str:
        return self.services.knowledge.preview(answer, customer_name=customer_name)

    def keep_draft(self, conversation_id: int, draft: Draft) -> None:
        self.page_sessions.drafts.keep(self.account.id, conversation_id, draft)

    def draft(self, conversation_id: int) -> Draft:
        return self.page_sessions.drafts.of(self.account.id, conversation_id)


class PageSessions:
    """The sessions of the pages that are open in this process."""

    def __init__(self) -> None:
        self.drafts = Drafts()
        self._taken: set[PageSession] = set()

    def take(self, services: Services, visit: Visit, titles: TopicTitles | None = None) -> PageSession:
        session = PageSession(
            services=services, account=visit.account, session_id=visit.session.id, page_sessions=self
        )
        session.titles = titles or session.titles
        self._taken.add(session)
        return session

    def leave(self, session: PageSession) -> None:
        self._taken.discard(session)

    def other_viewers(self, viewer: PageSession) -> dict[int, list[str]]:
        """Return the conversations on other people's screens, with the names of those people."""
        opened: dict[int, set[str]] = {}
        for session in list(self._taken):  # a copy, as pages are opened and closed during the iteration
            if (
                session.open_conversation is not None
                and session.is_connected
                and not session.is_closed
                and session.account.id != viewer.account.id
            ):
                opened.setdefault(session.open_conversation, set()).add(session.account.name)
        return {number: sorted(names) for number, names in opened.items()}

"""Where everything is kept: the only place with SQL."""

from prompter.storage.accounts.accounts import Account, ApiToken, Role, Scope
from prompter.storage.accounts.login_counts import LoginCount
from prompter.storage.accounts.sessions import Session
from prompter.storage.conversations.decisions import Evidence, StoredDecision, TeachingTurn
from prompter.storage.conversations.dialogues import StoredDialogue
from prompter.storage.conversations.reviews import StoredReview
from prompter.storage.engine import BadDatabaseUrl, connect, read_url
from prompter.storage.jobs import JobKind, JobState, StoredJob
from prompter.storage.knowledge.proposals import Proposal, ProposalState
from prompter.storage.migrate import NewerDatabase, migrate
from prompter.storage.models.readiness import LedgerTurn, ReadinessEvent, Replay, StoredReadiness
from prompter.storage.models.regression_cases import PinnedCase
from prompter.storage.models.versions import Made, Reason, StoredVersion, Use, VersionState
from prompter.storage.store import Conflict, Store, Transaction

__all__ = [
    "Account",
    "ApiToken",
    "BadDatabaseUrl",
    "Conflict",
    "Evidence",
    "JobKind",
    "JobState",
    "LedgerTurn",
    "LoginCount",
    "Made",
    "NewerDatabase",
    "PinnedCase",
    "Proposal",
    "ProposalState",
    "ReadinessEvent",
    "Reason",
    "Replay",
    "Role",
    "Scope",
    "Session",
    "Store",
    "StoredDecision",
    "StoredDialogue",
    "StoredJob",
    "StoredReadiness",
    "StoredReview",
    "StoredVersion",
    "TeachingTurn",
    "Transaction",
    "Use",
    "VersionState",
    "connect",
    "migrate",
    "read_url",
]

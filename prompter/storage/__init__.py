"""Where everything is kept: the only place with SQL."""

from prompter.storage.accounts import Account, ApiToken, Role, Scope
from prompter.storage.decisions import Evidence, StoredDecision, TeachingTurn
from prompter.storage.dialogues import StoredDialogue
from prompter.storage.engine import BadDatabaseUrl, connect, read_url
from prompter.storage.jobs import JobKind, JobState, StoredJob
from prompter.storage.login_counts import LoginCount
from prompter.storage.migrate import NewerDatabase, migrate
from prompter.storage.pins import PinnedCase
from prompter.storage.proposals import Proposal, ProposalState
from prompter.storage.readiness import LedgerTurn, ReadinessEvent, Replay, StoredReadiness
from prompter.storage.reviews import StoredReview
from prompter.storage.sessions import Session
from prompter.storage.store import Conflict, Store, Transaction
from prompter.storage.versions import Made, Reason, StoredVersion, Use, VersionState

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

"""Where everything is kept: the only place with SQL."""

from prompter.storage.accounts import Account, ApiToken, Role
from prompter.storage.decisions import Evidence, StoredDecision
from prompter.storage.engine import connect
from prompter.storage.migrate import NewerDatabase, migrate
from prompter.storage.proposals import Proposal, ProposalState
from prompter.storage.readiness import LedgerTurn, ReadinessEvent, Replay, StoredReadiness
from prompter.storage.reviews import StoredReview
from prompter.storage.store import Conflict, Store, Transaction

__all__ = [
    "Account",
    "ApiToken",
    "Conflict",
    "Evidence",
    "LedgerTurn",
    "NewerDatabase",
    "Proposal",
    "ProposalState",
    "ReadinessEvent",
    "Replay",
    "Role",
    "Store",
    "StoredDecision",
    "StoredReadiness",
    "StoredReview",
    "Transaction",
    "connect",
    "migrate",
]

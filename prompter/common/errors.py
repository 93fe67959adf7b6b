"""Errors of the use cases, named for what happened."""


class Conflict(Exception):
    """A rule of the database refused the transaction's writes, because somebody else was faster."""


class PrompterError(Exception):
    """Base class of the errors that use cases raise.

    PrompterError
    ├── NotFound
    ├── AlreadyDecided
    ├── CustomerWroteAgain
    ├── TooLateToUndo
    ├── InvalidDecision
    ├── AlreadySettled
    │   └── Outdated
    ├── ArticleGone
    ├── ArticleChanged
    ├── ProposalChanged
    ├── InvalidProposal
    │   ├── Unanswered
    │   └── CannotMerge
    ├── DatabaseUnavailable
    │   ├── DatabaseBusy
    │   └── DatabaseFull
    └── Forbidden
    """


class NotFound(PrompterError):
    """It does not exist, or no longer."""


class AlreadyDecided(PrompterError):
    """Another operator has already decided on this turn."""


class CustomerWroteAgain(PrompterError):
    """The customer has written since the operator last looked: read the new message before sending."""


class TooLateToUndo(PrompterError):
    """The reply has already left."""


class InvalidDecision(PrompterError):
    """The decision is inconsistent. The message says why."""


class UnfilledField(InvalidDecision):
    """The text still contains a template field."""

    def __init__(self, field: str) -> None:
        super().__init__(f"the reply still contains {{{field}}}: fill it in or remove it")
        self.field = field


class AlreadySettled(PrompterError):
    """Somebody has already approved, dismissed or merged the proposal. `by` is their name."""

    def __init__(self, message: str, *, by: str | None = None) -> None:
        super().__init__(message)
        self.by = by


class Outdated(AlreadySettled):
    """The proposal was withdrawn, because no evidence supports it any more."""


class ArticleGone(PrompterError):
    """The article that a proposal is about no longer exists, or it is archived."""


class ArticleChanged(PrompterError):
    """The article's answer has changed since the proposal was made: check it again."""


class ProposalChanged(PrompterError):
    """The proposal has changed since it was read: check it again."""


class InvalidProposal(PrompterError):
    """The proposal is inconsistent as it is. The message says why."""


class Unanswered(InvalidProposal):
    """The new article has no answer yet: write one first."""


class CannotMerge(InvalidProposal):
    """Proposals can only be merged if there are at least two, of one kind and about one article."""


class Forbidden(PrompterError):
    """This account may not do that."""


class DatabaseUnavailable(PrompterError):
    """The database cannot be used now. The text is the driver's: for administrators, not for callers."""

    retry_after = 5  # seconds


class DatabaseBusy(DatabaseUnavailable):
    """Other writers take longer than this caller waits, or there are too many connections."""

    retry_after = 2


class DatabaseFull(DatabaseUnavailable):
    """The disk has no room for the data to be written."""

    retry_after = 60

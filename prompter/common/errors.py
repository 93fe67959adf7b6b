"""What a use case can refuse, named for what happened."""


class Conflict(Exception):
    """Somebody else was faster: a rule of the database refused what the transaction wrote."""


class PrompterError(Exception):
    """Base class.

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
    """There is no such thing, or no longer."""


class AlreadyDecided(PrompterError):
    """Another operator has already decided on this turn."""


class CustomerWroteAgain(PrompterError):
    """The customer has written since the operator looked; look again before sending."""


class TooLateToUndo(PrompterError):
    """The reply has already left."""


class InvalidDecision(PrompterError):
    """The decision does not hold together; the message says why."""


class AlreadySettled(PrompterError):
    """Somebody has approved, dismissed or merged the proposal before; `by` is their name."""

    def __init__(self, message: str, *, by: str | None = None) -> None:
        super().__init__(message)
        self.by = by


class Outdated(AlreadySettled):
    """Nothing speaks for the proposal any more, so that it was taken back."""


class ArticleGone(PrompterError):
    """The article that a proposal is about no longer exists, or it is archived."""


class ArticleChanged(PrompterError):
    """The article's answer has changed since the proposal was made: look again."""


class ProposalChanged(PrompterError):
    """The proposal does not say any more what was looked at: look again."""


class InvalidProposal(PrompterError):
    """The proposal does not hold together as it is; the message says why."""


class Unanswered(InvalidProposal):
    """Nobody has given the answer of a new article yet: write one first."""


class CannotMerge(InvalidProposal):
    """Only two or more proposals of one kind, about one article, can be merged."""


class Forbidden(PrompterError):
    """This account may not do that."""


class DatabaseUnavailable(PrompterError):
    """The database cannot be used now. The text is the driver's, for those who run it, not for callers."""

    retry_after = 5  # seconds


class DatabaseBusy(DatabaseUnavailable):
    """Others write for longer than this caller waits, or too many are connected."""

    retry_after = 2


class DatabaseFull(DatabaseUnavailable):
    """There is no room on the disk for what was to be written."""

    retry_after = 60

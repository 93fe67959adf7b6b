"""What a use case can refuse, named for what happened."""


class PrompterError(Exception):
    """Base class.

    PrompterError
    ├── NotFound
    ├── AlreadyDecided
    ├── CustomerWroteAgain
    ├── TooLateToUndo
    ├── InvalidDecision
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


class Forbidden(PrompterError):
    """This account may not do that."""

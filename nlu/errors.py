"""What can go wrong with models and training data."""


class NluError(Exception):
    """Base class.

    NluError
    ├── BadTrainingData
    ├── EncoderUnavailable
    └── IncompatibleModel
    """


class BadTrainingData(NluError):
    """Training examples cannot be used; the message names file, row and problem."""


class EncoderUnavailable(NluError):
    """The configured encoder's package or weights are not there; the message says what to install."""


class IncompatibleModel(NluError):
    """A saved model is damaged or was made by other versions; the message says which."""

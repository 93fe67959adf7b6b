"""Errors of models and training data."""


class NluError(Exception):
    """Base class of this package's errors.

    NluError
    ├── BadTrainingData
    ├── EncoderUnavailable
    └── IncompatibleModel
    """


class BadTrainingData(NluError):
    """Training examples cannot be used. The message names file, row and problem."""


class EncoderUnavailable(NluError):
    """The configured encoder's package or weights are missing. The message says what to install."""


class IncompatibleModel(NluError):
    """A saved model is damaged or was made by other versions. The message names the mismatch."""

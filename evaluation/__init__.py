"""How good is it?  Rows in, estimates out: this package knows neither models nor database.

Whoever has a model adapts it to one of the seams `Suggester` and `TrainableClassifier`.
"""

from evaluation.errors import BadRows, EvaluationError
from evaluation.estimates import Estimate
from evaluation.intents import Guess, IntentFailure, IntentReport, TrainableClassifier, evaluate_intents
from evaluation.latency import LatencyReport, Timing, evaluate_latency
from evaluation.retrieval import RetrievalFailure, RetrievalReport, Suggested, Suggester, evaluate_retrieval
from evaluation.rows import Case, IntentRow, read_cases, read_intents

__all__ = [
    "BadRows",
    "Case",
    "Estimate",
    "EvaluationError",
    "Guess",
    "IntentFailure",
    "IntentReport",
    "IntentRow",
    "LatencyReport",
    "RetrievalFailure",
    "RetrievalReport",
    "Suggested",
    "Suggester",
    "Timing",
    "TrainableClassifier",
    "evaluate_intents",
    "evaluate_latency",
    "evaluate_retrieval",
    "read_cases",
    "read_intents",
]

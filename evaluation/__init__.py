"""How good is it?  Rows in, estimates out: this package knows neither models nor database.

Whoever has a model adapts it to one of the seams `Suggester`, `Learner` and `TrainableClassifier`.
"""

from evaluation.data_quality import DataWarning, warnings_of_cases, warnings_of_test, warnings_of_training
from evaluation.errors import BadRows, EvaluationError, TooFewRows
from evaluation.estimates import Estimate
from evaluation.intents import (
    Guess,
    IntentReport,
    Split,
    TrainableClassifier,
    evaluate_draws,
    evaluate_folds,
    evaluate_intents,
)
from evaluation.latency import LatencyReport, Timing, evaluate_latency
from evaluation.learning import CurvePoint, Learner, cross_fitted, learning_curve
from evaluation.outcomes import ScoredCase, write_failures
from evaluation.paired import Comparison, Difference, compare
from evaluation.retrieval import (
    RetrievalReport,
    Suggested,
    Suggester,
    ask,
    evaluate_retrieval,
    retrieval_report,
)
from evaluation.rows import Case, IntentRow, read_cases, read_intents
from evaluation.selective import SelectiveReport, selective_report, threshold_for

__all__ = [
    "BadRows",
    "Case",
    "Comparison",
    "CurvePoint",
    "DataWarning",
    "Difference",
    "Estimate",
    "EvaluationError",
    "Guess",
    "IntentReport",
    "IntentRow",
    "LatencyReport",
    "Learner",
    "RetrievalReport",
    "ScoredCase",
    "SelectiveReport",
    "Split",
    "Suggested",
    "Suggester",
    "Timing",
    "TooFewRows",
    "TrainableClassifier",
    "ask",
    "compare",
    "cross_fitted",
    "evaluate_draws",
    "evaluate_folds",
    "evaluate_intents",
    "evaluate_latency",
    "evaluate_retrieval",
    "learning_curve",
    "read_cases",
    "read_intents",
    "retrieval_report",
    "selective_report",
    "threshold_for",
    "warnings_of_cases",
    "warnings_of_test",
    "warnings_of_training",
    "write_failures",
]

"""How good is it, and may it answer alone?

Rows in, estimates out: this package knows neither models nor a database. A model is adapted to one of the
seams `Suggester`, `Learner` and `TrainableClassifier`.

    rows, splits, typos, data_quality         rows read from files, drawn, garbled and checked
    intents, retrieval, selective, latency    one report for each kind of measurement
    estimates, paired, reliability            intervals, paired tests, calibration
    outcomes, errors                          single results
    learning, gate                            learning curves; may a candidate replace the champion
    readiness, betting                        the rule for answering alone, and its test
    change_detection, multiple_testing        after go-live; many topics at once
    simulation, error_rates, baselines        the rule where the truth is known, beside naive ones
    report                                    one HTML page about a measurement
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
from evaluation.learning import CurvePoint, Learner, cross_fit, learning_curve
from evaluation.outcomes import ScoredCase, write_failures
from evaluation.paired import Comparison, Difference, compare
from evaluation.retrieval import (
    RankedSuggestion,
    RetrievalReport,
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
    "RankedSuggestion",
    "RetrievalReport",
    "ScoredCase",
    "SelectiveReport",
    "Split",
    "Suggester",
    "Timing",
    "TooFewRows",
    "TrainableClassifier",
    "ask",
    "compare",
    "cross_fit",
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

"""Fill the report's template with its contents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evaluation.data_quality import DataWarning
from evaluation.estimates import Estimate
from evaluation.learning import CurvePoint
from evaluation.outcomes import ScoredCase, failures
from evaluation.paired import Comparison
from evaluation.report import plots
from evaluation.report.groups import worst_groups

_SHOWN_FAILURES = 300
_SHOWN_GROUPS = 20
_SHOWN_CHANGES = 100

MEANINGS = {
    "accuracy": "share of rows whose intent was named, out of scope included",
    "macro_f1": "F1 of each intent, averaged",
    "in_scope_accuracy": "accuracy of the rows that have an intent",
    "oos_recall": "share of out-of-scope rows that were noticed",
    "oos_precision": "share truly out of scope among those called so",
    "oos_auroc": "P(an out-of-scope row looks stranger than one in scope)",
    "ece": "mean gap of stated confidence and truth, chance subtracted; 0 is best",
    "brier": "mean squared gap of confidence and outcome; 0 is best",
    "brier_constant": "the same of the best constant confidence",
    "p_at_1": "the first suggestion is right",
    "hit_at_3": "a right one is among the first three",
    "hit_at_5": "a right one is among the first five",
    "mrr": "mean of 1 / rank of the first right one",
    "coverage": "share of all cases that would be answered alone",
    "selective_accuracy": "share right among those answered",
    "oos_answered": "share of out-of-scope cases that would be answered, wrongly",
    "aurc": "share wrong, averaged over all coverages; 0 is best",
    "aurc_constant": "the same of a constant confidence",
}


@dataclass(frozen=True, kw_only=True)
class Page:
    """The contents of the report. `outcomes` is not empty. `group_of` names a label's topic or intent."""

    title: str
    metrics: Mapping[str, Estimate | None]
    counts: Mapping[str, str]
    facts: Mapping[str, str]  # command, machine, versions …
    outcomes: Sequence[ScoredCase]
    headline: Sequence[str]  # names of the metrics in the headline
    groupings: Mapping[str, Callable[[str], str]]  # title of the table -> label's group
    warnings: Sequence[DataWarning] = ()
    in_scope: Sequence[float] = ()  # for intents: P(a known intent is meant)
    threshold: float | None = None
    target: float | None = None
    curve: Sequence[CurvePoint] = ()
    comparison: Comparison | None = None
    against: str = ""  # name of the compared model
    failed: Sequence[ScoredCase] | None = None  # None: all outcomes that are not right
    meanings: Mapping[str, str] = field(default_factory=lambda: MEANINGS)


def render(page: Page) -> str:
    """Render the page as a single HTML text without external references.

    Its content security policy blocks scripts, loading and sending, in case a text is ever unescaped.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    failed = failures(page.outcomes) if page.failed is None else page.failed
    changes = page.comparison.changes if page.comparison else ()
    return environment.get_template("page.html").render(
        page=page,
        pictures=[(name, text, Markup(svg)) for name, text, svg in _pictures(page)],  # noqa: S704 - our own SVG
        groups=[(title, worst_groups(page.outcomes, of)) for title, of in page.groupings.items()],
        max_groups=_SHOWN_GROUPS,
        failed=failed,
        max_failures=_SHOWN_FAILURES,
        changes=sorted(changes, key=lambda change: change.is_won),
        max_changes=_SHOWN_CHANGES,
    )


def _pictures(page: Page) -> list[tuple[str, str, str]]:
    """Yield the name, the caption and the SVG of each chart."""
    pictures = [
        (
            "Reliability",
            "On the dashed line, what is said to be 80 % sure is right 8 times in 10; below it, it boasts.",
            plots.reliability_diagram(page.outcomes),
        ),
        (
            "Risk and coverage",
            "If only the surest share of the rows were answered, this share of the answers would be wrong.",
            plots.risk_coverage_curve(page.outcomes, threshold=page.threshold, target=page.target),
        ),
        (
            "Confidences",
            "Right answers should stand at the right, wrong ones and those out of scope at the left.",
            plots.confidence_histogram(page.outcomes),
        ),
    ]
    if page.in_scope and not all(outcome.in_scope for outcome in page.outcomes):
        pictures.append(
            (
                "In scope or out",
                "How surely each row is taken for one that some intent covers.",
                plots.scope_histogram(page.outcomes, page.in_scope),
            )
        )
    if page.curve:
        pictures.append(
            (
                "Learning curve",
                "Quality after so many confirmed questions per article; the shade is the 95 % interval.",
                plots.learning_curve_plot(page.curve),
            )
        )
    return pictures

"""Draw the effect of confirmed questions, for docs/explanation/how-it-works.md, and print the figures.

    python -m scripts.learning_pictures [--data FOLDER]

As in `sufler evaluate retrieval --learn --report`, the learn half is confirmed step by step and the test half
is asked. Takes two minutes.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from evaluation.estimates import Estimate
from evaluation.learning import CurvePoint, learning_curve
from evaluation.rows import read_cases
from kb_index.formats import read_articles
from nlu.encoders.caching import CachingEncoder
from nlu.encoders.encoder import Encoder
from prompter.models import builder
from prompter.models.encoder_factory import build_encoder
from scripts.measuring import ROOT, parse
from sufler.benchmarking.adapters import EvaluatedAssistant
from sufler.settings import Settings, load_settings

PICTURE = ROOT / "docs" / "images" / "learning.svg"
_COLOURS = {"covid": "#b4552d", "stack": "#0f6b5a"}


def main() -> None:
    data = parse(argparse.ArgumentParser(description="Draw what confirmed questions teach.")).data
    settings = load_settings(None)
    encoder = CachingEncoder(build_encoder(settings.models))
    curves = {name: curve(data / "faq", name, settings, encoder) for name in _COLOURS}
    draw(curves, PICTURE)
    sys.stdout.write(table(curves))


def curve(faq: Path, name: str, settings: Settings, encoder: Encoder) -> list[CurvePoint]:
    """Measure the test half after 0, 1, 2, 4 … confirmed questions of the learn half per article."""
    articles = list(read_articles(faq / f"{name}_kb.csv"))
    ids = {article.id for article in articles}
    return list(
        learning_curve(
            EvaluatedAssistant(settings, articles, encoder),
            read_cases(faq / f"{name}_learn.csv", known_ids=ids),
            read_cases(faq / f"{name}_test.csv", known_ids=ids),
            same_answer=builder.same_answers(articles),
        )
    )


def draw(curves: Mapping[str, Sequence[CurvePoint]], file: Path) -> None:
    mpl.rcParams["svg.hashsalt"] = "sufler"  # the same picture, the same file
    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    for name, points in curves.items():
        known = [(point.n_learned, point.p_at_1) for point in points if point.p_at_1]
        n, estimates = [n_learned for n_learned, _ in known], [estimate for _, estimate in known]
        axes.fill_between(
            n,
            [estimate.low for estimate in estimates],
            [estimate.high for estimate in estimates],
            color=_COLOURS[name],
            alpha=0.15,
        )
        axes.plot(
            n,
            [estimate.value for estimate in estimates],
            "o-",
            color=_COLOURS[name],
            markersize=4,
            label=name,
        )
    axes.set(xlabel="confirmed questions", ylabel="first article is right", ylim=(0.78, 1.0))
    axes.legend(frameon=False, loc="lower right", fontsize=9)
    axes.set_title("What confirmed questions teach", fontsize=10)
    figure.savefig(file, metadata={"Date": None})


def table(curves: Mapping[str, Sequence[CurvePoint]]) -> str:
    """Render the same figures as Markdown."""
    lines = ["| base | confirmed for each article, at most | in all | P@1 | hit@3 |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | {point.per_article} | {point.n_learned} "
        f"| {_share(point.p_at_1)} | {_share(point.hit_at_3)} |"
        for name, points in curves.items()
        for point in points
    ]
    return "\n".join(lines) + "\n"


def _share(estimate: Estimate | None) -> str:
    return f"{estimate.value:.3f}".lstrip("0") if estimate else ""


if __name__ == "__main__":
    main()

"""Output of the evaluate commands: JSON, tables and files."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sufler.cli.common import fail

if TYPE_CHECKING:
    from evaluation import Comparison, DataWarning, Estimate, ScoredCase
    from evaluation.report import Page
    from sufler.settings import Settings

_SHOWN_FAILURES = 10


def as_json(metrics: "Mapping[str, Estimate | None]", counts: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: round(metric.value, 4) if metric else None for name, metric in metrics.items()}
    intervals = {
        name: [round(metric.low, 4), round(metric.high, 4)] for name, metric in metrics.items() if metric
    }
    return {**values, **counts, "ci": intervals}


def comparison_as_json(comparison: "Comparison", config: Path) -> dict[str, Any]:
    differences = comparison.differences
    return {
        "config": str(config),
        "difference": {name: round(difference.estimate.value, 4) for name, difference in differences.items()},
        "ci": {
            name: [round(difference.estimate.low, 4), round(difference.estimate.high, 4)]
            for name, difference in differences.items()
        },
        "p_value": {name: round(difference.p_value, 4) for name, difference in differences.items()},
        "mcnemar": {
            "won": comparison.won,
            "lost": comparison.lost,
            "p_value": float(f"{comparison.mcnemar_p:.3g}"),
        },
    }


def warnings_as_json(warnings: "Sequence[DataWarning]") -> list[dict[str, Any]]:
    return [
        {"problem": warning.problem, "count": warning.count, "examples": list(warning.examples)}
        for warning in warnings
    ]


def warn(warnings: "Sequence[DataWarning]") -> None:
    """Print the warnings on standard error, one per line."""
    for warning in warnings:
        typer.echo(f"warning: {' '.join(str(warning).split())}", err=True)


def print_metrics(metrics: "Mapping[str, Estimate | None]", counts: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("metric", "value", "95 % interval", "rows")
    for name, metric in metrics.items():
        if metric is None:
            table.add_row(name, "not scored", "", "")
        else:
            table.add_row(name, f"{metric.value:.3f}", f"{metric.low:.3f} – {metric.high:.3f}", str(metric.n))
    for name, value in counts.items():
        table.add_row(name, "not measured" if value is None else str(value), "", "")
    Console().print(table)


def print_comparison(comparison: "Comparison", config: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("metric", "difference", "95 % interval", "p", title=f"compared with {config}")
    for name, difference in comparison.differences.items():
        estimate = difference.estimate
        interval = f"{estimate.low:+.3f} to {estimate.high:+.3f}"
        table.add_row(name, f"{estimate.value:+.3f}", interval, f"{difference.p_value:.3f}")
    p = f"{comparison.mcnemar_p:.3g}"
    table.caption = f"{comparison.won} rows won, {comparison.lost} lost; McNemar's exact test: p = {p}"
    Console().print(table)


def print_failures(failed: "Sequence[ScoredCase]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not failed:
        return
    title = f"{min(len(failed), _SHOWN_FAILURES)} of {len(failed)} failures, most confident first"
    table = Table("text", "right", "suggested", "confidence", "rank", title=title)
    for outcome in failed[:_SHOWN_FAILURES]:
        table.add_row(
            escape(outcome.text),
            escape(" | ".join(outcome.right) or "(none)"),
            escape(outcome.suggested or "(nothing)"),
            f"{outcome.confidence:.2f}",
            str(outcome.rank or "–"),
        )
    Console().print(table)


def check_writable(*files: Path | None) -> None:
    """Fail if a file cannot be written, before hours of work and not after them."""
    for path in files:
        if path is not None and (path.is_dir() or not path.parent.is_dir()):
            fail(f"{path}: is a folder" if path.is_dir() else f"{path}: there is no folder {path.parent}")


def facts(
    settings: "Settings", config: Path | None, files: Mapping[str, Path | None], **more: str
) -> dict[str, str]:
    """Collect the facts that a reader needs to repeat the measurement."""
    from sufler.benchmarking.machine_info import config_hash, machine, versions

    return {
        "command": shlex.join(["sufler", *sys.argv[1:]]),
        "measured": f"{datetime.now(tz=UTC):%Y-%m-%d %H:%M} UTC",
        **{name: f"{path} (SHA-256 {_digest(path)})" for name, path in files.items() if path is not None},
        "settings": f"{config or 'shipped with Sufler'} (hash {config_hash(settings)})",
        **more,
        "machine": machine(),
        "versions": versions(),
    }


def write_report(page: "Page", path: Path) -> None:
    from evaluation.report import render

    path.write_text(render(page), encoding="utf-8")


def _digest(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]

"""sufler evaluate ...: how good and how fast is it, on rows that it has not learned from?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sufler.cli.common import ConfigOption, JsonOption, fail, print_json
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from evaluation import Estimate
    from nlu import Encoder

app = typer.Typer(no_args_is_help=True, help="Measure: intents, retrieval, latency.")

_SHOWN_FAILURES = 10
SeedOption = Annotated[int, typer.Option(help="Of all that is drawn at random.")]
KbOption = Annotated[Path, typer.Option("--kb", help="Knowledge base, in any format that can be imported.")]
CasesOption = Annotated[Path, typer.Option("--cases", help="CSV with text and article_id.")]


@app.command()
def intents(
    train: Annotated[Path, typer.Option(help="CSV with text and intent to learn from.")],
    test: Annotated[Path, typer.Option(help="CSV with text and intent to measure on.")],
    oos_label: Annotated[str | None, typer.Option(help="The intent that means: out of scope.")] = None,
    seed: SeedOption = 0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train the intent classifier on some rows and measure it on others."""
    from evaluation import evaluate_intents, read_intents
    from sufler import engines
    from sufler.settings import load_settings

    settings = load_settings(config)
    train_rows, test_rows = read_intents(train), read_intents(test)
    classifier = engines.EvaluatedClassifier(
        settings, _with_progress(engines.build_encoder(settings)), seed=seed
    )
    report = evaluate_intents(train_rows, test_rows, classifier, oos_label=oos_label, seed=seed)
    counts = {"train_seconds": round(report.train_seconds, 3), "n_test": report.n_test}
    if as_json:
        print_json(_as_json(report.metrics, counts))
        return
    _print_metrics(report.metrics, counts)
    _print_failures(
        ["text", "intent", "guessed", "confidence"],
        [[row.text, row.intent, row.guessed, f"{row.confidence:.2f}"] for row in report.failures],
    )


@app.command()
def retrieval(
    kb: KbOption,
    cases: CasesOption,
    seed: SeedOption = 0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how often the right article of a knowledge base is suggested first, and in the first three."""
    from evaluation import evaluate_retrieval, read_cases
    from kb_index.formats import read_articles
    from sufler import engines
    from sufler.settings import load_settings

    settings = load_settings(config)
    articles = list(read_articles(kb))
    rows = read_cases(cases, known_ids={article.id for article in articles})
    assistant = engines.build_assistant(
        settings, articles, encoder=_with_progress(engines.build_encoder(settings))
    )
    with progress_bar("Asking", len(rows)) as advance:
        report = evaluate_retrieval(
            rows, engines.Announced(assistant, advance), same_answer=engines.same_answers(articles), seed=seed
        )
    counts = {"n_cases": report.n_cases}
    if as_json:
        print_json(_as_json(report.metrics, counts))
        return
    _print_metrics(report.metrics, counts)
    _print_failures(
        ["text", "right", "suggested", "confidence", "rank of the right one"],
        [
            [
                row.text,
                " | ".join(row.right) or "(none)",
                row.suggested or "(nothing)",
                f"{row.confidence:.2f}",
                str(row.rank or "–"),
            ]
            for row in report.failures
        ],
    )


@app.command()
def latency(
    kb: KbOption,
    cases: CasesOption,
    articles: Annotated[
        int, typer.Option(min=0, help="Fill the base up to so many articles with generated ones.")
    ] = 0,
    clients: Annotated[int, typer.Option(min=1, max=256, help="That ask at the same time.")] = 1,
    seed: SeedOption = 0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure time per message, and what a running Sufler serves over HTTP: messages, memory, start."""
    import tempfile

    from evaluation import evaluate_latency, read_cases
    from kb_index.formats import read_articles
    from sufler import latency as measuring
    from sufler.served import NotServed
    from sufler.settings import Database, load_settings

    base = list(read_articles(kb))
    rows = read_cases(cases, known_ids={article.id for article in base})
    texts = measuring.messages([row.text for row in rows], base)
    if not base or not texts:
        fail(f"{cases}: no text is left that is not a question of the base" if base else f"{kb}: is empty")
    with tempfile.TemporaryDirectory(prefix="sufler-latency-") as folder:
        settings = load_settings(config).model_copy(
            update={"data_dir": Path(folder), "database": Database(url=None)}
        )
        with progress_bar("Preparing", None):
            measuring.prepare(settings, base, n_articles=articles, seed=seed)
        with progress_bar("Measuring", None):
            try:
                measured = measuring.measure(settings, texts, clients=clients)
            except NotServed as error:
                fail(str(error))
    metrics = evaluate_latency(measured.timings, seed=seed).metrics
    counts = {
        "messages_per_second": round(measured.served.messages_per_second, 1),
        "rss_mb": None if measured.served.rss_mb is None else round(measured.served.rss_mb, 1),
        "cold_start_s": round(measured.served.cold_start_s, 2),
        "n_articles": measured.n_articles,
        "n_messages": len(measured.timings),
        "clients": clients,
        "threads": measured.threads,
    }
    if as_json:
        print_json(_as_json(metrics, counts))
        return
    _print_metrics(metrics, counts)


def _with_progress(encoder: "Encoder") -> "Encoder":
    from nlu import CachingEncoder, ProgressEncoder

    return CachingEncoder(ProgressEncoder(encoder, progress_bar), most_texts=100_000)


def _as_json(metrics: "Mapping[str, Estimate | None]", counts: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: round(one.value, 4) if one else None for name, one in metrics.items()}
    intervals = {name: [round(one.low, 4), round(one.high, 4)] for name, one in metrics.items() if one}
    return {**values, **counts, "ci": intervals}


def _print_metrics(metrics: "Mapping[str, Estimate | None]", counts: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("metric", "value", "95 % interval", "rows")
    for name, one in metrics.items():
        if one is None:
            table.add_row(name, "not scored", "", "")
        else:
            table.add_row(name, f"{one.value:.3f}", f"{one.low:.3f} – {one.high:.3f}", str(one.n))
    for name, value in counts.items():
        table.add_row(name, "not measured" if value is None else str(value), "", "")
    Console().print(table)


def _print_failures(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not rows:
        return
    table = Table(*columns, title=f"{min(len(rows), _SHOWN_FAILURES)} of {len(rows)} failures, surest first")
    for row in rows[:_SHOWN_FAILURES]:
        table.add_row(*(escape(cell) for cell in row))
    Console().print(table)

"""The commands `sufler evaluate …`: measure quality and speed on rows that Sufler has not learned from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sufler.cli.common import ConfigOption, JsonOption, fail, print_json
from sufler.cli.evaluation import output as shown
from sufler.cli.evaluation import readiness_simulation as simulated
from sufler.cli.evaluation.output import as_json as as_object
from sufler.cli.evaluation.output import print_metrics
from sufler.cli.evaluation.task import Task, encoder_of, with_progress
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from evaluation import Comparison, CurvePoint, DataWarning, Estimate, IntentReport, ScoredCase, Split
    from evaluation.report import Page
    from nlu import Encoder
    from sufler.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="Evaluate intents, retrieval, selective answering, readiness and latency."
)
app.command()(simulated.readiness)

SeedOption = Annotated[int, typer.Option(help="Random seed.")]
KbOption = Annotated[Path, typer.Option("--kb", help="Knowledge base in any format that can be imported.")]
CasesOption = Annotated[Path, typer.Option("--cases", help="CSV with text and article_id.")]
LearnOption = Annotated[
    Path | None,
    typer.Option("--learn", help="CSV like --cases: questions confirmed by operators beforehand."),
]
NoiseOption = Annotated[
    float, typer.Option("--learn-noise", min=0, max=1, help="Share of --learn rows that get a wrong article.")
]
FailuresOption = Annotated[
    Path | None, typer.Option("--failures", help="Write every failure to this CSV file.")
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", help="Write an HTML report with figures, charts and failures.")
]
AgainstOption = Annotated[
    Path | None, typer.Option("--against", help="Settings file to compare with on the same rows.")
]


@app.command()
def intents(
    train: Annotated[Path, typer.Option(help="CSV with text and intent to train on.")],
    test: Annotated[Path | None, typer.Option(help="CSV with text and intent to test on.")] = None,
    oos_label: Annotated[str | None, typer.Option(help="The intent that means “out of scope”.")] = None,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Number of folds to cross-validate on --train, without --test.")
    ] = None,
    shots: Annotated[int | None, typer.Option(min=1, help="Number of training rows per intent.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="With --shots: number of random draws.")] = 1,
    failures: FailuresOption = None,
    report: ReportOption = None,
    against: AgainstOption = None,
    seed: SeedOption = 0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train the intent classifier and evaluate it on other rows."""
    from evaluation import Split, read_intents, warnings_of_test, warnings_of_training
    from evaluation.splits import few_shots, stratified_folds
    from sufler.settings import load_settings

    if (test is None) == (folds is None):
        fail("evaluate intents needs either --test or --folds")
    if shots is not None and folds is not None:
        fail("--shots needs --test, not --folds")
    if repeats > 1 and (shots is None or against is not None):
        fail("--repeats is for --shots, and not together with --against: compare one training with another")
    shown.check_writable(failures, report)
    settings = load_settings(config)
    train_rows, test_rows = read_intents(train), read_intents(test) if test else []
    warnings = warnings_of_training(train_rows, oos_label=oos_label)
    warnings += warnings_of_test(train_rows, test_rows)
    shown.warn(warnings)
    if folds is not None:
        splits = stratified_folds(train_rows, folds, seed=seed)
    else:
        draws = [few_shots(train_rows, shots, seed=seed + k) if shots else train_rows for k in range(repeats)]
        splits = [Split(train=rows, test=test_rows) for rows in draws]
    other_settings = load_settings(against) if against else None
    result, comparison = _measure_intents(
        splits, settings, other_settings, is_folded=folds is not None, oos_label=oos_label, seed=seed
    )
    counts = {"n_test": result.n_test, "train_seconds": round(result.train_seconds, 3)}
    measured = _Measured(
        metrics=result.metrics,
        counts=counts | ({"repeats": repeats} if repeats > 1 else {}),
        outcomes=result.outcomes,
        failures=result.failures,
        warnings=warnings,
        comparison=comparison,
    )
    _show(measured, against, failures, as_json=as_json)
    if report is not None:
        page = _page(
            "Intents",
            measured,
            against,
            headline=("accuracy", "macro_f1", "in_scope_accuracy", "oos_recall", "ece"),
            groupings={"Worst intents": lambda intent: intent},
            facts=shown.facts(settings, config, {"train": train, "test": test}, seed=str(seed)),
            in_scope=result.in_scope,
        )
        shown.write_report(page, report)


def _measure_intents(
    splits: "Sequence[Split]",
    settings: "Settings",
    other_settings: "Settings | None",
    *,
    is_folded: bool,
    oos_label: str | None,
    seed: int,
) -> "tuple[IntentReport, Comparison | None]":
    """Measure the classifier of the settings, and compare it with the classifier of `other_settings`."""
    from evaluation import compare, evaluate_draws, evaluate_folds
    from evaluation.paired import intent_statistics
    from prompter.models.encoder_factory import build_encoder
    from sufler.benchmarking.adapters import EvaluatedClassifier

    evaluate = evaluate_folds if is_folded else evaluate_draws

    def measure(settings: "Settings", encoder: "Encoder") -> "IntentReport":
        classifier = EvaluatedClassifier(settings, encoder, seed=seed)
        return evaluate(splits, classifier, oos_label=oos_label, seed=seed)

    encoder = with_progress(build_encoder(settings.models))
    result = measure(settings, encoder)
    if other_settings is None:
        return result, None
    theirs = measure(other_settings, encoder_of(other_settings, settings, encoder))
    return result, compare(result.outcomes, theirs.outcomes, intent_statistics(), seed=seed)


@app.command()
def retrieval(
    kb: KbOption,
    cases: CasesOption,
    learn: LearnOption = None,
    learn_noise: NoiseOption = 0.0,
    failures: FailuresOption = None,
    report: ReportOption = None,
    against: AgainstOption = None,
    seed: SeedOption = 0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Evaluate how often the right article is suggested first, and among the first three."""
    from evaluation import compare, retrieval_report
    from evaluation.paired import retrieval_statistics
    from sufler.settings import load_settings

    shown.check_writable(failures, report)
    settings = load_settings(config)
    other_settings = load_settings(against) if against else None
    task = Task.read(kb, cases, learn, learn_noise, seed)
    shown.warn(task.warnings)
    with task.model(settings) as model:
        outcomes = model.outcomes()
        curve = model.learning_curve() if report is not None and task.learned else []
    result = retrieval_report(outcomes, seed=seed)
    comparison = None
    if other_settings is not None:
        with task.model(other_settings, like=model) as rival:
            comparison = compare(outcomes, rival.outcomes(), retrieval_statistics(), seed=seed)
    measured = _Measured(
        metrics=result.metrics,
        counts=task.counts(result.n_cases),
        outcomes=result.outcomes,
        failures=result.failures,
        warnings=task.warnings,
        comparison=comparison,
    )
    _show(measured, against, failures, as_json=as_json, curve=curve)
    if report is not None:
        page = _page(
            "Retrieval",
            measured,
            against,
            headline=("p_at_1", "hit_at_3", "mrr", "ece", "brier"),
            groupings=task.groupings(),
            facts=shown.facts(settings, config, task.files, seed=str(seed), model=model.version),
            curve=curve,
        )
        shown.write_report(page, report)


@app.command()
def selective(
    kb: KbOption,
    cases: CasesOption,
    target: Annotated[
        float, typer.Option(min=0.01, max=0.999, help="Target accuracy of automated replies.")
    ] = 0.9,
    learn: LearnOption = None,
    learn_noise: NoiseOption = 0.0,
    failures: FailuresOption = None,
    report: ReportOption = None,
    against: AgainstOption = None,
    seed: SeedOption = 0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Evaluate coverage and accuracy of automated replies at a target accuracy.

    The threshold comes from the calibrated confidence and, with --learn, from the confirmed rows, each
    asked of an assistant that learned from the others only; never from --cases.
    """
    from evaluation import compare, selective_report
    from evaluation.paired import selective_statistics
    from sufler.settings import load_settings

    shown.check_writable(failures, report)
    settings = load_settings(config)
    other_settings = load_settings(against) if against else None
    task = Task.read(kb, cases, learn, learn_noise, seed)
    shown.warn(task.warnings)
    with task.model(settings) as model:
        threshold = model.threshold(target)
        result = selective_report(model.outcomes(), target=target, threshold=threshold, seed=seed)
        curve = model.learning_curve() if report is not None and task.learned else []
    comparison = None
    if other_settings is not None:
        with task.model(other_settings, like=model) as rival:
            statistics = selective_statistics(threshold, rival.threshold(target))
            comparison = compare(result.outcomes, rival.outcomes(), statistics, seed=seed)
    rounded = None if threshold is None else round(threshold, 4)
    measured = _Measured(
        metrics=result.metrics,
        counts={"target": target, "threshold": rounded, **task.counts(result.n_cases)},
        outcomes=result.outcomes,
        failures=result.failures,
        warnings=task.warnings,
        comparison=comparison,
    )
    _show(measured, against, failures, as_json=as_json, curve=curve)
    if report is not None:
        page = _page(
            f"Selective answering, target {target:g}",
            measured,
            against,
            headline=("coverage", "selective_accuracy", "oos_answered", "aurc", "brier"),
            groupings=task.groupings(),
            facts=shown.facts(settings, config, task.files, seed=str(seed), model=model.version),
            curve=curve,
            threshold=threshold,
            target=target,
        )
        shown.write_report(page, report)


@app.command()
def latency(
    kb: KbOption,
    cases: CasesOption,
    articles: Annotated[int, typer.Option(min=0, help="Add generated articles up to this number.")] = 0,
    clients: Annotated[int, typer.Option(min=1, max=256, help="Number of concurrent clients.")] = 1,
    seed: SeedOption = 0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure time per message, and throughput, memory and start time of a running Sufler."""
    import tempfile

    from evaluation import evaluate_latency, read_cases
    from kb_index.formats import read_articles
    from sufler.benchmarking import latency as measuring
    from sufler.benchmarking.running_server import NotServed
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
        print_json(as_object(metrics, counts))
        return
    print_metrics(metrics, counts)


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """The results that every command shows in the same way."""

    metrics: "Mapping[str, Estimate | None]"
    counts: Mapping[str, Any]
    outcomes: "Sequence[ScoredCase]"
    failures: "Sequence[ScoredCase]"
    warnings: "Sequence[DataWarning]"
    comparison: "Comparison | None"


def _show(
    measured: _Measured,
    against: Path | None,
    failures: Path | None,
    *,
    as_json: bool,
    curve: "Sequence[CurvePoint]" = (),
) -> None:
    from evaluation import write_failures

    if failures is not None:
        write_failures(measured.failures, failures)
    if as_json:
        document = as_object(measured.metrics, measured.counts)
        if measured.warnings:
            document["warnings"] = shown.warnings_as_json(measured.warnings)
        if measured.comparison and against:
            document["against"] = shown.comparison_as_json(measured.comparison, against)
        if curve:
            document["learning_curve"] = [
                {"per_article": point.per_article, "n_learned": point.n_learned}
                | as_object({"p_at_1": point.p_at_1, "hit_at_3": point.hit_at_3}, {})
                for point in curve
            ]
        print_json(document)
        return
    print_metrics(measured.metrics, measured.counts)
    if measured.comparison and against:
        shown.print_comparison(measured.comparison, against)
    shown.print_failures(measured.failures)


def _page(title: str, measured: _Measured, against: Path | None, **more: Any) -> "Page":
    from evaluation.report import Page

    return Page(
        title=title,
        metrics=measured.metrics,
        counts={name: "none" if value is None else str(value) for name, value in measured.counts.items()},
        outcomes=measured.outcomes,
        failed=measured.failures,
        warnings=measured.warnings,
        comparison=measured.comparison,
        against=str(against or ""),
        **more,
    )

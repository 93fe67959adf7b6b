"""The command `sufler finetune`: train the team's own encoder on phrasings and verdicts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sufler.cli.common import CHECK_FAILED, ConfigOption, JsonOption, fail, print_json
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from nlu.contrastive import Target, TrainingQuery
    from nlu.finetuning import Epoch
    from sufler.settings import Settings


def finetune(
    out: Annotated[Path, typer.Option(help="New folder for the model.")],
    base: Annotated[
        str | None,
        typer.Option(help="Folder or hub id of the base model. Default: encoder.model of the settings."),
    ] = None,
    kb: Annotated[
        Path | None, typer.Option(help="Read articles from this file instead of the database.")
    ] = None,
    learn: Annotated[
        Path | None,
        typer.Option(help="With --kb: CSV with text and article_id, questions confirmed by operators."),
    ] = None,
    intents: Annotated[
        Path | None, typer.Option(help="CSV with text and intent, used instead of articles.")
    ] = None,
    epochs: Annotated[
        int, typer.Option(min=1, max=1000, help="Maximum number of passes over all texts.")
    ] = 5,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fine-tune a sentence-transformers model on phrasings and operators' verdicts."""
    from nlu.finetuning import FineTuningOptions, NotBetter, fine_tune
    from sufler.benchmarking import finetuning_data
    from sufler.settings import load_settings

    if learn is not None and kb is None:
        fail("--learn needs --kb, the file whose article ids it names")
    if intents is not None and kb is not None:
        fail("--intents and --kb cannot be combined")
    settings = load_settings(config)
    chosen = finetuning_data.base_model(settings, base)
    targets, asked = _from_intents(intents) if intents else _from_articles(settings, kb, learn)
    try:
        done = fine_tune(
            chosen,
            targets,
            asked,
            out,
            options=FineTuningOptions(epochs=epochs, seed=seed),
            bar=progress_bar,
            progress=_tell,
            threads=settings.encoder.threads,
        )
    except NotBetter as reason:
        fail(str(reason), CHECK_FAILED)
    facts = {
        "folder": str(done.folder),
        "base": chosen,
        "mrr_before": round(done.before.mrr, 4),
        "mrr_after": round(done.after.mrr, 4),
        "p_at_1_before": round(done.before.p_at_1, 4),
        "p_at_1_after": round(done.after.p_at_1, 4),
        "epochs": len(done.epochs),
        "best_epoch": done.best_epoch,
        "n_learned": done.n_learned,
        "n_rejected": done.n_rejected,
        "n_held_out": done.n_held_out,
        "seconds": round(done.seconds, 1),
    }
    if as_json:
        print_json({**facts, "ci": {}})
        return
    for name, value in facts.items():
        typer.echo(f"{name}: {value}")
    typer.echo(f"Use it: encoder: {{kind: sentence-transformers, model: {done.folder}}}")


def _from_intents(path: Path) -> "tuple[list[Target], list[TrainingQuery]]":
    from evaluation import read_intents
    from sufler.benchmarking import finetuning_data

    return finetuning_data.targets_of_intents(read_intents(path)), []


def _from_articles(
    settings: "Settings", kb: Path | None, learn: Path | None
) -> "tuple[list[Target], list[TrainingQuery]]":
    from evaluation import read_cases
    from kb_index.formats import read_articles
    from prompter.labels.from_verdicts import labeled_questions
    from sufler import bootstrap
    from sufler.benchmarking import finetuning_data

    if kb is None:
        with bootstrap.open_store(settings) as store:
            articles = list(bootstrap.build_knowledge_base(store).articles())
            asked = finetuning_data.queries_of_labels(articles, labeled_questions(store))
    else:
        articles = list(read_articles(kb))
        cases = read_cases(learn, known_ids={article.id for article in articles}) if learn else []
        asked = finetuning_data.queries_of_cases(articles, cases)
    return finetuning_data.targets_of_articles(settings, articles), asked


def _tell(epoch: "Epoch") -> None:
    typer.echo(
        f"epoch {epoch.number}: loss {epoch.loss:.3f}, on held-out texts: "
        f"mean reciprocal rank {epoch.figures.mrr:.3f}, first place right {epoch.figures.p_at_1:.1%}",
        err=True,
    )

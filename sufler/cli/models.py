"""The commands `sufler train`, `models`, `promote`, `rollback` and `ask`: model versions and suggestions."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sufler.cli.common import ConfigOption, JsonOption, print_json
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from prompter.domain.model_version import StoredVersion
    from prompter.models.registry import ShownVersion, Versions


def train(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Train the intents from nlu.yml and the knowledge base, and use them at once in every process."""
    from nlu import ProgressEncoder
    from prompter.models.encoder_factory import Encoders, build_encoder
    from prompter.models.version_folders import ModelVersions
    from sufler import bootstrap
    from sufler.settings import load_settings

    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        articles = list(bootstrap.build_knowledge_base(store).articles())
        encoder = ProgressEncoder(build_encoder(settings.models), progress_bar)
        version = ModelVersions(settings.models, store, Encoders(store, given=encoder)).train(articles)
    manifest = version.manifest
    facts = {"version": manifest.id, "created": manifest.created.isoformat(), **manifest.metrics}
    if as_json:
        print_json({**facts, "ci": {}})
        return
    for name, value in facts.items():
        typer.echo(f"{name}: {value}")


def models(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the model versions, newest first: origin, status, and which one is in use."""
    from rich.console import Console
    from rich.table import Table

    from prompter.models.encoder_factory import Encoders
    from prompter.models.version_folders import ModelVersions
    from sufler import bootstrap
    from sufler.settings import load_settings

    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        versions = ModelVersions(settings.models, store, Encoders(store))
        found = [(entry, versions.condition(entry.version)) for entry in versions.record.all()]
    if as_json:
        print_json({"models": [_as_object(entry, condition) for entry, condition in found], "ci": {}})
        return
    if not found:
        typer.echo("No model yet: `sufler train` or the first `sufler run` creates one.")
        return
    table = Table("version", "created", "parent", "status", "used since", "top-suggestion accuracy")
    for entry, condition in found:
        version = entry.version
        row = _as_object(entry, condition)
        table.add_row(
            version.id + (" *" if entry.is_used else ""),
            f"{version.created_at:%Y-%m-%d %H:%M} {version.made.value}",
            version.parent or "–",
            version.state.value + ("" if condition is None else f", {condition}"),
            row["used_since"] or "–",
            "–" if row["p_at_1"] is None else f"{row['p_at_1']:.1%}",
        )
    Console().print(table)


def promote(
    version: Annotated[str, typer.Argument(help="Version id from `sufler models`.")],
    force: Annotated[
        bool,
        typer.Option("--force", help="Activate it even if it was rejected; topics are then tested again."),
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Activate a version in every process, without a restart."""
    _choose(config, as_json, lambda versions: versions.promote(version, None, force=force))


def rollback(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Return to the previous version: model, index, thresholds, calibration and topic states."""
    _choose(config, as_json, lambda versions: versions.roll_back(None))


def _choose(config: Any, as_json: bool, act: "Callable[[Versions], StoredVersion]") -> None:
    from sufler import bootstrap
    from sufler.settings import load_settings

    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        versions = bootstrap.build_versions(settings, store)
        before = versions.current_activation()
        chosen = act(versions)
    if as_json:
        print_json({"version": chosen.id, "before": before.version if before else None, "ci": {}})
    else:
        typer.echo(f"{chosen.id} is now in use" + (f", before it {before.version}." if before else "."))


def _as_object(shown: "ShownVersion", condition: str | None) -> dict[str, Any]:
    version = shown.version
    figures = version.report.figures
    return {
        "version": version.id,
        "created": version.created_at.isoformat(),
        "made": version.made.value,
        "parent": version.parent,
        "state": version.state.value,
        "condition": condition,
        "is_used": shown.is_used,
        "used_since": f"{shown.uses[-1].at:%Y-%m-%d %H:%M}" if shown.is_used else None,
        "p_at_1": figures.p_at_1 if figures else None,
        "refused": version.report.refused,
    }


def ask(
    text: Annotated[str, typer.Argument(help="The customer's question.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the suggestions for a question, their confidence, and who would answer."""
    from sufler import bootstrap
    from sufler.settings import load_settings

    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        assistant = bootstrap.open_assistant(settings, store)
        if not assistant.knowledge.search.articles:
            typer.echo("The knowledge base is empty: sufler kb import FILE, or sufler demo", err=True)
        triage = bootstrap.build_readiness(settings, store).preview(assistant.triage(text))
        titles = bootstrap.build_topics(settings, store).titles()
    if as_json:
        print_json(
            {
                "utterance": triage.utterance,
                "intent": triage.intent,
                "intent_confidence": round(triage.intent_confidence, 4),
                "route": triage.route.value,
                "handoff_reason": triage.handoff_reason.value if triage.handoff_reason else None,
                "suggestions": [
                    {
                        "article_id": suggestion.article_id,
                        "question": suggestion.question,
                        "answer": suggestion.answer,
                        "topic": suggestion.topic,
                        "language": suggestion.language,
                        "similarity": round(suggestion.similarity, 4),
                        "confidence": round(suggestion.confidence, 4),
                    }
                    for suggestion in triage.suggestions
                ],
                "model_version": triage.model_version,
                "ci": {},
            }
        )
        return
    reason = f" ({triage.handoff_reason.value})" if triage.handoff_reason else ""
    typer.echo(f"{triage.route.value}{reason}")
    if triage.intent:
        typer.echo(f"intent {triage.intent}, {triage.intent_confidence:.0%}")
    for rank, suggestion in enumerate(triage.suggestions, start=1):
        title = titles.title(suggestion.topic, titles.language)
        topic = f"{suggestion.topic}: {title}" if title else suggestion.topic
        typer.echo(
            f"\n{rank}. {suggestion.confidence:.0%}  {suggestion.question}"
            f"  [{suggestion.article_id}, {topic}]"
        )
        typer.echo(f"   {suggestion.answer}")

"""sufler train, sufler ask: model versions, and what they say."""

from typing import Annotated

import typer

from sufler.cli.common import ConfigOption, JsonOption, print_json
from sufler.cli.progress import progress_bar


def train(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Learn the intents from nlu.yml and the knowledge base, and use them from the next start on."""
    from nlu import ProgressEncoder
    from sufler import bootstrap, engines
    from sufler.settings import load_settings

    settings = load_settings(config)
    encoder = ProgressEncoder(engines.build_encoder(settings), progress_bar)
    with bootstrap.open_store(settings) as store:
        articles = list(bootstrap.build_knowledge_base(store).articles())
    manifest = engines.train(settings, articles, encoder, settings.data_dir / "models")
    facts = {"version": manifest.id, "created": manifest.created.isoformat(), **manifest.metrics}
    if as_json:
        print_json({**facts, "ci": {}})
        return
    for name, value in facts.items():
        typer.echo(f"{name}: {value}")


def ask(
    text: Annotated[str, typer.Argument(help="What a customer writes.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what would be suggested, how sure we are, who should answer and why."""
    from sufler import bootstrap
    from sufler.settings import load_settings

    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        assistant = bootstrap.open_assistant(settings, store)
        if not assistant.knowledge.search.articles:
            typer.echo("The knowledge base is empty: sufler kb import FILE, or sufler demo", err=True)
        triage = bootstrap.build_readiness(settings, store).preview(assistant.triage(text))
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
                        "article_id": one.article_id,
                        "question": one.question,
                        "answer": one.answer,
                        "topic": one.topic,
                        "language": one.language,
                        "similarity": round(one.similarity, 4),
                        "confidence": round(one.confidence, 4),
                    }
                    for one in triage.suggestions
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
    for rank, one in enumerate(triage.suggestions, start=1):
        typer.echo(f"\n{rank}. {one.confidence:.0%}  {one.question}  [{one.article_id}, {one.topic}]")
        typer.echo(f"   {one.answer}")

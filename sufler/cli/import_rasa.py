"""The command `sufler import-rasa`: import an existing Rasa project."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sufler.cli.common import ConfigOption, JsonOption, print_json
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from kb_index.formats.rasa_project import KeepReason, KeptIntent, RasaProject
    from prompter.knowledge.article_import import ImportReport


def import_rasa(
    folder: Annotated[
        Path, typer.Argument(help="Folder of a Rasa project: domain, NLU data, rules, stories.", exists=True)
    ],
    language: Annotated[
        str | None, typer.Option(help="Language of all articles. Default: guessed from each question.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Only report what would be imported.")] = False,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            help="An action or slot that only keeps books: an answer beside it counts as fixed. Repeatable.",
            show_default=False,
        ),
    ] = None,
    domain: Annotated[
        list[Path] | None,
        typer.Option(help="Domain file or folder, as for rasa train. Default: domain.yml, else domain/."),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="Training data, as for rasa train. Default: data/, or the folder itself without one."
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn intents with a single answer into articles. The report says what stays in Rasa, and why."""
    from kb_index.formats.rasa_project import read_project
    from prompter.text.template_fields import template_fields
    from sufler import bootstrap
    from sufler.settings import load_settings

    settings = load_settings(config)
    project = read_project(
        folder,
        known_fields=template_fields(settings.templates),
        default_language=language,
        ignored=ignore or (),
        domain=domain or (),
        data=data or (),
    )
    report = None
    if not dry_run and project.articles:
        with bootstrap.open_store(settings) as store:
            knowledge = bootstrap.build_knowledge_base(store)
            report = knowledge.import_articles(project.articles, changed_by="import-rasa")
            bootstrap.embed_articles(settings, store, progress_bar)
    if as_json:
        print_json(_as_json(project, report))
    else:
        for line in _lines(project, report):
            typer.echo(line)


def _as_json(project: "RasaProject", report: "ImportReport | None") -> dict[str, Any]:
    topic_of = {article.id: article.topic for article in project.articles}
    return {
        "added": report.added if report else 0,
        "changed": report.changed if report else 0,
        "unchanged": report.unchanged if report else 0,
        "articles": [
            {"intent": intent, "article_id": id_, "topic": topic_of[id_]}
            for intent, id_ in project.moved.items()
        ],
        "kept": [
            {
                "intent": kept_intent.intent,
                "reason": kept_intent.reason.value,
                "detail": kept_intent.detail,
                "answer": kept_intent.answer,
                "ignore": list(kept_intent.ignore),
            }
            for kept_intent in project.kept
        ],
        "counts": dict(project.counts),
        "warnings": list(project.warnings),
    }


def _lines(project: "RasaProject", report: "ImportReport | None") -> list[str]:
    lines = [f"warning: {warning}" for warning in project.warnings]
    lines.append(f"{len(project.articles)} intents become articles:")
    lines += [f"  {article.topic}: {_on_one_line(article.question)}" for article in project.articles]
    if project.kept:
        lines.append(f"{len(project.kept)} intents stay in Rasa:")
        lines += [
            f"  {kept_intent.intent}: {_explain(kept_intent.reason)}"
            f"{f' ({kept_intent.detail})' if kept_intent.detail else ''}{_way_over(kept_intent)}"
            for kept_intent in project.kept
        ]
    rest = ", ".join(f"{count} {kind}" for kind, count in project.counts.items())
    if rest:
        lines.append(f"Rasa keeps using {rest}.")
    if report is not None:
        lines.append(f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged.")
    return lines


def _way_over(kept: "KeptIntent") -> str:
    """Return how to make an article of an intent whose answer is fixed all the same."""
    if not kept.answer:
        return ""
    options = " ".join(f"--ignore {name}" for name in kept.ignore)
    advice = f"if the rest sends customers nothing, take it over with {options}"
    return f"; has a fixed answer ({kept.answer}): {advice}"


def _on_one_line(question: str) -> str:
    return " ".join(question.split())[:70]


def _explain(reason: "KeepReason") -> str:
    return {
        "form": "starts a form",
        "action": "calls an action",
        "slot": "fills in a slot",
        "story": "what follows depends on the conversation",
        "channel": "its answers depend on the channel, and none is for Telegram or for all",
        "flow": "triggers a CALM flow",
        "fields": "its answer has fields that only Rasa fills in",
        "unanswered": "no response with a text follows it",
        "out_of_scope": "stands for what no article answers",
        "no_examples": "has no examples",
    }[reason.value]

"""The commands `sufler kb …`: maintain the knowledge base."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sufler.cli import import_report
from sufler.cli.common import BAD_INPUT, CHECK_FAILED, ConfigOption, JsonOption, fail, pluralize, print_json
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from prompter.domain.topic import TopicTitles
    from prompter.knowledge.topics import Topic

app = typer.Typer(no_args_is_help=True, help="The knowledge base: import, export, check, titles of topics.")


@app.command("import")
def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="CSV, TSV, XLSX, JSON, JSONL, Markdown, HTML or Rasa YAML files, or the folder of a Rasa"
            " project."
        ),
    ],
    language: Annotated[
        str | None,
        typer.Option(help="Language of articles that name none. Default: guessed from the question."),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            help='Which column holds a field: "question=Вопрос клиента,answer=3", by name, number or letter.'
            " Can be repeated. Nothing behind = passes the field over."
        ),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of text files. Default: found out, and told.")
    ] = None,
    include_hidden: Annotated[
        bool, typer.Option(help="Read hidden sheets and rows of workbooks, too.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Only report what would become of the files.")] = False,
    skip_bad_rows: Annotated[
        bool, typer.Option(help="Import the rows without problems. Default: all rows or none.")
    ] = False,
    keep_edited: Annotated[
        bool, typer.Option(help="Leave articles alone that were edited on a page since their last import.")
    ] = False,
    archive_missing: Annotated[
        bool, typer.Option(help="Archive articles that an earlier import of these files brought.")
    ] = False,
    replaces: Annotated[
        list[str] | None, typer.Option(help="Name of an earlier file that these files replace.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import articles: new ids are added, known ones updated. All files are imported, or none."""
    from kb_index.formats import ReadOptions, count_hint
    from prompter.knowledge import file_import
    from sufler import bootstrap
    from sufler.settings import load_settings

    settings = load_settings(config)
    options = ReadOptions(
        default_language=language,
        columns=_columns(columns or []),
        encoding=encoding,
        include_hidden=include_hidden,
    )
    # Read everything before the database is touched, so that an invalid row is found before a lock is taken.
    with progress_bar("Reading", sum(count_hint(path) or 0 for path in files) or None) as advance:
        inspected = file_import.inspect_files(files, options, progress=advance)
    for line in import_report.warnings(inspected):
        typer.echo(f"sufler: {line}", err=True)
    for line in import_report.problems(inspected):
        typer.echo(f"sufler: {line}", err=True)
    is_bad = inspected.n_problems > 0 and not (
        skip_bad_rows and inspected.are_complete and inspected.n_articles
    )
    if is_bad and not dry_run:
        if inspected.n_problems > 1:
            advice = "; --skip-bad-rows imports the other rows" if inspected.are_complete else ""
            fail(f"{inspected.n_problems} problems, so nothing was imported{advice}")
        raise typer.Exit(BAD_INPUT)
    with bootstrap.open_store(settings) as store:
        knowledge = bootstrap.build_knowledge_base(store)
        with progress_bar("Comparing" if dry_run else "Storing", inspected.n_articles) as advance:
            report = file_import.import_files(
                knowledge,
                inspected,
                changed_by="kb import",
                dry_run=dry_run,
                keep_edited=keep_edited,
                archive_missing=archive_missing,
                replaced=replaces or [],
                progress=advance,
            )
        if not dry_run:
            bootstrap.embed_articles(settings, store, progress_bar)
    if as_json:
        print_json(import_report.as_json(inspected, report, dry_run=dry_run))
    else:
        if dry_run:
            for line in import_report.file_lines(inspected):
                typer.echo(line)
        for line in import_report.report_lines(
            report, dry_run=dry_run, keep_edited=keep_edited, archive_missing=archive_missing
        ):
            typer.echo(line)
        if dry_run and is_bad:
            count = pluralize(inspected.n_problems, "problem")
            typer.echo(f"{count}: as it is, nothing would be imported.", err=True)
    if is_bad:
        raise typer.Exit(CHECK_FAILED)


def _columns(texts: Sequence[str]) -> dict[str, str]:
    from kb_index.formats.columns import parse_columns

    try:
        return dict(pair for text in texts for pair in parse_columns(text))
    except ValueError as error:
        fail(f"--columns: {error}")


@app.command("export")
def export_file(
    file: Path,
    format: Annotated[  # noqa: A002 - the option is called --format
        str | None, typer.Option(help="csv, xlsx, json, jsonl or rasa. Default: by the file's extension.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Export every article, in order of topic and question, to a file that `kb import` can read."""
    from kb_index.formats import Format, format_of, write_articles
    from sufler import bootstrap
    from sufler.settings import load_settings

    if format is not None and format not in set(Format):
        fail(f"--format {format}: use one of {', '.join(Format)}")
    with bootstrap.open_store(load_settings(config)) as store:
        articles = bootstrap.build_knowledge_base(store).articles_by_topic()
        write_articles(articles, file, format=Format(format) if format else format_of(file))
    typer.echo(f"Wrote {file}.", err=True)


@app.command()
def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List near-duplicates, conflicting and empty answers, unknown template fields and markup in answers."""
    from kb_index.checks import check as check_articles
    from prompter.text.template_fields import template_fields
    from sufler import bootstrap
    from sufler.settings import load_settings

    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        articles = list(bootstrap.build_knowledge_base(store).articles())
    problems = check_articles(articles, known_fields=template_fields(settings.templates))
    if as_json:
        print_json(
            {
                "problems": [
                    {
                        "kind": problem.kind.value,
                        "articles": list(problem.article_ids),
                        "message": problem.message,
                    }
                    for problem in problems
                ]
            }
        )
    else:
        for problem in problems:
            typer.echo(f"{problem.kind.value.replace('_', ' ')}: {problem.message}")
        if not articles:
            typer.echo("No articles.", err=True)
        elif problems:
            typer.echo(f"{pluralize(len(problems), 'problem')} found.", err=True)
        else:
            typer.echo("No problems found.", err=True)
    if problems:
        raise typer.Exit(CHECK_FAILED)


@app.command("topics")
def name_topics(
    topic: Annotated[str | None, typer.Argument(help="Only this topic, by its id.")] = None,
    title: Annotated[
        list[str] | None,
        typer.Option(help='ru="Доставка" sets the title in Russian, ru= takes it away; can be repeated.'),
    ] = None,
    from_file: Annotated[
        Path | None,
        typer.Option("--import", help="Set the titles of a CSV file with the columns topic, ru, en, …"),
    ] = None,
    to_file: Annotated[Path | None, typer.Option("--export", help="Write such a file.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the topics or change their titles. Ids stay as they are."""
    from prompter.knowledge.topic_files import read_titles, write_titles
    from sufler import bootstrap
    from sufler.settings import load_settings

    if title and topic is None:
        fail("--title needs the id of a topic: sufler kb topics delivery --title en=Delivery")
    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        topics = bootstrap.build_topics(settings, store)
        if from_file is not None:
            topics.change_titles(read_titles(from_file))
        if title and topic is not None:
            topics.change_titles({topic: dict(map(_language_and_title, title))})
        found = [entry for entry in topics.all() if topic in (None, entry.id)]
        titles = topics.titles()
    if topic is not None and not found and not title:
        fail(f"there is no topic {topic}")
    if to_file is not None:
        write_titles(found, to_file)
        typer.echo(f"Wrote {to_file}.", err=True)
    elif as_json:
        print_json(
            {
                "topics": [
                    {"id": entry.id, "titles": entry.titles, "articles": entry.n_articles} for entry in found
                ]
            }
        )
    else:
        _print_topics(found, titles)


def _language_and_title(text: str) -> tuple[str, str]:
    language, equals, title = text.partition("=")
    if not equals:
        fail(f'--title {text}: say the language, too, as in ru="{text}"')
    return language.strip(), title


def _print_topics(topics: "Sequence[Topic]", titles: "TopicTitles") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("topic", "title", "other languages", "articles")
    for topic in topics:
        other_titles = (f"{code}: {title}" for code, title in topic.titles.items() if code != titles.language)
        label = titles.label(topic.id, titles.language)
        table.add_row(escape(topic.id), escape(label), escape(", ".join(other_titles)), str(topic.n_articles))
    Console().print(table)

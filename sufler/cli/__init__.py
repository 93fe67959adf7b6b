"""Which commands does Sufler have?

One module per group of commands, with heavy imports inside the commands.

    serving, database, users                demo, run, migrate, user
    kb, models, learn, history, finetune    kb, train, ask, models, promote, rollback, learn, finetune
    readiness, evaluation                   readiness, autopilot, evaluate
    rasa, import_rasa                       rasa, import-rasa
    import_report                           what kb import prints
    common, progress, renamed_flags         shared options, progress, old names of flags
"""

import sys

import typer

from sufler.cli import database, finetune, import_rasa, kb, learn, models, rasa, readiness, serving, users
from sufler.cli.common import BAD_INPUT
from sufler.cli.evaluation import command as evaluate
from sufler.cli.renamed_flags import with_new_names

app = typer.Typer(
    name="sufler",
    help="A trainable FAQ bot that starts by suggesting answers to operators.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command()(serving.demo)
app.command()(serving.run)
app.add_typer(kb.app, name="kb")
app.command()(database.migrate)
app.command()(models.train)
app.command()(learn.learn)
app.command()(models.models)
app.command()(models.promote)
app.command()(models.rollback)
app.command()(models.ask)
app.command()(finetune.finetune)
app.command()(readiness.readiness)
app.add_typer(readiness.app, name="autopilot")
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(users.app, name="user")
app.command()(import_rasa.import_rasa)
app.add_typer(rasa.app, name="rasa")


def main() -> None:
    """Run the command line. An error that a user can fix is shown as one line, with status 2."""
    if "--help" not in sys.argv:  # help logs nothing
        from sufler.logs import configure_logs

        configure_logs()
    try:
        app(with_new_names(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if not isinstance(error, _errors_of_users()):
            raise
        typer.echo(f"sufler: {' '.join(str(error).split())}", err=True)
        sys.exit(BAD_INPUT)


def _errors_of_users() -> tuple[type[Exception], ...]:
    """Return the errors whose message says what to do. Their packages are imported only after an error."""
    from evaluation.errors import EvaluationError
    from files import BadFile
    from kb_index.errors import KbIndexError
    from nlu.errors import NluError
    from prompter.common.errors import Conflict, PrompterError
    from sufler.errors import BadConfig
    from sufler.rasa.environment import NoRasa

    return (
        BadConfig,
        BadFile,
        Conflict,
        EvaluationError,
        KbIndexError,
        NluError,
        NoRasa,
        OSError,
        PrompterError,
    )

"""The command line: one module per group of commands, heavy imports inside the commands."""

import sys

import typer

from sufler.cli import database, finetune, kb, learn, models, rasa, readiness, serving, users
from sufler.cli import (
    import_rasa as moving_in,
)
from sufler.cli.common import BAD_INPUT
from sufler.cli.evaluation import command as evaluate

app = typer.Typer(
    name="sufler",
    help="A trainable FAQ bot that starts as a prompter for the operators.",
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
app.command()(moving_in.import_rasa)
app.add_typer(rasa.app, name="rasa")


def main() -> None:
    """Run the command line; an error that a user can mend becomes one line and status 2."""
    from evaluation.errors import EvaluationError
    from files import BadFile
    from kb_index.errors import KbIndexError
    from nlu.errors import NluError
    from prompter.common.errors import PrompterError
    from prompter.storage import Conflict
    from sufler.errors import BadConfig
    from sufler.logs import configure_logs
    from sufler.rasa.environment import NoRasa

    configure_logs()
    try:
        app()
    except (
        BadConfig,
        EvaluationError,
        BadFile,
        KbIndexError,
        NluError,
        NoRasa,
        PrompterError,
        Conflict,
        OSError,
    ) as error:
        typer.echo(f"sufler: {' '.join(str(error).split())}", err=True)
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        sys.exit(130)

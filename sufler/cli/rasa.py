"""The commands `sufler rasa …`: run Rasa in its own environment, on the same settings and training data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sufler.cli.common import ConfigOption, fail

if TYPE_CHECKING:
    from sufler.rasa.environment import RasaEnvironment, RasaProject

app = typer.Typer(no_args_is_help=True, help="Rasa: multi-turn dialogues in a separate environment.")

_FOLDER = Path(".venv-rasa")
ProjectOption = Annotated[
    Path | None,
    typer.Option(
        "--project",
        help="Your own Rasa project (config.yml, domain, data/, endpoints.yml) instead of Sufler's.",
        show_default=False,
        exists=True,
        file_okay=False,
    ),
]
_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command()
def setup(
    python: Annotated[Path | None, typer.Option(help="Path of Python 3.10. Default: search for it.")] = None,
    skip_if_unavailable: Annotated[
        bool, typer.Option(help="Without Python 3.10, print a note and exit with status 0.")
    ] = False,
) -> None:
    """Install Rasa 3.6 into .venv-rasa from the lock file (two minutes, 2.7 GB)."""
    from sufler.rasa.environment import NoRasa, RasaEnvironment, check_python, find_python

    environment = RasaEnvironment(folder=_FOLDER)
    if environment.is_complete():
        typer.echo(f"{_FOLDER} is complete.", err=True)
        return
    try:
        chosen = check_python(python) if python else find_python()
    except NoRasa as error:
        if not skip_if_unavailable:
            raise
        typer.echo(f"Skipped: {error}", err=True)
        return
    typer.echo(f"Installing Rasa 3.6 into {_FOLDER} with {chosen} …", err=True)
    environment.set_up(chosen)
    typer.echo(f"{_FOLDER} is complete.", err=True)


@app.command(context_settings=_PASSED_ON)
def validate(
    context: typer.Context, config: ConfigOption = None, project_folder: ProjectOption = None
) -> None:
    """Validate domain, stories and rules. Warnings count as errors."""
    environment, project = _parts(config, project_folder)
    environment.run(
        project, ["data", "validate", "--fail-on-warnings", *_project_flags(project), *context.args]
    )


@app.command(context_settings=_PASSED_ON)
def train(context: typer.Context, config: ConfigOption = None, project_folder: ProjectOption = None) -> None:
    """Train a Rasa model. It uses Sufler's sentence embeddings while Sufler is running."""
    environment, project = _parts(config, project_folder, with_token=True)
    environment.run(project, ["train", *_project_flags(project), "--out", str(project.models), *context.args])


@app.command("test", context_settings=_PASSED_ON)
def measure(
    context: typer.Context,
    part: Annotated[str, typer.Argument(help="nlu (by cross-validation) or core (on test stories).")],
    config: ConfigOption = None,
    project_folder: ProjectOption = None,
) -> None:
    """Evaluate Rasa: `test nlu` or `test core --stories FOLDER`."""
    from sufler.rasa.environment import newest_model

    environment, project = _parts(config, project_folder, with_token=True)
    match part:
        case "nlu":
            nlu, recipe = str(project.data), str(project.config)
            flags = ["--cross-validation", "--nlu", nlu, "--config", recipe]
        case "core":
            flags = ["--model", str(newest_model(project.models))]
        case _:
            fail(f"sufler rasa test {part}: use nlu or core")
    environment.run(project, ["test", part, *flags, "--out", str(project.home / "results"), *context.args])


@app.command(context_settings=_PASSED_ON)
def shell(context: typer.Context, config: ConfigOption = None, project_folder: ProjectOption = None) -> None:
    """Talk to the trained model in the terminal. Its actions need a running Sufler."""
    from sufler.rasa.environment import newest_model

    environment, project = _parts(config, project_folder, with_token=True)
    model = str(newest_model(project.models))
    endpoints = ["--endpoints", str(project.endpoints)]
    environment.run(project, ["shell", "--model", model, *endpoints, *context.args])


@app.command(context_settings=_PASSED_ON)
def run(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1 that Rasa listens on.")
    ] = 5005,
    config: ConfigOption = None,
    project_folder: ProjectOption = None,
) -> None:
    """Serve the trained model to Sufler. Rasa has no passwords, so it listens on this machine only."""
    from sufler.rasa.environment import check_port, newest_model

    environment, project = _parts(config, project_folder, with_token=True)
    model = str(newest_model(project.models))
    check_port(port)
    faces = ["--endpoints", str(project.endpoints)]
    faces += ["--credentials", str(project.credentials)]
    served = ["--enable-api", "--model", model, "--interface", "127.0.0.1", "--port", str(port)]
    environment.run(project, ["run", *served, *faces, *context.args])


def _parts(
    config: Path | None, folder: Path | None, *, with_token: bool = False
) -> "tuple[RasaEnvironment, RasaProject]":
    from sufler import resources
    from sufler.rasa.environment import RasaEnvironment, RasaProject
    from sufler.rasa.token import rasa_variables
    from sufler.settings import load_settings

    if folder is not None and config is None:
        config = folder / "config.yml"
    settings = load_settings(config)
    config = (config or resources.default_config()).resolve()
    training_data, home = settings.training_data_dir.resolve(), (settings.data_dir / "rasa").resolve()
    if folder is None:
        project = RasaProject.of_training_data(training_data, config=config, home=home)
    else:
        shipped = resources.training_data()
        project = RasaProject.of_folder(folder.resolve(), shipped=shipped, config=config, home=home)
    variables = rasa_variables(settings, with_token=with_token)
    return RasaEnvironment(folder=_FOLDER.resolve(), variables=variables), project


def _project_flags(project: "RasaProject") -> list[str]:
    flags = {"--domain": project.domain, "--data": project.data, "--config": project.config}
    return [text for flag, path in flags.items() for text in (flag, str(path))]

"""Build Rasa's own environment, and start Rasa in it.

Rasa 3.6 needs Python 3.10 and its own pinned dependencies, so it never shares an environment with Sufler.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Self

from sufler.settings import config_document

_PACKAGE = Path(__file__).parents[2] / "nlu"
_LOCK = _PACKAGE / "rasa" / "environment.txt"
_COMPLETE = "complete"  # a file with the lock's text, written once everything is installed
_RECIPE = ("recipe", "assistant_id", "language", "pipeline", "policies")
_SECONDS = 20  # for a Python to print its version
QUIETLY = {
    "RASA_TELEMETRY_ENABLED": "false",  # nothing is sent out, including Sentry's error reports
    "PYTHONWARNINGS": "ignore::DeprecationWarning",  # Rasa's dependencies raise many of them
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}


class NoRasa(Exception):
    """Rasa cannot be set up or started. The message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class RasaProject:
    """The files that Rasa reads, and the folder for its output."""

    config: Path
    domain: Path
    data: Path
    endpoints: Path
    credentials: Path
    home: Path  # for models, results and cache

    @classmethod
    def of_training_data(cls, folder: Path, *, config: Path, home: Path) -> Self:
        """Return the project in a folder with all files beside nlu.yml, as in the shipped training data."""
        return cls(
            config=config,
            domain=folder / "domain.yml",
            data=folder,
            endpoints=folder / "endpoints.yml",
            credentials=folder / "credentials.yml",
            home=home,
        )

    @classmethod
    def of_folder(cls, folder: Path, *, shipped: Path, config: Path, home: Path) -> Self:
        """Return a project as `rasa init` lays it out. Missing endpoints or credentials come from `shipped`.

        Raises:
            NoRasa: when it has no domain or no data.
        """

        def find_existing(*names: str) -> Path | None:
            return next((folder / name for name in names if (folder / name).exists()), None)

        domain, data = find_existing("domain.yml", "domain.yaml", "domain"), find_existing("data")
        if domain is None or data is None:
            lacks = "domain.yml or domain/" if domain is None else "data/"
            raise NoRasa(f"{folder}: has no {lacks}, so it is not a Rasa project")
        return cls(
            config=config,
            domain=domain,
            data=data,
            endpoints=find_existing("endpoints.yml") or shipped / "endpoints.yml",
            credentials=find_existing("credentials.yml") or shipped / "credentials.yml",
            home=home,
        )

    @property
    def models(self) -> Path:
        return self.home / "models"


@dataclass(frozen=True, kw_only=True)
class RasaEnvironment:
    """A virtual environment with Rasa, in `folder`."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)  # for Rasa, including a token

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def is_complete(self) -> bool:
        """Tell whether everything in the current lock file has been installed."""
        try:
            return (self.folder / _COMPLETE).read_text(encoding="utf-8") == _LOCK.read_text(encoding="utf-8")
        except OSError:
            return False

    def set_up(self, python: Path) -> None:
        """Build the environment with the given Python 3.10 from the lock file. This takes minutes.

        Raises:
            NoRasa: when a package cannot be installed. The previous environment is gone then, and the next
                setup starts from scratch.
        """
        (self.folder / _COMPLETE).unlink(missing_ok=True)
        steps: list[list[str | Path]] = [
            [python, "-m", "venv", "--clear", self.folder],
            [
                *(self.python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"),
                *("--require-hashes", "--no-deps", "--requirement", _LOCK),
            ],
        ]
        for step in steps:
            done = subprocess.run(step, stdout=sys.stderr, check=False)  # noqa: S603 - our own arguments
            if done.returncode:
                raise NoRasa(f"Rasa could not be installed into {self.folder}: see what pip says above")
        (self.folder / _COMPLETE).write_text(_LOCK.read_text(encoding="utf-8"), encoding="utf-8")

    def run(self, project: RasaProject, arguments: Sequence[str]) -> NoReturn:
        """Replace this process by Rasa with these arguments.

        Raises:
            NoRasa: when the environment is not set up.
        """
        if not self.is_complete():
            raise NoRasa(f"there is no complete Rasa environment in {self.folder}: run sufler rasa setup")
        _check_recipe(project.config)
        project.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        command = [str(self.python), "-m", "rasa", *arguments]
        # Without the XDG folders of a desktop, so that Rasa's own home is used.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        environment = inherited | self._variables(project)
        os.umask(0o077)  # Rasa stores customers' messages in a file, which must be private to its owner
        if os.name == "nt":  # a process cannot be replaced there
            done = subprocess.run(command, env=environment, check=False)  # noqa: S603
            sys.exit(done.returncode)
        os.execve(command[0], command, environment)  # noqa: S606

    def _variables(self, project: RasaProject) -> dict[str, str]:
        """Return the environment variables for Rasa.

        Rasa gets its own home. It writes an id for its usage reports there, even if it sends none, and its
        libraries write settings and lists of fonts.
        """
        home = str(project.home)
        return {
            **QUIETLY,
            "HOME": home,
            "USERPROFILE": home,  # the home on Windows
            # A library of Rasa takes the surrounding folder for its own repository and calls git.
            "GIT_CEILING_DIRECTORIES": str(self.folder.resolve()),
            "RASA_CACHE_DIRECTORY": str(project.home / "cache"),
            "PYTHONPATH": str(_components(project.home)),
            **self.variables,
        }


def check_port(port: int) -> None:
    """Check that the port is free.

    Raises:
        NoRasa: when the port is taken.
    """
    with socket.socket() as trial:
        if os.name == "posix":
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            raise NoRasa(f"port {port} cannot be used: {error.strerror}; name another one: --port") from None


def newest_model(models: Path) -> Path:
    """Return the model that was trained last.

    Raises:
        NoRasa: when there is no model.
    """
    found = sorted(models.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime_ns)
    if not found:
        raise NoRasa(f"there is no trained model in {models}: run sufler rasa train")
    return found[-1]


def find_python() -> Path:
    """Find the first Python 3.10 that really runs, as a shim of that name may exist and fail.

    Raises:
        NoRasa: when there is no such Python.
    """
    for candidate in _candidates():
        if _is_right(candidate):
            return candidate
    raise NoRasa(
        "Rasa needs Python 3.10, and none runs here: install it (apt install python3.10, pyenv install 3.10, "
        "uv python install 3.10) or name one with --python. Sufler itself does not need it."
    )


def check_python(python: Path) -> Path:
    """Return the given Python after checking that it is a 3.10.

    Raises:
        NoRasa: when it has another version, or does not run.
    """
    if not _is_right(python):
        raise NoRasa(f"{python} is not a working Python 3.10: Rasa needs one")
    return python


def _candidates() -> Iterator[Path]:
    if on_path := shutil.which("python3.10"):
        yield Path(on_path)
    yield from sorted(Path("~/.pyenv/versions").expanduser().glob("3.10*/bin/python"), reverse=True)
    if uv := shutil.which("uv"):
        yield from (Path(line) for line in _output_of(uv, "python", "find", "3.10").splitlines()[:1])


def _is_right(python: Path) -> bool:
    return _output_of(str(python), "-V").startswith("Python 3.10.")


def _output_of(*command: str) -> str:
    """Return the output of a command, or nothing if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _check_recipe(config: Path) -> None:
    """Check that no key is missing: Rasa would write it into the file and drop all comments."""
    document = config_document(config) or {}
    missing = [key for key in _RECIPE if not document.get(key)]
    if missing:
        raise NoRasa(f"{config}: {', '.join(missing)}: Rasa needs it; see the config.yml shipped with Sufler")


def _components(home: Path) -> Path:
    """Copy the components that Rasa imports, as packages for another Python may be in the same folder."""
    folder = home / "components"
    (folder / "nlu").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_PACKAGE / "__init__.py", folder / "nlu" / "__init__.py")
    shutil.copytree(
        _PACKAGE / "rasa",
        folder / "nlu" / "rasa",
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__", "*.txt"),
    )
    return folder

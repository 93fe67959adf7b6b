"""How do the parts become one program?

The composition root: settings are read and parts are chosen only here.

    settings, renamed_settings, errors         config.yml and environment variables; old names of settings
    resources                                  the shipped config.yml and training data
    bootstrap                                  builds services, models, faces and processes from the settings
    serve, health, logs, learning_scheduler    loops, signals, readiness of a process, nightly learning
    private_files, installation_secret         modes of our files; the secret of this installation
    cli, rasa, benchmarking                    commands; Rasa; measurements from outside
"""

import os
from importlib.metadata import PackageNotFoundError, version

# The libraries for the index, learning and linear algebra each bring their own OpenMP. Its threads would
# spin while they wait, and take the cores from one another and from the encoder. The libraries read this
# once, when they are loaded, so it is set before all imports.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

try:
    __version__ = version("sufler-bot")
except PackageNotFoundError:  # a checkout that was not installed
    __version__ = "0"

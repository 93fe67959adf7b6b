"""Sufler: a trainable FAQ bot that starts as a prompter for the operators."""

import os
from importlib.metadata import PackageNotFoundError, version

# Index, learning and linear algebra each bring an OpenMP of their own, whose threads would spin while they
# wait and take the cores from one another and from the encoder. Libraries read this once, when they are
# loaded, so it stands before all imports.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

try:
    __version__ = version("sufler-bot")
except PackageNotFoundError:  # a checkout that was not installed
    __version__ = "0"

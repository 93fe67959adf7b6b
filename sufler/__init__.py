"""Sufler: a trainable FAQ bot that starts as a prompter for the operators."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("sufler-bot")
except PackageNotFoundError:  # a checkout that was not installed
    __version__ = "0"

"""The paths of the shipped config.yml and training_data, in the wheel or at the root of a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def _shipped_path(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.exists() else _PACKAGE.parent / name


def default_config() -> Path:
    return _shipped_path("config.yml")


def training_data() -> Path:
    return _shipped_path("training_data")

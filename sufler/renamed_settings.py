"""Renamed settings. Their old names work for one release."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from sufler.errors import BadConfig

RENAMED_SECTIONS = {"lots": "sampling"}


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """The setting that replaces an old one. `convert` converts the old value into the new value."""

    name: str
    convert: Callable[[Any], Any] = lambda value: value


def _negative(value: Any) -> float:
    return 0.0 - float(value)


RENAMED_SETTINGS = {  # by section, under its current name
    "autopilot": {
        "operator_stays_minutes": Renamed(name="operator_hold_minutes"),
        "most_in_a_row": Renamed(name="max_consecutive_answers"),
        "most_in_a_dialogue": Renamed(name="max_dialogue_answers"),
    },
    "classifier": {
        "turned_away": Renamed(name="false_rejection_rate"),
        "most_examples": Renamed(name="max_examples"),
        "most_per_topic": Renamed(name="max_per_topic"),
    },
    "confidence": {
        "on_lead": Renamed(name="weight_lead"),
        "on_vote": Renamed(name="weight_vote"),
        "on_in_scope": Renamed(name="weight_in_scope"),
        "on_phrasings": Renamed(name="weight_phrasings"),
    },
    "database": {"request_patience_seconds": Renamed(name="request_timeout_seconds")},
    "delivery": {
        "most_attempts": Renamed(name="max_attempts"),
        "at_once": Renamed(name="max_concurrency"),
    },
    "dialogue": {
        "patience_seconds": Renamed(name="engine_timeout_seconds"),
        "timeout_seconds": Renamed(name="action_timeout_seconds"),
        "own_actions": Renamed(name="custom_action_url"),
    },
    "encoder": {
        "longest_text": Renamed(name="max_text_length"),
        "spread": Renamed(name="scale"),
    },
    "encoder.parts": {"spread": Renamed(name="scale")},
    "learning": {
        "least_new": Renamed(name="min_new_decisions"),
        "test_share": Renamed(name="holdout_share"),
        "worst_difference": Renamed(name="noninferiority_margin", convert=_negative),
    },
    "sampling": {
        "second_collecting": Renamed(name="double_review_collecting"),
        "second_later": Renamed(name="double_review_later"),
        "audit_at_first": Renamed(name="audit_initial"),
        "audit_later": Renamed(name="audit_final"),
        "audits_to_halve": Renamed(name="audit_half_life"),
    },
    "search": {
        "on_question": Renamed(name="weight_question"),
        "on_passage": Renamed(name="weight_passage"),
        "on_words": Renamed(name="weight_words"),
        "on_characters": Renamed(name="weight_characters"),
        "on_language": Renamed(name="weight_language"),
        "on_votes": Renamed(name="weight_votes"),
        "on_likeness": Renamed(name="weight_lda"),
        "longest_answer": Renamed(name="max_answer_length"),
        "most_postings": Renamed(name="max_postings"),
        "ranked_closely": Renamed(name="rerank_top_k"),
    },
    "turns": {
        "quiet_seconds": Renamed(name="debounce_seconds"),
        "longest_seconds": Renamed(name="max_seconds"),
        "longest_message": Renamed(name="max_message_length"),
    },
    "web": {"largest_body": Renamed(name="max_body_bytes")},
}


def with_new_names(settings: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return a tree of settings by their current names, and report each new name once.

    Raises:
        BadConfig: when a setting is given under both names, or its value cannot be converted.
    """
    renamed: dict[str, Any] = {}
    for old, value in settings.items():
        name = RENAMED_SECTIONS.get(old, old)
        if name != old:
            if name in settings:
                raise _duplicate_error(source, old, name)
            tell(source, old, name)
        renamed[name] = _rename_section(value, name, written=old, source=source)
    return renamed


def with_new_variables(variables: Mapping[str, str | None], prefix: str) -> dict[str, str | None]:
    """Return environment variables by their current names, and report each new name once.

    Raises:
        BadConfig: when a setting is given under both names, or its value cannot be converted.
    """
    prefix, source = prefix.lower(), "environment"
    renamed: dict[str, str | None] = {}
    for old, value in variables.items():
        section, *keys = old.lower().removeprefix(prefix).split("__")
        new_section = RENAMED_SECTIONS.get(section, section)
        setting = RENAMED_SETTINGS.get(new_section, {}).get(keys[0]) if len(keys) == 1 else None
        if not old.lower().startswith(prefix) or (setting is None and new_section == section):
            renamed[old] = value
            continue
        new = prefix + "__".join((new_section, *([setting.name] if setting else keys)))
        if new in variables:
            raise _duplicate_error(source, old.upper(), new.upper())
        tell(source, old.upper(), new.upper())
        renamed[new] = str(_convert(setting, value, f"{source}: {old.upper()}")) if setting else value
    return renamed


def suggestion(path: str) -> str:
    """Return advice for an unknown setting whose name resembles a renamed one, or an empty string.

    >>> suggestion("web.larges_body")
    ', did you mean web.max_body_bytes?'
    >>> suggestion("web.colour")
    ''
    """
    names = RENAMED_SECTIONS | {
        f"{section}.{old}": f"{section}.{new.name}"
        for section, settings in RENAMED_SETTINGS.items()
        for old, new in settings.items()
    }
    same_section = [name for name in names if name.rpartition(".")[0] == path.rpartition(".")[0]]
    close = get_close_matches(path, same_section, n=1, cutoff=0.85)
    return f", did you mean {names[close[0]]}?" if close else ""


def _rename_section(values: Any, section: str, *, written: str, source: str) -> Any:
    """Rename the settings of a section or of each section in a list. `written` is its name in the source."""
    if isinstance(values, list):
        return [_rename_section(value, section, written=written, source=source) for value in values]
    if not isinstance(values, dict):
        return values
    settings = RENAMED_SETTINGS.get(section, {})
    result: dict[Any, Any] = {}
    for key, value in values.items():
        setting = settings.get(key)
        if setting is None:
            below = f"{section}.{key}"
            nested = below in RENAMED_SETTINGS
            result[key] = _rename_section(value, below, written=below, source=source) if nested else value
            continue
        old, new = f"{written}.{key}", f"{section}.{setting.name}"
        if setting.name in values:
            raise _duplicate_error(source, old, new)
        tell(source, old, new)
        result[setting.name] = _convert(setting, value, f"{source}: {old}")
    return result


def _convert(setting: Renamed, value: Any, place: str) -> Any:
    try:
        return setting.convert(value)
    except (TypeError, ValueError):
        raise BadConfig(f"{place}: must be a number") from None


def _duplicate_error(source: str, old: str, new: str) -> BadConfig:
    return BadConfig(f"{source}: {old} and {new} are both given: {old} is called {new} now, remove it")


@cache  # a process reads its settings several times
def tell(source: str, old: str, new: str) -> None:
    sys.stderr.write(f"sufler: {source}: {old} is called {new} now\n")

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
class Replacement:
    """The setting that replaces an old one. `convert` converts the old value into the new value."""

    name: str
    convert: Callable[[Any], Any] = lambda value: value


def _negative(value: Any) -> float:
    return 0.0 - float(value)


RENAMED_SETTINGS = {  # by section, under its current name
    "autopilot": {
        "operator_stays_minutes": Replacement(name="operator_hold_minutes"),
        "most_in_a_row": Replacement(name="max_consecutive_answers"),
        "most_in_a_dialogue": Replacement(name="max_dialogue_answers"),
    },
    "classifier": {
        "turned_away": Replacement(name="false_rejection_rate"),
        "most_examples": Replacement(name="max_examples"),
        "most_per_topic": Replacement(name="max_per_topic"),
    },
    "confidence": {
        "on_lead": Replacement(name="weight_lead"),
        "on_vote": Replacement(name="weight_vote"),
        "on_in_scope": Replacement(name="weight_in_scope"),
        "on_phrasings": Replacement(name="weight_phrasings"),
    },
    "database": {"request_patience_seconds": Replacement(name="request_timeout_seconds")},
    "delivery": {
        "most_attempts": Replacement(name="max_attempts"),
        "at_once": Replacement(name="max_concurrency"),
    },
    "dialogue": {
        "patience_seconds": Replacement(name="engine_timeout_seconds"),
        "timeout_seconds": Replacement(name="action_timeout_seconds"),
        "own_actions": Replacement(name="custom_action_url"),
    },
    "encoder": {
        "longest_text": Replacement(name="max_text_length"),
        "spread": Replacement(name="scale"),
    },
    "encoder.parts": {"spread": Replacement(name="scale")},
    "learning": {
        "least_new": Replacement(name="min_new_decisions"),
        "test_share": Replacement(name="holdout_share"),
        "worst_difference": Replacement(name="noninferiority_margin", convert=_negative),
    },
    "sampling": {
        "second_collecting": Replacement(name="double_review_collecting"),
        "second_later": Replacement(name="double_review_later"),
        "audit_at_first": Replacement(name="audit_initial"),
        "audit_later": Replacement(name="audit_final"),
        "audits_to_halve": Replacement(name="audit_half_life"),
    },
    "search": {
        "on_question": Replacement(name="weight_question"),
        "on_passage": Replacement(name="weight_passage"),
        "on_words": Replacement(name="weight_words"),
        "on_characters": Replacement(name="weight_characters"),
        "on_language": Replacement(name="weight_language"),
        "on_votes": Replacement(name="weight_votes"),
        "on_likeness": Replacement(name="weight_lda"),
        "longest_answer": Replacement(name="max_answer_length"),
        "most_postings": Replacement(name="max_postings"),
        "ranked_closely": Replacement(name="rerank_top_k"),
    },
    "turns": {
        "quiet_seconds": Replacement(name="debounce_seconds"),
        "longest_seconds": Replacement(name="max_seconds"),
        "longest_message": Replacement(name="max_message_length"),
    },
    "web": {"largest_body": Replacement(name="max_body_bytes")},
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


def _convert(setting: Replacement, value: Any, place: str) -> Any:
    try:
        return setting.convert(value)
    except (TypeError, ValueError):
        raise BadConfig(f"{place}: must be a number") from None


def _duplicate_error(source: str, old: str, new: str) -> BadConfig:
    return BadConfig(f"{source}: {old} and {new} are both given: {old} is called {new} now, remove it")


@cache  # a process reads its settings several times
def tell(source: str, old: str, new: str) -> None:
    sys.stderr.write(f"sufler: {source}: {old} is called {new} now\n")

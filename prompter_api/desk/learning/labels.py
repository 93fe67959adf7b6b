"""What the pages say about learning and model versions."""

from collections.abc import Mapping
from typing import Any

from babel.numbers import format_decimal

from prompter.domain.job import JobState, StoredJob
from prompter.domain.model_version import ActivationReason, Origin, VersionState
from prompter.models.registry import CannotUse, NothingBefore
from prompter_api.desk.readiness.labels import share
from prompter_api.desk.ui.labels import N_
from prompter_api.locale import Translations

MADE = {
    Origin.FIRST: N_("the first one"),
    Origin.SETTINGS: N_("the settings were changed"),
    Origin.TRAIN: N_("trained by hand"),
    Origin.LEARN: N_("learned from decisions"),
}
STATES = {
    VersionState.CANDIDATE: N_("not measured"),
    VersionState.SHADOW: N_("in the shadow"),
    VersionState.REFUSED: N_("refused"),
    VersionState.PASSED: N_("may answer"),
    VersionState.PRUNED: N_("removed"),
}
REASONS = {
    ActivationReason.FIRST: N_("the first one"),
    ActivationReason.SETTINGS: N_("the settings were changed"),
    ActivationReason.TRAIN: N_("trained by hand"),
    ActivationReason.GATE: N_("measured, and not worse"),
    ActivationReason.PROMOTED: N_("chosen by hand"),
    ActivationReason.ROLLBACK: N_("gone back to"),
    ActivationReason.DAMAGED: N_("the one before was damaged"),
}
REFUSED = {
    "pinned": N_("A pinned question would be answered wrong."),
    "worse": N_("It may be worse than the version that answers."),
    "topic": N_("A topic that answers alone would give more wrong answers."),
    "damaged": N_("Its files are damaged."),
}
STEPS = {
    "": N_("beginning"),
    "reading": N_("reading the decisions"),
    "opening": N_("opening the index"),
    "encoding": N_("reading new texts"),
    "checking": N_("comparing operators with each other"),
    "learning": N_("learning"),
    "measuring": N_("measuring both versions"),
    "proposing": N_("looking for what the knowledge base lacks"),
}


def job(found: StoredJob, t: Translations) -> str:
    """How it stands with learning, in a sentence."""
    match found.state:
        case JobState.WAITING:
            return t.gettext("Learning begins in a moment.")
        case JobState.RUNNING:
            step = t.gettext(STEPS.get(found.step, found.step))
            if found.total:
                return t.gettext("Learning: {step}, {done} of {total}.").format(
                    step=step, done=min(found.done, found.total), total=found.total
                )
            return t.gettext("Learning: {step}.").format(step=step)
        case JobState.FAILED:
            return t.gettext("Learning broke off, and nothing has changed: {problem}").format(
                problem=found.problem or "?"
            )
        case JobState.DONE:
            return outcome(found.outcome or {}, t)


def outcome(outcome_facts: Mapping[str, Any], t: Translations) -> str:
    """What came of it."""
    new, learned = outcome_facts.get("n_new", 0), outcome_facts.get("n_learned", 0)
    match outcome_facts.get("result"):
        case "promoted":
            text = t.gettext("Learned from {new} new decisions: a new version answers.").format(new=new)
        case "refused":
            why = t.gettext(REFUSED[str(outcome_facts.get("refused"))])
            text = t.gettext("What was learned from {new} new decisions is not used. {why}").format(
                new=new, why=why
            )
        case "shadow":
            text = t.gettext("Learned from {new} new decisions: a new version triages unseen.").format(
                new=new
            )
        case "overtaken":
            text = t.gettext("What was learned is not used: another version came into use meanwhile.")
        case _ if learned:
            text = t.gettext("Nothing new in {new} decisions since the last time.").format(new=new)
        case _:
            text = t.gettext("{new} decisions since the last time: too few to learn from.").format(new=new)
    flagged = outcome_facts.get("flagged_operators") or []
    if flagged:
        text += " " + t.gettext("Not learned from, as they contradict everybody else: {names}.").format(
            names=", ".join(map(str, flagged))
        )
    return text


def measured(report: Mapping[str, Any], t: Translations, language: str) -> tuple[str, str]:
    """The share of right first suggestions, and the difference to the version before with its interval."""
    figures = report.get("figures") or {}
    right, difference, interval = (figures.get(key) for key in ("p_at_1", "difference", "interval"))
    if right is None or difference is None or interval is None:
        return "—", t.gettext("not measured")
    low, high = interval
    outcome_facts = t.gettext("{difference} points ({low} to {high})").format(
        difference=points(difference, language), low=points(low, language), high=points(high, language)
    )
    return share(right, language), outcome_facts


def points(difference: float, language: str) -> str:
    """A difference of shares in percentage points, with its sign."""
    text: str = format_decimal(abs(100 * difference), "0.0", locale=language)
    return f"{'−' if difference < 0 else '+'}{text}"


def refusal(error: Exception, t: Translations) -> str:
    """Why a version does not answer now."""
    match error:
        case NothingBefore():
            return t.gettext("No other version was in use before this one.")
        case CannotUse():
            return t.gettext("This version cannot be used: {reason}").format(reason=error)
        case _:
            return t.gettext("Somebody else was faster: look again.")

"""Texts of the pages about learning and model versions."""

from babel.numbers import format_decimal

from prompter.domain.gate_record import GateRecord
from prompter.domain.job import JobState, StoredJob
from prompter.domain.learning_outcome import LearningOutcome, Result
from prompter.domain.model_version import ActivationReason, Origin, VersionState
from prompter.models.registry import CannotUse, NothingBefore
from prompter.text.translations import N_, Translations
from prompter_api.desk.readiness.labels import share

MADE = {
    Origin.FIRST: N_("first version"),
    Origin.SETTINGS: N_("settings changed"),
    Origin.TRAIN: N_("trained manually"),
    Origin.LEARN: N_("trained on decisions"),
}
STATES = {
    VersionState.CANDIDATE: N_("not evaluated"),
    VersionState.SHADOW: N_("shadow mode"),
    VersionState.REFUSED: N_("rejected"),
    VersionState.PASSED: N_("approved"),
    VersionState.PRUNED: N_("removed"),
}
REASONS = {
    ActivationReason.FIRST: N_("first version"),
    ActivationReason.SETTINGS: N_("settings changed"),
    ActivationReason.TRAIN: N_("trained manually"),
    ActivationReason.GATE: N_("proven not worse"),
    ActivationReason.PROMOTED: N_("activated manually"),
    ActivationReason.ROLLBACK: N_("rolled back to"),
    ActivationReason.DAMAGED: N_("previous version damaged"),
}
REFUSED = {
    "pinned": N_("A pinned question would get a wrong answer."),
    "worse": N_("It may be worse than the version in use."),
    "topic": N_("A topic on autopilot would give more wrong answers."),
    "damaged": N_("Its files are damaged."),
}
STEPS = {
    "": N_("starting"),
    "reading": N_("reading the decisions"),
    "opening": N_("loading the index"),
    "encoding": N_("encoding new texts"),
    "checking": N_("checking the agreement of operators"),
    "learning": N_("training the model"),
    "measuring": N_("comparing both versions"),
    "proposing": N_("looking for gaps in the knowledge base"),
}


def job(found: StoredJob, t: Translations) -> str:
    """Return the state of a learning job as a sentence."""
    match found.state:
        case JobState.WAITING:
            return t.gettext("Learning starts in a moment.")
        case JobState.RUNNING:
            step = t.gettext(STEPS.get(found.step, found.step))
            if found.total:
                return t.gettext("Learning: {step}, {done} of {total}.").format(
                    step=step, done=min(found.done, found.total), total=found.total
                )
            return t.gettext("Learning: {step}.").format(step=step)
        case JobState.FAILED:
            return t.gettext("Learning failed, nothing has changed: {problem}").format(
                problem=found.problem or "?"
            )
        case JobState.DONE:
            return outcome(found.outcome or LearningOutcome(), t)


def outcome(said: LearningOutcome, t: Translations) -> str:
    """Return the outcome of a learning run as text."""
    new = said.n_new
    match said.result:
        case Result.PROMOTED:
            text = t.gettext("New decisions learned: {new}. A new version is in use.").format(new=new)
        case Result.REFUSED:
            why = t.gettext(REFUSED[str(said.refused)])
            text = t.gettext("New decisions: {new}. The version trained on them is not used. {why}").format(
                new=new, why=why
            )
        case Result.SHADOW:
            text = t.gettext("New decisions learned: {new}. The new version runs in shadow mode.").format(
                new=new
            )
        case Result.OVERTAKEN:
            text = t.gettext("The new version is not used: another version was activated in the meantime.")
        case _ if said.n_learned:
            text = t.gettext("Decisions since the last run: {new}. Nothing new in them.").format(new=new)
        case _:
            text = t.gettext("Decisions since the last run: {new}. Too few to learn from.").format(new=new)
    if said.flagged_operators:
        text += " " + t.gettext(
            "Excluded because their verdicts contradict everybody else's: {names}."
        ).format(names=", ".join(said.flagged_operators))
    return text


def accuracy_and_difference(report: GateRecord, t: Translations, language: str) -> tuple[str, str]:
    """Return the accuracy, and its difference from the previous version with the interval."""
    figures = report.figures
    if figures is None or figures.p_at_1 is None or figures.difference is None or figures.interval is None:
        return "—", t.gettext("not evaluated")
    low, high = figures.interval
    difference = t.gettext("{difference} points ({low} to {high})").format(
        difference=points(figures.difference, language),
        low=points(low, language),
        high=points(high, language),
    )
    return share(figures.p_at_1, language), difference


def points(difference: float, language: str) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    text: str = format_decimal(abs(100 * difference), "0.0", locale=language)
    return f"{'−' if difference < 0 else '+'}{text}"


def refusal(error: Exception, t: Translations) -> str:
    """Return the reason why a version could not be activated."""
    match error:
        case NothingBefore():
            return t.gettext("No other version was in use before this one.")
        case CannotUse():
            return t.gettext("This version cannot be used: {reason}").format(reason=error)
        case _:
            return t.gettext("A colleague has just changed this. Please check again.")

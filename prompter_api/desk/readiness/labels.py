"""What the pages of supervisors call states, figures and events."""

from collections.abc import Sequence
from math import ceil, floor

from babel.numbers import format_decimal

from evaluation.readiness import Interval, Step, threshold_passed
from prompter.common.errors import Forbidden, NotFound, PrompterError
from prompter.domain.readiness import Mode, ReadinessChangeFacts, ReadinessEvent, ReadinessState
from prompter.readiness.ledger import JudgementMode
from prompter.readiness.topic_readiness import NotReady, TopicReadiness
from prompter.storage import Conflict
from prompter_api.desk.ui.labels import N_, TopicLabel
from prompter_api.locale import Translations

STATES = {
    ReadinessState.COLLECTING: N_("collecting"),
    ReadinessState.READY: N_("ready"),
    ReadinessState.AUTOPILOT: N_("answers alone"),
    ReadinessState.DEMOTED: N_("recalled"),
    ReadinessState.HELD: N_("stopped"),
}
MARKS = {  # how a state is coloured
    ReadinessState.COLLECTING: "mark--plain",
    ReadinessState.READY: "mark--others",
    ReadinessState.AUTOPILOT: "mark--high",
    ReadinessState.DEMOTED: "mark--urgent",
    ReadinessState.HELD: "mark--middle",
}
HOW_JUDGED = {
    JudgementMode.BLIND: N_("blind"),
    JudgementMode.SECOND: N_("second look"),
    JudgementMode.AUDIT: N_("audit"),
    JudgementMode.SHOWN: N_("suggestion shown"),
}


def share(value: float, language: str, *, down: bool = False) -> str:
    """A share as a percentage. `down`: never more than it is, so that 89.97 does not look like 90."""
    return f"{_number(value, language, down=down)}\u00a0%"


def _number(value: float, language: str, *, down: bool = False) -> str:
    percent = 100 * min(1.0, max(0.0, value))
    tenths = floor(10 * percent + 1e-6) / 10 if down else round(percent, 1)
    return str(format_decimal(tenths, "0.#", locale=language))


def between(low: float, high: float, language: str) -> str:
    """An interval, as wide as it is or wider."""
    highest = ceil(1000 * high - 1e-6) / 1000
    return f"{_number(low, language, down=True)}–{share(highest, language)}"


def members(found: TopicReadiness, topic: TopicLabel, t: Translations) -> str:
    """What a group is made of, and what is shown about it."""
    text = t.gettext("A group of: {topics}. What is shown holds for their questions together.")
    lines = [text.format(topics=", ".join(map(topic, found.topics)))]
    if found.left_out:
        text = t.gettext("Left out, as they are below the bar by themselves: {topics}.")
        lines.append(text.format(topics=", ".join(map(topic, found.left_out))))
    return " ".join(lines)


def status_text(found: TopicReadiness, t: Translations, language: str) -> str:
    """What a state means, in a few words."""
    from_ = "" if found.threshold is None else from_confidence(found.threshold, t, language)
    may = "" if found.passed is None else from_confidence(found.passed, t, language)
    wider = found.threshold is not None and found.passed is not None and found.passed < found.threshold
    match found.state:
        case ReadinessState.AUTOPILOT if found.mode is Mode.SHADOW:
            return t.gettext("allowed, but everything is only measured: operators answer")
        case ReadinessState.AUTOPILOT:
            return t.gettext("{from_}; it may {may}").format(from_=from_, may=may) if wider else from_
        case ReadinessState.READY if found.mode is Mode.SHADOW:
            return t.gettext("it may, but is only measured: operators answer")
        case ReadinessState.READY:
            return t.gettext("may answer {from_}, it waits for your word").format(from_=may)
        case ReadinessState.DEMOTED:
            return t.gettext("it slipped: operators answer, and it is tested anew")
        case ReadinessState.HELD:
            return t.gettext("until it is allowed again operators answer")
        case _ if found.mode is Mode.SHADOW:
            return t.gettext("only measured: operators answer")
        case _:
            return t.gettext("operators answer, evidence comes in")


def course(step: Step, t: Translations) -> str:
    """How far a test is."""
    if step.passed_after is not None:
        return t.gettext("done")
    if step.estimate is None:
        return t.gettext("nothing judged yet")
    if step.more_labels is None:
        return t.gettext("not on course")
    many = t.ngettext("about {count} more judged turn", "about {count} more judged turns", step.more_labels)
    return many.format(count=step.more_labels)


def days(found: TopicReadiness, t: Translations) -> str:
    """How long that takes at today's traffic; empty where there is nothing to say."""
    left, more = found.days_to_go, found.last.step.more_labels
    if not more:
        return ""
    if left is None:
        return t.gettext("nothing is being judged at the moment")
    whole = max(1, round(left))
    text = t.ngettext("{count} day at today's traffic", "{count} days at today's traffic", whole)
    return text.format(count=whole)


def surely(interval: Interval | None, t: Translations, language: str) -> str:
    """Where the true share lies; empty for no turn."""
    if interval is None:
        return ""
    return t.gettext("surely {interval}").format(interval=between(interval.low, interval.high, language))


def from_confidence(threshold: float, t: Translations, language: str) -> str:
    """Which answers are meant, as a part of a sentence."""
    return t.gettext("from a confidence of {share} on").format(share=share(threshold, language))


def at_least_as_sure(threshold: float, t: Translations, language: str) -> str:
    """Which answers are meant, standing alone."""
    return t.gettext("confidence ≥\u00a0{share}").format(share=share(threshold, language))


def what_if(steps: Sequence[Step], when: str, t: Translations, language: str) -> list[str]:
    """What a test would say with another bar; `when` the turn came in that passed the first step."""
    first, last = steps[0], steps[-1]
    if first.passed_after is None:
        text = t.gettext("It would not have passed yet: {course}.")
        return [text.format(course=course(first, t))]
    text = t.gettext("It would have passed with turn {number} ({when}), {from_}.")
    lines = [
        text.format(number=first.passed_after, when=when, from_=from_confidence(first.threshold, t, language))
    ]
    passed = threshold_passed(steps)
    if passed is not None and passed != first.threshold:
        text = t.gettext("By now it could answer {from_}.")
        lines.append(text.format(from_=from_confidence(passed, t, language)))
    if last.passed_after is None:
        lines.append(_next(last, t, language))
    return lines


def next_step(found: TopicReadiness, t: Translations, language: str) -> str:
    """What is tested next, where something has passed; else empty."""
    last = found.last.step
    return _next(last, t, language) if found.proved and last.passed_after is None else ""


def _next(step: Step, t: Translations, language: str) -> str:
    text = t.gettext("Next, confidence ≥\u00a0{share}: {course}")
    return text.format(share=share(step.threshold, language), course=course(step, t))


def turns(step: Step, t: Translations) -> str:
    return t.ngettext("{count} turn", "{count} turns", step.n_turns).format(count=step.n_turns)


def by_lot(step: Step, t: Translations) -> str:
    """How many of the turns were judged by lot."""
    return t.gettext("{count} by lot").format(count=step.n_by_lot)


def audits(found: TopicReadiness, t: Translations) -> str:
    """What came of the answers that it gave alone; empty where none was judged."""
    if not found.audited:
        return ""
    return t.gettext("audits: {right} of {all} right").format(right=found.audited_right, all=found.audited)


def why_not(step: Step, bar: float, t: Translations, language: str) -> str:
    """Why a topic may not answer alone yet."""
    if step.estimate is None:
        return t.gettext("Not yet: no turn has been judged.")
    if step.more_labels is None:
        text = t.gettext("Not yet: {share} of the judged turns were right, and the bar is {bar}.")
        return text.format(share=share(step.estimate, language), bar=share(bar, language))
    text = t.ngettext(
        "Not yet: if it goes on like this, about {count} more turn has to be judged.",
        "Not yet: if it goes on like this, about {count} more turns have to be judged.",
        step.more_labels,
    )
    return text.format(count=step.more_labels)


def refusal(error: PrompterError | Conflict, bar: float, t: Translations, language: str) -> str:
    """What to tell a supervisor whose wish was refused."""
    match error:
        case NotReady():
            return why_not(error.step, bar, t, language)
        case Conflict():
            return t.gettext("This topic has just changed: look again.")
        case NotFound():
            return t.gettext("There is no such topic, or it has no evidence yet.")
        case Forbidden():
            return t.gettext("Your account may not do that.")
        case _:
            return t.gettext("This was refused: {reason}").format(reason=error)


def happened(event: ReadinessEvent, topic: TopicLabel, t: Translations, language: str) -> str:
    """An event as a sentence."""
    facts = event.facts
    from_ = _from(facts.answers_from, t, language)
    match event.reason:
        case "proved" if event.state is ReadinessState.AUTOPILOT:
            return t.gettext("The evidence suffices: it answers alone{from_}.").format(from_=from_)
        case "proved":
            from_ = _from(facts.passed, t, language)
            return t.gettext("The evidence suffices: it may answer alone{from_}.").format(from_=from_)
        case "allowed":
            return t.gettext("Allowed: it answers alone{from_}.").format(from_=from_)
        case "widened":
            return t.gettext("Less sure answers have passed too: it answers alone{from_}.").format(
                from_=from_
            )
        case "narrowed":
            return t.gettext("With the new settings less has passed: it answers alone{from_}.").format(
                from_=from_
            )
        case "not_proved":
            return t.gettext("With the new settings the evidence does not suffice: operators answer.")
        case "left_out":
            return t.gettext("Below the bar by themselves and left out of the group: {topics}.").format(
                topics=", ".join(map(topic, facts.topics)) or "—"
            )
        case "slipped":
            return _slipped(facts, t)
        case "stopped":
            return t.gettext("Stopped: operators answer until it is allowed again.")
        case "switched_off":
            return t.gettext("Only measured from now on: operators answer.")
        case "new_model":
            return t.gettext("The bot has a new model ({model}): it is tested anew.").format(
                model=facts.model or "?"
            )
        case "new_version":
            return _new_version(facts, t)
        case "rolled_back":
            return t.gettext("The last model version was taken back: the topic stands where it stood before.")
        case _:
            return event.reason


def _new_version(facts: ReadinessChangeFacts, t: Translations) -> str:
    """A version that was measured to be no worse answers on."""
    changed = facts.changed
    if not changed:
        return t.gettext("A new model version answers: measured, and no answer has changed.")
    text = t.ngettext(
        "A new model version answers: measured, and {changed} answer has changed, which is audited more.",
        "A new model version answers: measured, and {changed} answers have changed, which are audited more.",
        changed,
    )
    return text.format(changed=changed)


def _slipped(facts: ReadinessChangeFacts, t: Translations) -> str:
    wrong, audited = facts.audited_wrong, facts.audited
    text = t.ngettext(
        "Taken back: {wrong} of {audited} audited answers was wrong. It is tested anew.",
        "Taken back: {wrong} of {audited} audited answers were wrong. It is tested anew.",
        wrong,
    )
    return text.format(wrong=wrong, audited=audited)


def _from(threshold: float | None, t: Translations, language: str) -> str:
    """With a blank before it, to stand in a sentence; empty where nobody knows."""
    if threshold is None:
        return ""
    return " " + from_confidence(threshold, t, language)


def by_whom(event: ReadinessEvent, t: Translations) -> str:
    return event.account_name or t.gettext("by itself")

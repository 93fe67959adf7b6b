"""Texts of the supervisors' pages for states, figures and events."""

from collections.abc import Sequence
from math import ceil, floor

from babel.numbers import format_decimal

from evaluation.readiness import Interval, Step, passed_threshold
from prompter.common.errors import Forbidden, NotFound, PrompterError
from prompter.domain.readiness import Mode, ReadinessChangeFacts, ReadinessEvent, ReadinessState
from prompter.readiness.ledger import JudgementMode
from prompter.readiness.topic_readiness import NotReady, TopicReadiness
from prompter.storage import Conflict
from prompter.text.translations import N_, Translations
from prompter_api.desk.ui.labels import TopicLabel

STATES = {
    ReadinessState.COLLECTING: N_("collecting data"),
    ReadinessState.READY: N_("ready"),
    ReadinessState.AUTOPILOT: N_("autopilot on"),
    ReadinessState.DEMOTED: N_("autopilot off"),
    ReadinessState.HELD: N_("paused"),
}
MARKS = {  # the colour of each state
    ReadinessState.COLLECTING: "mark--plain",
    ReadinessState.READY: "mark--others",
    ReadinessState.AUTOPILOT: "mark--high",
    ReadinessState.DEMOTED: "mark--urgent",
    ReadinessState.HELD: "mark--middle",
}
HOW_JUDGED = {
    JudgementMode.BLIND: N_("without suggestion"),
    JudgementMode.SECOND: N_("second review"),
    JudgementMode.AUDIT: N_("audit"),
    JudgementMode.SHOWN: N_("with suggestion"),
}


def share(value: float, language: str, *, down: bool = False) -> str:
    """Return a share as a percentage. `down` rounds down, so that 89.97 does not look like 90."""
    return f"{_number(value, language, down=down)}\u00a0%"


def _number(value: float, language: str, *, down: bool = False) -> str:
    percent = 100 * min(1.0, max(0.0, value))
    tenths = floor(10 * percent + 1e-6) / 10 if down else round(percent, 1)
    return str(format_decimal(tenths, "0.#", locale=language))


def interval_text(low: float, high: float, language: str) -> str:
    """Return an interval, rounded outwards."""
    highest = ceil(1000 * high - 1e-6) / 1000
    return f"{_number(low, language, down=True)}–{share(highest, language)}"


def members(found: TopicReadiness, topic: TopicLabel, t: Translations) -> str:
    """Describe a group's topics and its figures."""
    text = t.gettext("Group of topics: {topics}. The figures are for all of them together.")
    lines = [text.format(topics=", ".join(map(topic, found.topics)))]
    if found.left_out:
        text = t.gettext("Excluded because their own accuracy is below the target: {topics}.")
        lines.append(text.format(topics=", ".join(map(topic, found.left_out))))
    return " ".join(lines)


def status_text(found: TopicReadiness, t: Translations, language: str) -> str:
    """Describe a state in a few words, or return an empty text if its name says everything."""
    from_ = "" if found.threshold is None else from_confidence(found.threshold, t, language)
    may = "" if found.passed is None else from_confidence(found.passed, t, language)
    wider = found.threshold is not None and found.passed is not None and found.passed < found.threshold
    match found.state:
        case ReadinessState.DEMOTED:
            return t.gettext("accuracy dropped: operators answer, the topic is being tested again")
        case ReadinessState.HELD:
            return t.gettext("operators answer until autopilot is turned on again")
        case _ if found.mode is Mode.SHADOW:
            return t.gettext("observing only: operators answer")
        case ReadinessState.AUTOPILOT:
            return (
                t.gettext("{from_}; can be extended: {may}").format(from_=from_, may=may) if wider else from_
            )
        case ReadinessState.READY:
            return t.gettext("can be turned on {from_}").format(from_=may)
        case _:
            return ""  # most topics most of the time, for which the name of the state suffices


def course(step: Step, t: Translations) -> str:
    """Describe the progress of a test."""
    if step.passed_after is not None:
        return t.gettext("done")
    if step.estimate is None:
        return t.gettext("no data yet")
    if step.more_labels is None:
        return t.gettext("accuracy too low")
    many = t.ngettext(
        "about {count} more judged question", "about {count} more judged questions", step.more_labels
    )
    return many.format(count=step.more_labels)


def days(found: TopicReadiness, t: Translations) -> str:
    """Return the days left at the current volume, or an empty text if there is nothing to say."""
    days_left, more = found.days_to_go, found.last.step.more_labels
    if not more:
        return ""
    if days_left is None:
        return t.gettext("no questions are being judged at the moment")
    whole = max(1, round(days_left))
    text = t.ngettext("{count} day at the current volume", "{count} days at the current volume", whole)
    return text.format(count=whole)


def true_share(interval: Interval | None, t: Translations, language: str) -> str:
    """Return the interval of the true share, or an empty text if it says nothing."""
    if interval is None or (interval.low <= 0 and interval.high >= 1):
        return ""
    return t.gettext("within {interval}").format(
        interval=interval_text(interval.low, interval.high, language)
    )


def from_confidence(threshold: float, t: Translations, language: str) -> str:
    """Return the confidence from which answers are meant, as part of a sentence."""
    return t.gettext("at confidence {share} or higher").format(share=share(threshold, language))


def min_confidence(threshold: float, t: Translations, language: str) -> str:
    """Return the confidence from which answers are meant, as a text of its own."""
    return t.gettext("confidence ≥\u00a0{share}").format(share=share(threshold, language))


def hypothetical_test(steps: Sequence[Step], when: str, t: Translations, language: str) -> list[str]:
    """Describe the test with another bar. `when` is the time of the turn that passed the first step."""
    first, last = steps[0], steps[-1]
    if first.passed_after is None:
        text = t.gettext("It would not have passed yet: {course}.")
        return [text.format(course=course(first, t))]
    text = t.gettext("It would have passed at question no. {number} ({when}), {from_}.")
    lines = [
        text.format(number=first.passed_after, when=when, from_=from_confidence(first.threshold, t, language))
    ]
    passed = passed_threshold(steps)
    if passed is not None and passed != first.threshold:
        text = t.gettext("By now, autopilot could be on {from_}.")
        lines.append(text.format(from_=from_confidence(passed, t, language)))
    if last.passed_after is None:
        lines.append(_next(last, t, language))
    return lines


def next_step(found: TopicReadiness, t: Translations, language: str) -> str:
    """Return the step that is tested next, or an empty text if none has passed or none is left."""
    last = found.last.step
    return _next(last, t, language) if found.proved and last.passed_after is None else ""


def _next(step: Step, t: Translations, language: str) -> str:
    text = t.gettext("Next step, confidence ≥\u00a0{share}: {course}")
    return text.format(share=share(step.threshold, language), course=course(step, t))


def turns(step: Step, t: Translations) -> str:
    return t.ngettext("{count} question", "{count} questions", step.n_turns).format(count=step.n_turns)


def sampled_turns(step: Step, t: Translations) -> str:
    """Return how many of the turns were randomly sampled, or an empty text if there are no turns."""
    if not step.n_turns:
        return ""
    return t.gettext("{count} sampled").format(count=step.n_sampled)


def audits(found: TopicReadiness, t: Translations) -> str:
    """Return the results of audits, or an empty text if there were none."""
    if not found.audited:
        return ""
    return t.gettext("audits: {right} of {all} right").format(right=found.audited_right, all=found.audited)


def obstacle(step: Step, bar: float, t: Translations, language: str) -> str:
    """Return the reason why a topic may not answer alone yet."""
    if step.estimate is None:
        return t.gettext("Not ready yet: nothing has been judged.")
    if step.more_labels is None:
        text = t.gettext("Not ready yet: the accuracy is {share}, the target is {bar}.")
        return text.format(share=share(step.estimate, language), bar=share(bar, language))
    text = t.ngettext(
        "Not ready yet: at this accuracy, about {count} more question has to be judged.",
        "Not ready yet: at this accuracy, about {count} more questions have to be judged.",
        step.more_labels,
    )
    return text.format(count=step.more_labels)


def refusal(error: PrompterError | Conflict, bar: float, t: Translations, language: str) -> str:
    """Return the message for a supervisor whose request was refused."""
    match error:
        case NotReady():
            return obstacle(error.step, bar, t, language)
        case Conflict():
            return t.gettext("This topic has just changed. Please check again.")
        case NotFound():
            return t.gettext("No such topic, or no data for it yet.")
        case Forbidden():
            return t.gettext("Your account has no permission to do that.")
        case _:
            return t.gettext("Not done: {reason}").format(reason=error)


def event_text(event: ReadinessEvent, topic: TopicLabel, t: Translations, language: str) -> str:
    """Describe an event in a sentence."""
    facts = event.facts
    from_ = _from(facts.answers_from, t, language)
    match event.reason:
        case "proved" if event.state is ReadinessState.AUTOPILOT:
            return t.gettext("Target accuracy proven: autopilot is on{from_}.").format(from_=from_)
        case "proved":
            from_ = _from(facts.passed, t, language)
            return t.gettext("Target accuracy proven: autopilot can be turned on{from_}.").format(from_=from_)
        case "allowed":
            return t.gettext("Autopilot turned on{from_}.").format(from_=from_)
        case "widened":
            return t.gettext(
                "Less confident answers have passed the test too: autopilot is on{from_}."
            ).format(from_=from_)
        case "narrowed":
            return t.gettext("With the new settings, less has been proven: autopilot is on{from_}.").format(
                from_=from_
            )
        case "not_proved":
            return t.gettext(
                "With the new settings, the target accuracy is no longer proven: operators answer."
            )
        case "left_out":
            return t.gettext(
                "Excluded from the group because their own accuracy is below the target: {topics}."
            ).format(topics=", ".join(map(topic, facts.topics)) or "—")
        case "slipped":
            return _slip_text(facts, t)
        case "stopped":
            return t.gettext("Paused: operators answer until autopilot is turned on again.")
        case "switched_off":
            return t.gettext("Observing only: operators answer.")
        case "new_model":
            return t.gettext("New model ({model}): the topic is being tested again.").format(
                model=facts.model or "?"
            )
        case "new_version":
            return _new_version(facts, t)
        case "rolled_back":
            return t.gettext(
                "The last model version was rolled back: the topic is back in its previous state."
            )
        case _:
            return event.reason


def _new_version(facts: ReadinessChangeFacts, t: Translations) -> str:
    """Describe the change to a new version that was measured to be no worse."""
    changed = facts.changed
    if not changed:
        return t.gettext("New model version in use: no answers have changed.")
    text = t.ngettext(
        "New model version in use: {changed} answer has changed and is audited more often.",
        "New model version in use: {changed} answers have changed and are audited more often.",
        changed,
    )
    return text.format(changed=changed)


def _slip_text(facts: ReadinessChangeFacts, t: Translations) -> str:
    wrong, audited = facts.audited_wrong, facts.audited
    text = t.ngettext(
        "Autopilot turned off: {wrong} of {audited} audited replies was wrong. The topic is being "
        "tested again.",
        "Autopilot turned off: {wrong} of {audited} audited replies were wrong. The topic is being "
        "tested again.",
        wrong,
    )
    return text.format(wrong=wrong, audited=audited)


def _from(threshold: float | None, t: Translations, language: str) -> str:
    """Return the confidence with a leading space, for use in a sentence, or an empty text if unknown."""
    if threshold is None:
        return ""
    return " " + from_confidence(threshold, t, language)


def author(event: ReadinessEvent, t: Translations) -> str:
    return event.account_name or t.gettext("automatically")

"""Explain to laypeople how the readiness rule decides whether the bot may answer alone."""

from evaluation.readiness import Rule
from prompter.text.translations import N_, Translations
from prompter_api.desk.readiness.labels import share
from prompter_api.desk.ui.elements import Tag

_QUESTION = N_(
    "The test asks whether more than {bar} of the replies that the bot would send by itself are "
    "right; {bar} is the target accuracy. Until that is proven, operators answer."
)
_NEXT = N_(
    "What to do: keep answering and reviewing, so that data comes in. When a topic is ready, open it and "
    "turn autopilot on. If autopilot has turned itself off, open the topic and correct the articles listed "
    "there."
)
_PARAGRAPHS = (
    N_(
        "Anyone who checks after every answer will see a lucky streak sooner or later. The test "
        "allows for that: its limits hold no matter how often you look."
    ),
    N_(
        "Only random samples count as evidence, because operators tend to accept a suggestion that "
        "they see. Some questions are answered without suggestions, some accepted answers are "
        "reviewed by a second person, and some automated replies are audited."
    ),
    N_(
        "Anything that has not been judged yet counts as wrong: right answers are accepted in a "
        "second, wrong ones late or never."
    ),
    N_(
        "A topic starts with its most confident answers and is extended once less confident ones "
        "have passed too. After that, a random sample of its automated replies is audited; if "
        "accuracy drops, autopilot turns itself off."
    ),
)
_PROMISE = N_("The probability that a topic below the target ever passes is at most {alpha}.")


def explain(rule: Rule, t: Translations, language: str) -> None:
    """Draw the explanation as a panel that is closed at first."""
    with Tag("details", classes="explain"):
        Tag("summary", t.gettext("How does this work?"))
        with Tag("div", classes="explain__text"):
            Tag("p", t.gettext(_NEXT))
            Tag("p", t.gettext(_QUESTION).format(bar=share(rule.bar, language)))
            for paragraph in _PARAGRAPHS:
                Tag("p", t.gettext(paragraph))
            Tag("p", t.gettext(_PROMISE).format(alpha=share(rule.alpha, language)))

"""How it is decided whether the bot may answer alone, for people who never heard of a martingale."""

from evaluation.readiness import Rule
from prompter_api.desk.readiness.labels import share
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.labels import N_
from prompter_api.locale import Translations

_QUESTION = N_(
    "The question is: of the turns that the bot would answer alone, are more than {bar} right? As long as "
    "the honest answer may be no, operators answer."
)
_PARAGRAPHS = (
    N_(
        "Whoever looks after every answer will see a lucky streak sooner or later. So we have somebody "
        "bet who thinks that the bot is better than the bar: before each judged answer they put a part "
        "of what they have on “right”, at odds that are fair for a bot exactly at the bar. If the bot is "
        "no better, they hardly ever get rich, however often one looks. If they do get rich, the bot is "
        "better than the bar."
    ),
    N_(
        "Only what the lot has chosen is a witness: an operator who sees a suggestion is inclined to "
        "accept it. Some turns are answered blind, some accepted answers are judged by a second person, "
        "some answers of the bot are audited."
    ),
    N_(
        "What nobody has judged yet counts as wrong until somebody does: right answers are judged in a "
        "second, wrong ones late or never."
    ),
    N_(
        "Strict first: a topic begins with its surest answers and widens when less sure ones have "
        "passed too. Once it answers alone, some of its answers are drawn and judged; when it slips, "
        "the permission is taken back by itself."
    ),
)
_PROMISE = N_(
    "The probability that a topic which does not reach the bar is ever let through is at most {alpha}."
)


def explain(rule: Rule, t: Translations, language: str) -> None:
    """A panel that is closed until somebody wants to know."""
    with Tag("details", classes="explain"):
        Tag("summary", t.gettext("How is this decided?"))
        with Tag("div", classes="explain__text"):
            Tag("p", t.gettext(_QUESTION).format(bar=share(rule.bar, language)))
            for paragraph in _PARAGRAPHS:
                Tag("p", t.gettext(paragraph))
            Tag("p", t.gettext(_PROMISE).format(alpha=share(rule.alpha, language)))

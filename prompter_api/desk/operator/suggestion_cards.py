"""The suggestions, best first, and the other actions for a turn."""

from collections.abc import Sequence

from kb_index.templates import fields
from prompter.domain.conversation import OfferedSuggestion, Turn
from prompter.domain.dialogue import is_dialogue
from prompter.text.translations import Translations
from prompter_api.desk.ui import labels as words
from prompter_api.desk.ui.elements import Tag, draw_keys


class SuggestionCards:
    """The cards of the suggestions. They are rebuilt only when the turn changes."""

    def __init__(self, t: Translations, topic: words.TopicLabel) -> None:
        self._t, self._topic = t, topic
        self._shown: tuple[int | None, int | None, bool] | None = None
        self._visible = True
        self._deciding = False
        self.element = Tag("div", classes="cards", role="list", aria_label=t.gettext("Suggestions"))
        with Tag("div", classes="actions") as self._actions:
            for action, label, key in (
                ("own", t.gettext("Write"), "W"),
                ("search", t.gettext("Article"), "/"),
                ("reject", t.gettext("Reject"), "R"),
            ):
                with Tag("button", classes="button", data_do=action) as button:
                    Tag("span", label)
                    draw_keys([key])
        self._reject = button

    def show(self, turn: Turn | None, suggestions: Sequence[OfferedSuggestion], *, open_: bool) -> None:
        """Show a turn's suggestions, or that nothing waits. `open_` says whether a conversation is open."""
        self._deciding = turn is not None
        self._actions.set_visibility(self._visible and self._deciding)
        self._reject.set_visibility(turn is None or not turn.blind)  # hidden suggestions cannot be rejected
        of_turn = suggestions[0].turn_id if suggestions else None
        shown = (turn.id if turn else None, of_turn, open_)
        if shown == self._shown:
            return
        self._shown = shown
        self.element.clear()
        with self.element:
            if not open_:
                self._draw_empty(
                    self._t.gettext("Suggestions appear here"),
                    self._t.gettext("Press 1, 2 or 3 to send an answer."),
                )
            elif turn is None:
                self._draw_empty(
                    self._t.gettext("Everything is answered"),
                    self._t.gettext("You can still write to the customer."),
                )
            elif turn.blind:
                self._draw_empty(
                    self._t.gettext("Random check: answer without suggestions"),
                    self._t.gettext(
                        "This is how the accuracy of suggestions is measured. Search for an article "
                        "(/) or write an answer (W)."
                    ),
                )
            elif not suggestions:
                self._draw_empty(
                    self._t.gettext("No suggestions"),
                    self._t.gettext("Search for an article (/) or write an answer (W)."),
                )
            if turn is not None and of_turn not in (None, turn.id):
                Tag("p", self._t.gettext("For the previous message:"), classes="side__hint")
            for suggestion in suggestions:
                self._card(suggestion)

    def set_visibility(self, visible: bool) -> None:
        """Hide the cards while another panel is open, or show them again."""
        self._visible = visible
        self.element.set_visibility(visible)
        self._actions.set_visibility(visible and self._deciding)

    def _draw_empty(self, title: str, text: str) -> None:
        with Tag("div", classes="empty"):
            Tag("p", title, classes="empty__title")
            Tag("p", text)

    def _card(self, suggestion: OfferedSuggestion) -> None:
        _ = self._t.gettext
        level = words.level(suggestion.confidence)
        first = suggestion.rank == 1
        with Tag(
            "article",
            classes=f"card card--{level}",
            role="listitem",
            aria_labelledby=f"card-{suggestion.rank}",
        ):
            with Tag("header", classes="card__head"):
                Tag("span", words.confidence(suggestion.confidence, self._t), classes="card__confidence")
                if not is_dialogue(suggestion.article_id):  # the name below says so
                    label = self._topic(suggestion.topic)
                    Tag("span", label, classes="mark mark--quiet", title=suggestion.topic, dir="auto")
            with Tag("div", classes="meter", aria_hidden=True):
                bar = Tag("span", classes="meter__bar")
                bar.style(f"width: {round(100 * suggestion.confidence)}%")
            question = words.question(suggestion, self._topic)
            Tag("h3", question, classes="card__question", id=f"card-{suggestion.rank}", dir="auto")
            Tag("p", suggestion.text, classes="card__text", dir="auto")
            if missing := fields(suggestion.text):
                names = ", ".join("{" + name + "}" for name in missing)
                Tag("p", _("Fill in: {fields}").format(fields=names), classes="notice notice--warn")
            with Tag("footer", classes="card__foot"):
                with Tag(
                    "button",
                    classes="button button--main" if first else "button",
                    data_do="accept",
                    data_rank=suggestion.rank,
                ):
                    Tag("span", _("Send"))
                    draw_keys([str(suggestion.rank)])
                with Tag("button", classes="button", data_do="edit", data_rank=suggestion.rank):
                    Tag("span", _("Edit"))
                    draw_keys(["E"] if first else ["⇧", str(suggestion.rank)])

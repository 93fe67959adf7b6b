"""The suggestions, best first, and the other actions for a turn."""

from collections.abc import Sequence

from prompter.desk.views import ConversationView
from prompter.domain.conversation import OfferedSuggestion, OutboxState
from prompter.domain.dialogue import is_dialogue
from prompter.text.template_fields import unfilled_fields
from prompter.text.translations import Translations
from prompter_api.desk.ui import labels as words
from prompter_api.desk.ui.elements import Tag, draw_keys

_PREVIEW = 80  # characters of a question


def is_answered_before(view: ConversationView | None) -> bool:
    """Return whether an operator has answered a question of this conversation before."""
    return view is not None and any(
        reply.decision_id is not None and reply.state is not OutboxState.CANCELLED for reply in view.replies
    )


class SuggestionCards:
    """The cards of the suggestions. They are rebuilt only when the turn or its suggestions change."""

    def __init__(self, t: Translations, topic: words.TopicLabel) -> None:
        self._t, self._topic = t, topic
        self._shown: tuple[object, ...] | None = None
        self._visible = True
        self._deciding = False
        self._n_questions = 0
        self._questions = Tag("div", classes="questions", role="list")
        self.element = Tag("div", classes="cards", role="list", aria_label=t.gettext("Suggestions"))
        with Tag("div", classes="actions") as self._actions:
            for action, label, key in (
                ("own", t.gettext("Write"), "W"),
                ("search", t.gettext("Article"), "/"),
            ):
                self._draw_action(action, label, key)
            self._reject = self._draw_action("reject", t.gettext("Reject"), "R")
            self._answered = self._draw_action("answered", t.gettext("Already answered"), "D")

    @staticmethod
    def _draw_action(action: str, label: str, key: str) -> Tag:
        with Tag("button", classes="button", data_do=action) as button:
            Tag("span", label)
            draw_keys([key])
        return button

    def show(self, view: ConversationView | None) -> None:
        """Show the suggestions for a conversation's question, or that nothing waits."""
        turn = view.turn if view else None
        suggestions = view.suggestions if view else []
        self._deciding = turn is not None
        self._actions.set_visibility(self._visible and self._deciding)
        self._reject.set_visibility(turn is None or not turn.blind)  # hidden suggestions cannot be rejected
        self._answered.set_visibility(is_answered_before(view))
        questions = [(question.id, question.question) for question in view.questions] if view else []
        is_being_read = view is not None and view.is_being_read
        texts = [(suggestion.turn_id, suggestion.article_id, suggestion.text) for suggestion in suggestions]
        shown = (view is None, turn.id if turn else None, is_being_read and turn is None, questions, texts)
        if shown == self._shown:
            return
        is_change = self._shown is not None and turn is not None
        self._shown = shown
        self._show_questions(view)
        self.element.clear()
        self.element.toggle("cards--changed", is_change)
        with self.element:
            if view is None:
                self._draw_empty(
                    self._t.gettext("Suggestions appear here"),
                    self._t.gettext("Press 1, 2 or 3 to send an answer."),
                )
            elif turn is None and is_being_read:
                self._draw_empty(
                    self._t.gettext("Looking for an answer…"), self._t.gettext("This takes a moment.")
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
            for suggestion in suggestions:
                self._card(suggestion, unfilled_fields(suggestion.text, view.customer) if view else ())

    def _show_questions(self, view: ConversationView | None) -> None:
        """List the customer's questions if there are several: each waits until it is answered."""
        self._questions.clear()
        n_questions = self._n_questions = len(view.questions) if view else 0
        self._questions.set_visibility(self._visible and n_questions > 1)
        if view is None or n_questions < 2:
            return
        with self._questions:
            for number, question in enumerate(view.questions, start=1):
                is_current = view.turn is not None and question.id == view.turn.id
                with Tag(
                    "button",
                    classes="question",
                    role="listitem",
                    data_do="question",
                    data_question=question.id,
                    aria_current="true" if is_current else None,
                ):
                    place = self._t.gettext("Question {number} of {total}")
                    Tag("span", place.format(number=number, total=n_questions), classes="mark mark--quiet")
                    text = " ".join((question.question or "").split())
                    Tag("span", text[:_PREVIEW] or self._t.gettext("(no text)"), dir="auto")

    def set_visibility(self, visible: bool) -> None:
        """Hide the cards while another panel is open, or show them again."""
        self._visible = visible
        self._questions.set_visibility(visible and self._n_questions > 1)
        self.element.set_visibility(visible)
        self._actions.set_visibility(visible and self._deciding)

    def _draw_empty(self, title: str, text: str) -> None:
        with Tag("div", classes="empty"):
            Tag("p", title, classes="empty__title")
            Tag("p", text)

    def _card(self, suggestion: OfferedSuggestion, unfilled: Sequence[str]) -> None:
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
            if unfilled:
                names = ", ".join("{" + name + "}" for name in unfilled)
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

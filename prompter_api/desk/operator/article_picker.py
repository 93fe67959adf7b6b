"""The search for another article: from the key to the draft with its answer."""

from collections.abc import Callable

from kb_index import Article
from prompter.domain.conversation import Turn
from prompter_api.desk.operator.drafts import Draft
from prompter_api.desk.operator.input_event import InputEvent
from prompter_api.desk.operator.keyboard import Mode
from prompter_api.desk.operator.screen import Screen
from prompter_api.desk.ui.frame import PageAccess, run_in_thread
from prompter_api.desk.ui.session import PageSession


class ArticlePicker:
    """Finds articles for the turn on the screen. `begin` starts a draft with a found article's answer."""

    def __init__(
        self,
        session: PageSession,
        access: PageAccess,
        *,
        find_turn: Callable[[], Turn | None],
        begin: Callable[[Draft], None],
    ) -> None:
        self._session = session
        self._access = access
        self._find_turn = find_turn
        self._begin = begin
        self.screen: Screen  # set by the page, whose screen needs `find` first

    async def open(self, _event: InputEvent) -> None:
        if self._find_turn() is not None:
            self.screen.search.reset()
            self.screen.enter(Mode.SEARCH)
            self.screen.focus("search")

    async def find(self, text: str) -> None:
        with self._access.required():
            found = await run_in_thread(self._session.find, text)
            if text == self.screen.search.query:
                self.screen.search.show(found, text)

    async def move(self, event: InputEvent) -> None:
        self.screen.search.move(event.number("step") or 0)

    async def choose(self, _event: InputEvent) -> None:
        await self._take(self.screen.search.selection)

    async def pick(self, event: InputEvent) -> None:
        await self._take(self.screen.search.article(event.number("number") or 0))

    async def _take(self, article: Article | None) -> None:
        """Put an article's answer into the field, for the operator to check and send."""
        turn = self._find_turn()
        if article is None or turn is None:
            return
        text = await run_in_thread(self._session.filled_answer, turn.conversation_id, article.id)
        current = self._find_turn()
        if current is not None and current.conversation_id == turn.conversation_id:
            self._begin(Draft.from_article(article, text, turn_id=turn.id))

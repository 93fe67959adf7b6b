"""Learning and model versions, for supervisors."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from fastapi import Request
from fastapi.responses import Response
from nicegui import APIRouter, ui
from nicegui.events import GenericEventArguments

from prompter.common.errors import Forbidden, PrompterError
from prompter.domain.account import Role
from prompter.domain.job import StoredJob
from prompter.domain.model_version import StoredVersion
from prompter.models.registry import ShownVersion
from prompter.models.version_diff import ChangedQuestion
from prompter.storage import Conflict
from prompter_api.desk.learning import labels as words
from prompter_api.desk.learning.models_panels import ComparisonPanel, VersionsTable
from prompter_api.desk.ui.elements import Tag
from prompter_api.desk.ui.frame import Layout, PageContext, PageGuard, run_in_thread, zone_of_browser
from prompter_api.desk.ui.notices import Notices


def add_models(router: APIRouter, guard: PageGuard, *, poll_seconds: float) -> None:
    """Add the page /models. `?version=` compares that version with its predecessor."""

    @ui.page("/models", api_router=router, reconnect_timeout=60)
    async def models(request: Request, version: str = "") -> Response | None:
        context = await guard.admit(request, Role.SUPERVISOR)
        if isinstance(context, Response):
            return context
        page = ModelsPage(context, version.replace("\0", "") or None)
        ui.on("desk", page.on_event)
        ui.timer(poll_seconds, page.poll)
        return None


@dataclass(frozen=True, kw_only=True)
class _Found:
    """Everything on the page. `compared` holds the changes of the selected version, if there is one."""

    job: StoredJob | None
    versions: Sequence[ShownVersion]
    compared: tuple[StoredVersion, Sequence[ChangedQuestion]] | None


class ModelsPage:
    """An open page of model versions."""

    def __init__(self, context: PageContext, version: str | None) -> None:
        self._session, self._t = context.session, context.t
        self._compared = version
        self._changes: tuple[StoredVersion, Sequence[ChangedQuestion]] | None = None  # for `_compared`
        self._acting = asyncio.Lock()
        self._access = context.access
        self._zone: tzinfo | None = None
        self._zone_known = False
        _ = context.t.gettext
        frame = Layout(context, here="/models", title=_("Models"))
        with frame.body, Tag("div", classes="sheet", data_desk=True, data_keys=""):
            with Tag("header", classes="sheet__head"):
                Tag("h1", _("Model versions"), classes="sheet__title")
                Tag(
                    "p",
                    _(
                        "The next version is trained on operators' decisions. It comes into use only "
                        "if it is proven not to be worse."
                    ),
                    classes="side__hint",
                )
                with Tag("div", classes="sheet__line"):
                    Tag("button", _("Learn now"), classes="button button--main", data_do="learn")
                    self._back = Tag(
                        "button", _("Roll back one version"), classes="button", data_do="back_to"
                    )
                    Tag("a", _("Conflicting verdicts"), href="/disagreements", classes="link")
                self._job = Tag("p", classes="side__hint", role="status")
                self._refusal = Tag("p", classes="notice notice--bad", role="alert")
            self._table = VersionsTable(context.t, context.language)
            self._comparison = ComparisonPanel(context.t, context.language, context.topic)
        self._notices = Notices(context.t)
        self._refuse("")

    async def poll(self) -> None:
        """Check for news. Called every second."""
        self._notices.poll()
        if self._access.is_lost or self._acting.locked():
            return
        async with self._acting:
            with self._access.required():
                await self._refresh()

    async def on_event(self, event: GenericEventArguments) -> None:
        """Handle clicks, one at a time."""
        pressed = event.args if isinstance(event.args, dict) else {}
        version = str(pressed.get("version") or "")
        async with self._acting:
            with self._access.required():
                match pressed.get("do"):
                    case "learn":
                        await self._do(
                            self._session.start_learning, self._t.gettext("Learning starts in a moment.")
                        )
                    case "back_to":
                        await self._do(
                            self._session.roll_back, self._t.gettext("The previous version is in use now.")
                        )
                    case "promote":
                        await self._do(
                            lambda: self._session.promote(version, force=False),
                            self._t.gettext("This version is in use now."),
                        )
                    case "compare":
                        self._compared = version
                        await self._refresh()

    async def _do(self, act: Callable[[], None], done: str) -> None:
        self._refuse("")
        try:
            await run_in_thread(act)
            self._notices.say(done)
        except Forbidden:
            raise
        except (PrompterError, Conflict) as error:
            self._refuse(words.refusal(error, self._t))
        await self._refresh()

    async def _refresh(self) -> None:
        if not self._zone_known:
            self._zone_known = True
            self._zone = await zone_of_browser()
        self._show(await run_in_thread(self._look))

    def _look(self) -> "_Found":
        """Read everything on the page. Runs in a thread."""
        jobs, versions = self._session.models()
        chosen = next((version.version for version in versions if version.version.id == self._compared), None)
        if chosen is None:
            self._changes = None
        elif self._changes is None or self._changes[0] != chosen:  # a version's report never changes
            self._changes = self._session.diff_version(chosen.id)
        return _Found(job=jobs[0] if jobs else None, versions=versions, compared=self._changes)

    def _show(self, found: "_Found") -> None:
        now = datetime.now(tz=UTC)
        self._job.say(words.job(found.job, self._t) if found.job else "")
        self._table.show(found.versions, compared=self._compared, now=now, zone=self._zone)
        self._back.set_visibility(sum(bool(version.uses) for version in found.versions) > 1)
        self._comparison.show(found.compared)

    def _refuse(self, text: str) -> None:
        self._refusal.say(text)
        self._refusal.set_visibility(bool(text))

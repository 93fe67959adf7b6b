"""Shadow mode: a candidate triages customers' turns without answering, until its accuracy is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from evaluation.gate import Row, Source, judge
from evaluation.outcomes import ScoredCase
from evaluation.rows import Case
from nlu.errors import IncompatibleModel
from prompter.common.clock import Clock, utc_now
from prompter.domain.gate_record import DAMAGED
from prompter.domain.model_version import ShadowRow, StoredVersion
from prompter.labels.from_verdicts import LabeledQuestion, labeled_questions
from prompter.learning.config import LearningConfig
from prompter.learning.report import record_of
from prompter.models.builder import same_answers
from prompter.models.live_assistant import LiveAssistant
from prompter.models.registry import Versions
from prompter.readiness.governed_topics import governed_topics
from prompter.readiness.service import Readiness
from prompter.storage import Store
from prompter.suggestions.assistant import Assistant

_AT_ONCE = 20  # turns between two checks that the candidate is still in shadow mode

log = structlog.get_logger(__name__)


class ShadowEvaluator:
    """Triages with the candidate in the background, and promotes or refuses it after enough decided turns."""

    def __init__(
        self,
        config: LearningConfig,
        store: Store,
        live: LiveAssistant,
        versions: Versions,
        readiness: Readiness,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._config = config
        self._store = store
        self._live = live
        self._record = versions
        self._readiness = readiness
        self._clock = clock
        self._assistant: tuple[tuple[str, str], Assistant] | None = None
        self._looked_at: tuple[str, int, int] | None = None  # candidate, turns it has seen, judgements

    def run_once(self) -> bool:
        """Triage new turns. Return True if the candidate was promoted or refused."""
        version = self._record.shadow_version()
        if version is None:
            self._assistant = None
            return False
        try:
            assistant = self._of(version)
        except IncompatibleModel as reason:
            self._record.refuse(version.id, replace(version.report, refused=DAMAGED))
            log.error("shadow_unreadable", version=version.id, reason=str(reason))
            return True
        self._triage(version, assistant)
        return self._settle(version)

    def _of(self, version: StoredVersion) -> Assistant:
        """Return the candidate's assistant with the champion's current articles."""
        key = (version.id, self._live.assistant.knowledge.search.fingerprint)
        if self._assistant is None or self._assistant[0] != key:
            self._assistant = key, self._live.with_version(version.id)
        return self._assistant[1]

    def _triage(self, version: StoredVersion, assistant: Assistant) -> None:
        with self._store.read() as tx:
            turns = tx.shadows.to_triage(version.id, since=version.changed_at, limit=_AT_ONCE)
        for turn_id, text in turns:
            suggestions = assistant.triage(text).suggestions
            first = suggestions[0] if suggestions else None
            with self._store.write() as tx:
                tx.shadows.add(
                    version.id,
                    turn_id,
                    article_id=first.article_id if first else None,
                    confidence=first.confidence if first else None,
                    now=self._clock(),
                )

    def _settle(self, version: StoredVersion) -> bool:
        """Promote or refuse the candidate once operators have decided enough of the turns in shadow mode."""
        n_needed = self._config.shadow_turns
        if n_needed == 0:
            return False  # a supervisor decides
        with self._store.read() as tx:
            shadow_rows = tx.shadows.all(version.id)
            news = (version.id, len(shadow_rows), tx.readiness.last_evidence())
        if len(shadow_rows) < n_needed or news == self._looked_at:
            return False
        self._looked_at = news
        questions = [
            question
            for question in labeled_questions(self._store)
            if question.turn_id in shadow_rows and question.right is not None
        ]
        if len(questions) < n_needed:
            return False
        use = self._record.current_activation()
        same = same_answers(self._live.assistant.knowledge.search.articles)
        report = judge(
            [_row(question) for question in questions],
            _outcomes(questions, shadow_rows, same, champion=True),
            _outcomes(questions, shadow_rows, same, champion=False),
            topic_of={
                article.id: article.topic for article in self._live.assistant.knowledge.search.articles
            },
            tested=governed_topics(self._readiness),
            noninferiority_margin=self._config.noninferiority_margin,
            same_answer=same,
        )
        shadow_report = replace(version.report, shadow=record_of(report, ()))
        if report.refusal is not None:
            self._record.refuse(version.id, replace(shadow_report, refused=report.refusal.value))
            log.warning("shadow_refused", version=version.id, reason=report.refusal.value)
        elif self._record.promote_candidate(version.id, shadow_report, after=use.number if use else 0):
            log.info("shadow_promoted", version=version.id)
        return True


def _row(question: LabeledQuestion) -> Row:
    case = Case(text=question.text, article_ids=(question.right,) if question.right else ())
    return Row(case=case, source=Source.VERDICT, key=question.turn_id)


def _outcomes(
    questions: Sequence[LabeledQuestion],
    shadow_rows: Mapping[int, ShadowRow],
    same: Mapping[str, str],
    *,
    champion: bool,
) -> list[ScoredCase]:
    outcomes = []
    for question in questions:
        row, right = shadow_rows[question.turn_id], str(question.right)
        suggested = row.champion if champion else row.candidate
        is_right = suggested is not None and same.get(suggested, suggested) == same.get(right, right)
        outcomes.append(
            ScoredCase(
                text=question.text,
                right=(right,),
                suggested=suggested,
                confidence=row.champion_confidence if champion else row.candidate_confidence,
                rank=1 if is_right else None,
                is_right=is_right,
                in_scope=True,
            )
        )
    return outcomes

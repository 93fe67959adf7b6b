"""Train a candidate from verdicts, measure it against the champion, and promote or refuse it.

A run is a chain of steps that each return a value for the next: load, label, fit, build, evaluate, and
settle, where the gate decides and the candidate comes into use.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import groupby
from pathlib import Path

import structlog

from evaluation.gate import GateReport, Row, Source, judge
from evaluation.retrieval import ask
from evaluation.rows import Case, read_cases
from kb_index import Article, LabeledTexts
from kb_index.search import select_published
from nlu.artifacts import note_metrics
from nlu.encoders.caching import CachingEncoder
from nlu.encoders.encoder import Encoder
from nlu.reader import TextReader
from prompter.common.clock import SLACK, utc_now
from prompter.domain.job import JobKind
from prompter.domain.learning_outcome import Result
from prompter.domain.model_version import Origin
from prompter.jobs import Job, Jobs
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.knowledge.proposals import RefreshCounts
from prompter.labels.annotator_agreement import LeaveOneOutPrediction, OperatorCheck, check_operators
from prompter.labels.from_verdicts import LabeledQuestion, LabelSet, aggregate_labels, labeled_questions
from prompter.learning.bench import Bench, CountedAssistant, first_article, small_matrices
from prompter.learning.config import LearningConfig
from prompter.learning.outcome import ChangedAnswer, LearningRun
from prompter.learning.progress import Progress
from prompter.learning.proposing import propose
from prompter.learning.report import outcome_of, record_of
from prompter.learning.service import TimeSplit, split_by_time
from prompter.models import builder
from prompter.models.article_vectors import ProgressBar
from prompter.models.encoder_factory import Encoders
from prompter.models.version_folders import ModelVersions, Version
from prompter.readiness.governed_topics import governed_topics
from prompter.readiness.service import Readiness
from prompter.storage import Store
from prompter.suggestions.ranker_training import RankerState

_BATCH = 128  # texts encoded between two updates of the progress bar
_MAX_TEXTS = 200_000  # vectors cached while learning
_LOOKED_THROUGH = 500  # recent automated replies that are recomputed to see what changes

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """The input of a run: articles, verdicts and the champion."""

    articles: Sequence[Article]
    champion: Version
    activation: int  # number of the champion's activation; 0 if it has none
    split: TimeSplit

    @cached_property
    def same(self) -> Mapping[str, str]:
        """Representatives of articles with the same answer, by article."""
        return builder.same_answers(self.articles)


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The labels from verdicts, without those of people who contradict all others."""

    operators: tuple[OperatorCheck, ...]
    label_set: LabelSet


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The comparison of the candidate with the champion."""

    report: GateReport
    changed: tuple[ChangedAnswer, ...]


def learn_now(
    config: LearningConfig,
    store: Store,
    readiness: Readiness,
    *,
    shadow: bool | None = None,
    encoder: Encoder | None = None,
    bar: ProgressBar | None = None,
) -> LearningRun:
    """Learn from operators' decisions, and promote the candidate unless the gate refuses it.

    `readiness` names the topics that the gate judges separately. `shadow` overrides whether the
    candidate has to run in shadow mode first.

    Raises:
        JobRunning: when another process is learning.
    """
    start = time.perf_counter()
    with Jobs(store).run(JobKind.LEARN) as job:
        run = _Run(config, store, readiness, job, encoder=encoder, bar=bar)
        outcome = run.learn(shadow=config.shadow_turns > 0 if shadow is None else shadow)
        # Afterwards, when the memory of the measurement is free: this needs room as well.
        outcome = replace(outcome, proposals=run.propose(), seconds=time.perf_counter() - start)
        job.outcome = outcome_of(outcome)
        return outcome


class _Run:
    """The steps of one run in order, with the job's progress and the encoders that they share."""

    def __init__(
        self,
        config: LearningConfig,
        store: Store,
        readiness: Readiness,
        job: Job,
        *,
        encoder: Encoder | None,
        bar: ProgressBar | None,
    ) -> None:
        self._config = config
        self._store = store
        self._readiness = readiness
        self._job = job
        self._bar = bar
        self._encoders = Encoders(store, given=encoder)
        self._versions = ModelVersions(config.models, store, self._encoders)
        self._texts: CachingEncoder | None = None  # encoder of customers' texts

    def learn(self, *, shadow: bool) -> LearningRun:
        """Do the work of `learn_now`."""
        situation = self._load()
        ended = self._nothing_new(situation)
        if not self._is_worth_it(situation):
            return ended
        bench = self._open_bench(situation)
        labels = self._label(bench, situation)
        learned = self._fit(bench, labels, situation.split.until)
        candidate = self._build(situation, learned)
        ended = replace(ended, label_set=labels.label_set, operators=labels.operators)
        if candidate.id == situation.champion.id:
            return ended
        self._versions.record.reset_candidate(candidate.id)
        evaluation = self._evaluate(bench, candidate, situation)
        result = self._settle(candidate, evaluation, after=situation.activation, shadow=shadow)
        self._versions.tidy(self._config.keep_versions)
        return replace(
            ended,
            result=result,
            version=candidate.id,
            report=evaluation.report,
            changed_alone=evaluation.changed,
        )

    def propose(self) -> RefreshCounts:
        """Update the proposals from the current decisions."""
        with self._progress("proposing", None) as advance:
            encoder = self._texts or self._encoders.of(self._config.models)
            return propose(self._config.proposals, self._store, encoder=encoder, progress=advance)

    # --- the steps --------------------------------------------------------------------------

    def _load(self) -> Situation:
        self._job.report_progress("reading")
        articles = list(KnowledgeBase(self._store).articles())
        champion = self._versions.load_current(articles)
        use = self._versions.record.current_activation()
        return Situation(
            articles=articles,
            champion=champion,
            activation=use.number if use else 0,
            split=split_by_time(
                labeled_questions(self._store),
                since=_end_of_training(champion),
                holdout_share=self._config.holdout_share,
            ),
        )

    def _is_worth_it(self, situation: Situation) -> bool:
        is_enough = situation.split.n_new >= self._config.min_new_decisions
        return is_enough or bool(_new_topics(situation.articles, situation.champion))

    def _label(self, bench: Bench, situation: Situation) -> Labels:
        found, same = situation.split.to_learn, situation.same
        with small_matrices():
            operators = self._check(bench, found, same)
        flagged = {check.operator_id for check in operators if check.is_flagged}
        return Labels(
            operators=tuple(operators),
            label_set=aggregate_labels(
                (question for question in found if question.operator_id not in flagged), same
            ),
        )

    def _fit(self, bench: Bench, labels: Labels, until: datetime | None) -> RankerState:
        with small_matrices(), self._progress("learning", None) as advance:
            learned = builder.learn_from(
                bench.champion.config,
                labels.label_set.texts,
                reader=bench.reader,
                search=bench.search,
                intents=bench.champion.intents,
                advance=advance,
            )
        return replace(learned, until=until)

    def _build(self, situation: Situation, learned: RankerState) -> Version:
        champion = situation.champion
        return self._versions.make(
            champion.config,
            situation.articles,
            made=Origin.LEARN,
            previous=champion,
            learned=learned,
            model=champion.model,
        )

    def _evaluate(self, bench: Bench, candidate: Version, situation: Situation) -> Evaluation:
        """Ask champion and candidate the same questions."""
        same = situation.same
        known = {article.id for article in bench.search.articles}
        kept = [*self._held_out_rows(known), *self._pinned_rows(known)]
        fresh = self._verdicts(situation.split.to_test, known, same)
        rows, alone = [*kept, *fresh], self._automated_replies()
        with small_matrices():
            self._encode(bench, [row.case.text for row in kept], [text for _, _, text in alone])
            champion = bench.assistant(bench.champion, bench.champion.learned)
            ours = bench.assistant(candidate, candidate.learned)
            with self._progress("measuring", 2 * (len(rows) + len(alone))) as advance:
                asked = [CountedAssistant(assistant, advance) for assistant in (champion, ours)]
                cases = [row.case for row in rows]
                before, after = (ask(cases, assistant, same_answer=same) for assistant in asked)
                changed = [
                    (turn_id, topic, first_article(asked[0], text), first_article(asked[1], text))
                    for turn_id, topic, text in alone
                ]
            report = judge(
                rows,
                before,
                after,
                topic_of={article.id: article.topic for article in bench.search.articles},
                tested=governed_topics(self._readiness),
                noninferiority_margin=self._config.noninferiority_margin,
                same_answer=same,
            )
        differing = tuple(
            ChangedAnswer(turn_id=turn_id, topic=topic, before=old, after=new)
            for turn_id, topic, old, new in changed
            if old is not None and same.get(old, old) != (None if new is None else same.get(new, new))
        )
        return Evaluation(report=report, changed=differing)

    def _settle(self, candidate: Version, evaluation: Evaluation, *, after: int, shadow: bool) -> Result:
        """Let the gate decide. A candidate that passes becomes the current version or starts shadow mode."""
        report = evaluation.report
        gate_report = record_of(report, evaluation.changed)
        metrics = {
            **candidate.manifest.metrics,
            "gate": gate_report.figures.to_json() if gate_report.figures else {},
        }
        note_metrics(self._versions.folder(candidate.id), metrics)
        record = self._versions.record
        if report.refusal is not None:
            record.refuse(candidate.id, gate_report)
            log.warning("candidate_refused", version=candidate.id, reason=report.refusal.value)
            return Result.REFUSED
        if shadow:
            record.start_shadow(candidate.id, gate_report)
            return Result.SHADOW
        if not record.promote_candidate(candidate.id, gate_report, after=after):
            return Result.OVERTAKEN
        log.info("candidate_promoted", version=candidate.id)
        return Result.PROMOTED

    def _nothing_new(self, situation: Situation) -> LearningRun:
        """Return the result of a run that trained nothing."""
        return LearningRun(
            result=Result.NOTHING_NEW,
            version=None,
            champion=situation.champion.id,
            split=situation.split,
            label_set=None,
            operators=(),
            report=None,
            changed_alone=(),
            operator_names=self._names(),
            proposals=None,
            seconds=0.0,
        )

    # --- parts of the steps -------------------------------------------------------------------

    def _open_bench(self, situation: Situation) -> Bench:
        """Open the parts that both models share. Each text is encoded once, and known texts not again."""
        champion, articles, split = situation.champion, situation.articles, situation.split
        encoder = CachingEncoder(self._encoders.of(champion.config), max_texts=_MAX_TEXTS)
        self._texts = encoder
        corrector = builder.corrector_of(champion.config, articles)
        reader = TextReader(encoder, corrector=corrector)
        self._job.report_progress("opening")
        search = self._versions.open_search(champion.config, articles)
        if champion.learned is not None:
            judged = champion.learned.judged
            if judged.cleaned:
                encoder.remember(judged.cleaned, judged.vectors(), kind="query")
        bench = Bench(champion=champion, reader=reader, encoder=encoder, search=search)
        self._encode(bench, [], [question.text for question in (*split.to_learn, *split.to_test)])
        return bench

    def _encode(self, bench: Bench, kept: Sequence[str], customers: Sequence[str]) -> None:
        """Encode distinct texts in batches. Vectors of `kept`, which are not customers' texts, are stored."""
        stored = self._encoders.of_articles(bench.champion.config)
        texts = [bench.clean_texts(kept), bench.clean_texts(customers)]
        with self._progress("encoding", sum(len(group) for group in texts)) as advance:
            for group, encoder in zip(texts, (stored, bench.encoder), strict=True):
                for begin in range(0, len(group), _BATCH):
                    batch = group[begin : begin + _BATCH]
                    bench.encoder.remember(batch, encoder.encode(batch, kind="query"), kind="query")
                    advance(len(batch))

    def _check(
        self, bench: Bench, found: Sequence[LabeledQuestion], same: Mapping[str, str]
    ) -> list[OperatorCheck]:
        """Find people whose verdicts contradict all others."""
        texts = [aggregate_labels([question], same).texts for question in found]
        rows_with_text = [number for number, labeled_texts in enumerate(texts) if labeled_texts]
        everything = LabeledTexts.build([texts[number][0] for number in rows_with_text], reader=bench.reader)
        place = {number: row for row, number in enumerate(rows_with_text)}
        champion = bench.champion.learned

        def guess(operator_id: int, numbers: Sequence[int]) -> dict[int, LeaveOneOutPrediction]:
            texts_of_others = everything.select(
                [row for number, row in place.items() if found[number].operator_id != operator_id]
            )
            weights = champion.weights if champion else bench.search.config
            confidence = champion.confidence if champion else builder.confidence_model(bench.champion.config)
            learned = RankerState(judged=texts_of_others, weights=weights, confidence=confidence)
            assistant = bench.assistant(bench.champion, learned)
            guesses = {}
            for number in numbers:
                suggestions = assistant.suggest(found[number].text)
                advance(1)
                if suggestions:
                    first = suggestions[0]
                    guesses[number] = LeaveOneOutPrediction(
                        article_id=first.article_id, confidence=first.confidence
                    )
            return guesses

        with self._progress("checking", None) as advance:
            return check_operators(found, guess, same_answer=same)

    def _held_out_rows(self, known: set[str]) -> list[Row]:
        """Return held-out rows, from the settings' file or, where its articles exist, the demo shop's."""
        path = self._config.held_out
        if path is not None:
            cases = read_cases(path, known_ids=known)
        else:
            cases = _shipped_cases(self._config.models.training_data_dir / "held_out.csv", known)
        return [Row(case=case, source=Source.HELD_OUT) for case in cases if case.article_ids]

    def _verdicts(
        self, to_test: Sequence[LabeledQuestion], known: set[str], same: Mapping[str, str]
    ) -> list[Row]:
        """Return questions on whose right article people agree."""
        rows = []
        by_text = sorted(to_test, key=lambda question: question.text)
        for _, group in groupby(by_text, key=lambda question: question.text):
            questions = list(group)
            for text in aggregate_labels(questions, same).texts:
                right = tuple(article for article in text.right if article in known)
                if right:
                    case = Case(text=text.text, article_ids=right)
                    rows.append(Row(case=case, source=Source.VERDICT, key=questions[-1].turn_id))
        return rows

    def _pinned_rows(self, known: set[str]) -> list[Row]:
        """Return pinned cases whose article can be suggested."""
        with self._store.read() as tx:
            pins = tx.pins.all()
        return [
            Row(
                case=Case(text=pin.text, article_ids=(pin.article_id,)),
                source=Source.PINNED,
                key=pin.id,
            )
            for pin in pins
            if pin.article_id in known
        ]

    def _automated_replies(self) -> list[tuple[int, str, str]]:
        """Return turn, topic and text of recent automated replies."""
        with self._store.read() as tx:
            return tx.conversations.recent_automated_replies(limit=_LOOKED_THROUGH)

    def _names(self) -> dict[int, str]:
        with self._store.read() as tx:
            return {account.id: account.name for account in tx.accounts.all()}

    def _progress(self, step: str, total: int | None) -> "AbstractContextManager[Callable[[int], None]]":
        self._job.report_progress(step, total=total)
        return Progress(self._job, self._bar, step, total)


def _end_of_training(champion: Version) -> datetime | None:
    """Return when the champion's newest training verdict was given, or None if that is unknown.

    A future moment was stored before the clock was set back, so it cannot tell which verdicts are new.
    """
    until = champion.learned.until if champion.learned else None
    return until if until is not None and until <= utc_now() + SLACK else None


def _new_topics(articles: Sequence[Article], champion: Version) -> set[str]:
    """Return topics whose names the champion does not know."""
    topics = {builder.TOPIC_PREFIX + article.topic for article in select_published(articles)}
    return topics - set(champion.intents.classes)


def _shipped_cases(path: Path, known: set[str]) -> list[Case]:
    """Return the shipped held-out rows whose articles are all in the knowledge base."""
    if not path.exists():
        return []
    everything = read_cases(path, known_ids=None)
    return [case for case in everything if case.article_ids and known.issuperset(case.article_ids)]

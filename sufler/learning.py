"""Verdicts become a candidate, the candidate is measured beside the champion, and is promoted or refused."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import structlog
from threadpoolctl import threadpool_limits

from evaluation.gate import GateReport, Row, Source, judge
from evaluation.retrieval import ask
from evaluation.rows import Case, read_cases
from kb_index import Article, ArticleSearch, JudgedTexts
from kb_index.search import published
from nlu.artifacts import note_metrics
from nlu.encoders.caching import CachingEncoder
from nlu.encoders.encoder import Encoder
from nlu.reader import TextReader
from nlu.text import looks_empty
from prompter.common.clock import SLACK, utc_now
from prompter.domain.job import JobKind
from prompter.domain.model_version import Made
from prompter.jobs import Job, Jobs
from prompter.knowledge.proposals import Refreshed
from prompter.labels.annotator_agreement import Guess, OperatorCheck, check_operators
from prompter.labels.from_verdicts import Lesson, Taught, lessons, taught
from prompter.learning.service import TimeSplit, split_by_time
from prompter.storage import Store
from prompter.suggestions.assistant import Assistant
from prompter.suggestions.ranker_training import Learned
from sufler import bootstrap, engines
from sufler.bootstrap import ProgressBar
from sufler.learning_outcome import ChangedAnswer, Outcome, Result
from sufler.learning_report import as_object, report_as_object
from sufler.model_versions import Encoders, ModelVersions, Version
from sufler.settings import Settings

_BATCH = 128  # texts encoded between two looks at the progress bar
_MOST_TEXTS = 200_000  # vectors that are remembered while learning
_LOOKED_THROUGH = 500  # questions answered alone of late, which are asked again to see what changes

log = structlog.get_logger(__name__)


def learn_now(
    settings: Settings,
    store: Store,
    *,
    shadow: bool | None = None,
    encoder: Encoder | None = None,
    bar: ProgressBar | None = None,
) -> Outcome:
    """Learn from what operators have decided, and promote what comes of it unless the gate refuses.

    `shadow` overrides whether the candidate has to triage unseen first.

    Raises:
        JobRunning: somebody else is at it.
    """
    start = time.perf_counter()
    with Jobs(store).running(JobKind.LEARN) as job:
        learner = _Learner(settings, store, job, encoder=encoder, bar=bar)
        outcome = learner.run(shadow=settings.learning.shadow_turns > 0 if shadow is None else shadow)
        # Afterwards, when what was measured with has been let go of: this needs room as well.
        outcome = replace(outcome, proposals=learner.propose(), seconds=time.perf_counter() - start)
        job.outcome = as_object(outcome)
        return outcome


class _Learner:
    def __init__(
        self, settings: Settings, store: Store, job: Job, *, encoder: Encoder | None, bar: ProgressBar | None
    ) -> None:
        self._settings = settings
        self._store = store
        self._job = job
        self._bar = bar
        self._encoders = Encoders(store, given=encoder)
        self._versions = ModelVersions(settings, store, self._encoders)
        self._texts: CachingEncoder | None = None  # of customers

    def run(self, *, shadow: bool) -> Outcome:
        """See `learn_now`."""
        self._job.tell("reading")
        articles = list(bootstrap.build_knowledge_base(self._store).articles())
        champion = self._versions.in_use(articles)
        use = self._versions.record.in_use()
        found = lessons(self._store)
        split = split_by_time(
            found,
            since=_learned_until(champion),
            test_share=self._settings.learning.test_share,
        )
        ended = Outcome(
            result=Result.NOTHING_NEW,
            version=None,
            champion=champion.id,
            split=split,
            taught=None,
            operators=(),
            report=None,
            changed_alone=(),
            operator_names=self._names(),
            proposals=None,
            seconds=0.0,
        )
        is_enough = split.n_new >= self._settings.learning.least_new
        if not is_enough and not _new_topics(articles, champion):
            return ended
        same = engines.same_answers(articles)
        bench = self._bench(champion, articles, split)
        with _small_matrices():
            operators = self._check(bench, split.to_learn, same)
            flagged = {one.operator_id for one in operators if one.is_flagged}
            judged = taught((one for one in split.to_learn if one.operator_id not in flagged), same)
            learned = self._learn(bench, judged, split.until)
        candidate = self._versions.make(
            champion.settings,
            articles,
            made=Made.LEARN,
            previous=champion,
            learned=learned,
            model=champion.model,
        )
        ended = replace(ended, version=candidate.id, taught=judged, operators=tuple(operators))
        if candidate.id == champion.id:
            return replace(ended, version=None)
        self._versions.record.reopen(candidate.id)
        with _small_matrices():
            report, changed = self._measure(bench, candidate, split.to_test, same)
        result = self._settle(candidate, report, changed, after=use.number if use else 0, shadow=shadow)
        self._versions.tidy(self._settings.learning.keep_versions)
        return replace(ended, result=result, report=report, changed_alone=changed)

    def propose(self) -> Refreshed:
        """Bring the proposals up to what has been decided."""
        with self._progress("proposing", None) as advance:
            encoder = self._texts or self._encoders.of(self._settings)
            return bootstrap.propose(self._settings, self._store, encoder=encoder, progress=advance)

    def _bench(self, champion: Version, articles: Sequence[Article], split: TimeSplit) -> "_Bench":
        """Everything that both models share; each text is encoded once, and known ones not again."""
        encoder = CachingEncoder(self._encoders.of(champion.settings), most_texts=_MOST_TEXTS)
        self._texts = encoder
        corrector = engines.corrector_of(champion.settings, articles)
        reader = TextReader(encoder, corrector=corrector)
        self._job.tell("opening")
        search = self._versions.open_search(champion.settings, articles)
        if champion.learned is not None:
            judged = champion.learned.judged
            if judged.cleaned:
                encoder.remember(judged.cleaned, judged.vectors(), kind="query")
        bench = _Bench(champion=champion, reader=reader, encoder=encoder, search=search)
        self._encode(bench, [], [one.text for one in (*split.to_learn, *split.to_test)])
        return bench

    def _encode(self, bench: "_Bench", kept: Sequence[str], customers: Sequence[str]) -> None:
        """Encode texts in batches, each once. The `kept` ones are no customer's: their vectors are stored."""
        stored = self._encoders.of_articles(bench.champion.settings)
        texts = [bench.cleaned(kept), bench.cleaned(customers)]
        with self._progress("encoding", sum(len(some) for some in texts)) as advance:
            for some, encoder in zip(texts, (stored, bench.encoder), strict=True):
                for begin in range(0, len(some), _BATCH):
                    batch = some[begin : begin + _BATCH]
                    bench.encoder.remember(batch, encoder.encode(batch, kind="query"), kind="query")
                    advance(len(batch))

    def _check(
        self, bench: "_Bench", found: Sequence[Lesson], same: Mapping[str, str]
    ) -> list[OperatorCheck]:
        """Look for people whose verdicts contradict all others."""
        texts = [taught([one], same).texts for one in found]
        of_lesson = [number for number, one in enumerate(texts) if one]
        everything = JudgedTexts.build([texts[number][0] for number in of_lesson], reader=bench.reader)
        place = {number: row for row, number in enumerate(of_lesson)}
        champion = bench.champion.learned

        def guess(operator_id: int, numbers: Sequence[int]) -> dict[int, Guess]:
            others = everything.only(
                [row for number, row in place.items() if found[number].operator_id != operator_id]
            )
            weights = champion.weights if champion else bench.search.config
            confidence = (
                champion.confidence if champion else engines.confidence_model(bench.champion.settings)
            )
            learned = Learned(judged=others, weights=weights, confidence=confidence)
            assistant = bench.assistant(bench.champion, learned)
            guesses = {}
            for number in numbers:
                suggestions = assistant.suggest(found[number].text)
                advance(1)
                if suggestions:
                    first = suggestions[0]
                    guesses[number] = Guess(article_id=first.article_id, confidence=first.confidence)
            return guesses

        with self._progress("checking", None) as advance:
            return check_operators(found, guess, same_answer=same)

    def _learn(self, bench: "_Bench", judged: Taught, until: datetime | None) -> Learned:
        with self._progress("learning", None) as advance:
            learned = engines.learn_from(
                bench.champion.settings,
                judged.texts,
                reader=bench.reader,
                search=bench.search,
                intents=bench.champion.intents,
                advance=advance,
            )
        return replace(learned, until=until)

    def _measure(
        self, bench: "_Bench", candidate: Version, to_test: Sequence[Lesson], same: Mapping[str, str]
    ) -> tuple[GateReport, tuple[ChangedAnswer, ...]]:
        """Ask champion and candidate the same rows."""
        known = {article.id for article in bench.search.articles}
        kept, fresh = [*self._held_out(known), *self._pinned(known)], self._verdicts(to_test, known, same)
        rows, alone = [*kept, *fresh], self._answered_alone()
        self._encode(bench, [row.case.text for row in kept], [text for _, _, text in alone])
        champion = bench.assistant(bench.champion, bench.champion.learned)
        ours = bench.assistant(candidate, candidate.learned)
        with self._progress("measuring", 2 * (len(rows) + len(alone))) as advance:
            asked = [_Telling(one, advance) for one in (champion, ours)]
            cases = [row.case for row in rows]
            before, after = (ask(cases, one, same_answer=same) for one in asked)
            changed = [
                (turn_id, topic, _first(asked[0], text), _first(asked[1], text))
                for turn_id, topic, text in alone
            ]
        report = judge(
            rows,
            before,
            after,
            topic_of={article.id: article.topic for article in bench.search.articles},
            tested=bootstrap.tested_topics(self._settings, self._store),
            worst_difference=self._settings.learning.worst_difference,
            same_answer=same,
        )
        differing = tuple(
            ChangedAnswer(turn_id=turn_id, topic=topic, before=old, after=new)
            for turn_id, topic, old, new in changed
            if old is not None and same.get(old, old) != (None if new is None else same.get(new, new))
        )
        return report, differing

    def _settle(
        self,
        candidate: Version,
        report: GateReport,
        changed: Sequence[ChangedAnswer],
        *,
        after: int,
        shadow: bool,
    ) -> Result:
        said = report_as_object(report, changed)
        metrics = {**candidate.manifest.metrics, "gate": said["figures"]}
        note_metrics(self._versions.folder(candidate.id), metrics)
        record = self._versions.record
        if report.refusal is not None:
            record.refuse(candidate.id, said)
            log.warning("candidate_refused", version=candidate.id, reason=report.refusal.value)
            return Result.REFUSED
        if shadow:
            record.shadow(candidate.id, said)
            return Result.SHADOW
        if not record.pass_(candidate.id, said, after=after):
            return Result.OVERTAKEN
        log.info("candidate_promoted", version=candidate.id)
        return Result.PROMOTED

    def _held_out(self, known: set[str]) -> list[Row]:
        """Rows that nothing learns from: the settings' file, or the demo shop's where its articles are."""
        path = self._settings.learning.held_out
        if path is not None:
            cases = read_cases(path, known_ids=known)
        else:
            cases = _shipped_cases(self._settings.training_data_dir / "held_out.csv", known)
        return [Row(case=case, source=Source.HELD_OUT) for case in cases if case.article_ids]

    def _verdicts(self, to_test: Sequence[Lesson], known: set[str], same: Mapping[str, str]) -> list[Row]:
        """Questions whose right article people agree about."""
        rows = []
        by_text = sorted(to_test, key=lambda one: one.text)
        for _, group in groupby(by_text, key=lambda one: one.text):
            told = list(group)
            for text in taught(told, same).texts:
                right = tuple(article for article in text.right if article in known)
                if right:
                    case = Case(text=text.text, article_ids=right)
                    rows.append(Row(case=case, source=Source.VERDICT, key=told[-1].turn_id))
        return rows

    def _pinned(self, known: set[str]) -> list[Row]:
        """Pinned cases whose article can be suggested at all."""
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

    def _answered_alone(self) -> list[tuple[int, str, str]]:
        """Turn, topic and text of questions that the bot answered alone of late."""
        with self._store.read() as tx:
            return tx.conversations.answered_alone_lately(most=_LOOKED_THROUGH)

    def _names(self) -> dict[int, str]:
        with self._store.read() as tx:
            return {account.id: account.name for account in tx.accounts.all()}

    def _progress(self, step: str, total: int | None) -> "AbstractContextManager[Callable[[int], None]]":
        self._job.tell(step, total=total)
        return _Progress(self._job, self._bar, step, total)


@dataclass(frozen=True, kw_only=True)
class _Bench:
    """What champion and candidate are measured with: the same articles, each text encoded once."""

    champion: Version
    reader: TextReader
    encoder: CachingEncoder  # of the reader
    search: ArticleSearch

    def cleaned(self, texts: Sequence[str]) -> list[str]:
        """The texts as the encoder gets to see them, each once."""
        cleaned = dict.fromkeys(self.reader.clean(text) for text in texts)
        return [text for text in cleaned if not looks_empty(text)]

    def assistant(self, version: Version, learned: Learned | None) -> Assistant:
        knowledge = engines.knowledge_of(
            version.settings, self.reader, self.search, version.intents, learned, made_by=version.id
        )
        return engines.assemble(version.settings, knowledge)


class _Telling:
    """Tells of each answer."""

    def __init__(self, assistant: Assistant, advance: Callable[[int], None]) -> None:
        self._assistant = assistant
        self._advance = advance

    def suggest(self, text: str) -> Sequence[Any]:
        suggestions = self._assistant.suggest(text)
        self._advance(1)
        return suggestions


class _Progress:
    """Tells both the job and, where there is one, the bar on the screen."""

    def __init__(self, job: Job, bar: ProgressBar | None, step: str, total: int | None) -> None:
        self._job = job
        self._shown = bar(step.capitalize(), total) if bar else None

    def __enter__(self) -> Callable[[int], None]:
        show = self._shown.__enter__() if self._shown else None

        def advance(more: int) -> None:
            self._job.advance(more)
            if show:
                show(more)

        return advance

    def __exit__(self, *error: Any) -> None:
        if self._shown:
            self._shown.__exit__(*error)


def _small_matrices() -> AbstractContextManager[Any]:
    """Threads that share the small matrices of one message only wait for each other."""
    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits


def _learned_until(champion: Version) -> datetime | None:
    """When the verdicts were cut that it learned from; None: nobody knows.

    A moment that lies ahead is from before the clock was set back: what has come in since cannot be told.
    """
    until = champion.learned.until if champion.learned else None
    return until if until is not None and until <= utc_now() + SLACK else None


def _new_topics(articles: Sequence[Article], champion: Version) -> set[str]:
    """Topics whose names the champion does not know."""
    topics = {engines.TOPIC_PREFIX + article.topic for article in published(articles)}
    return topics - set(champion.intents.classes)


def _first(assistant: _Telling, text: str) -> str | None:
    suggestions = assistant.suggest(text)
    return suggestions[0].article_id if suggestions else None


def _shipped_cases(path: Path, known: set[str]) -> list[Case]:
    """Those of the shipped held-out rows whose articles are all in the base."""
    if not path.exists():
        return []
    everything = read_cases(path, known_ids=None)
    return [case for case in everything if case.article_ids and known.issuperset(case.article_ids)]

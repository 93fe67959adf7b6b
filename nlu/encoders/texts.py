"""Prepare texts for every encoder: make them safe, and encode equal texts once."""

from collections.abc import Callable, Sequence

import numpy as np

from nlu.encoders.encoder import Vectors


def make_readable(text: str, max_text_length: int) -> str:
    """Return `text` without NULs (they end a C string) and lone surrogates (not valid UTF-8), cut to length.

    The result has at most `max_text_length` characters.
    """
    text = text[:max_text_length].replace("\x00", " ")
    return text.encode("utf-8", "ignore").decode("utf-8").strip()


def encode_distinct(
    texts: Sequence[str],
    encode: Callable[[list[str]], Vectors],
    *,
    dimensions: int,
    max_text_length: int,
    batch: int,
) -> Vectors:
    """Encode the distinct readable texts in batches of `batch`. Empty texts get vectors of length 0.

    Returns:
        float32 of shape (len(texts), dimensions), in the order of `texts`.
    """
    safe = [make_readable(text, max_text_length) for text in texts]
    rows = {text: row for row, text in enumerate(dict.fromkeys(text for text in safe if text))}
    distinct = list(rows)
    # one extra row: the zeros that empty texts get
    encoded = np.zeros((len(distinct) + 1, dimensions), dtype=np.float32)
    # texts of similar length in a batch finish together
    order = sorted(range(len(distinct)), key=lambda row: len(distinct[row]))
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        encoded[chosen] = encode([distinct[row] for row in chosen])
    return encoded[[rows.get(text, len(distinct)) for text in safe]]

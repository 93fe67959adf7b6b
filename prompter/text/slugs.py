"""Readable ids of articles, such as `kak-vernut-tovar`."""

import re

_LATIN = dict(
    zip(
        "абвгдезийклмнопрстуфхцъыьэ",
        "a b v g d e z i y k l m n o p r s t u f h c  y  e".split(" "),
        strict=True,
    )
) | {"ё": "e", "ж": "zh", "ч": "ch", "ш": "sh", "щ": "sch", "ю": "yu", "я": "ya"}
_MAX_LENGTH = 60  # characters


def slug(question: str) -> str:
    """Return a readable id made of the question's words. Letters of scripts other than Russian stay.

    >>> slug("Как вернуть товар, если он не подошёл?")
    'kak-vernut-tovar-esli-on-ne-podoshel'
    >>> slug("???")
    'article'
    """
    text = "".join(_LATIN.get(letter, letter) for letter in question.casefold())
    words = re.findall(r"[^\W_]+", text)
    chosen = ""
    for word in words:
        longer = f"{chosen}-{word}" if chosen else word[:_MAX_LENGTH]
        if len(longer) > _MAX_LENGTH:
            break
        chosen = longer
    return chosen or "article"

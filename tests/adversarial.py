"""Messages designed to cost as much as possible. Each fills the given length."""

import random
from collections.abc import Callable

_LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_LATIN = "abcdefghijklmnopqrstuvwxyz"


def _repeated(piece: str) -> Callable[[int], str]:
    return lambda length: (piece * (length // len(piece) + 1))[:length]


def _words(letters: str, min_length: int, max_length: int) -> Callable[[int], str]:
    """Return words that no table knows, the same at every call."""

    def build(length: int) -> str:
        random_ = random.Random(length)
        count = length // (min_length + 1) + 1
        words = [
            "".join(random_.choices(letters, k=random_.randint(min_length, max_length))) for _ in range(count)
        ]
        return " ".join(words)[:length]

    return build


def _marks(length: int) -> str:
    """Return combining marks in an order that normalization has to reverse."""
    return ("а" + "\u0301\u0323" * length)[:length]


KINDS: dict[str, Callable[[int], str]] = {
    "newlines": _repeated("\n"),
    "newlines and a letter": lambda length: "\n" * (length - 1) + "x",
    "spaces": _repeated(" "),
    "spaces and a letter": lambda length: "я" + " " * (length - 2) + "x",
    "tabs and newlines": _repeated("\t\n"),
    "no-break spaces": _repeated("\u00a0"),
    "one letter": _repeated("а"),
    "two letters": _repeated("аб"),
    "one word of random letters": lambda length: "".join(random.Random(1).choices(_LETTERS, k=length)),
    "one Latin word": lambda length: "".join(random.Random(1).choices(_LATIN, k=length)),
    "digits": _repeated("0123456789"),
    "digits in groups": _repeated("1 2-3 (4) "),
    "digits and letters": _repeated("а1"),
    "phones": _repeated("+7 (916) 123-45-67 "),
    "dates": _repeated("12.03.2026 "),
    "emoji": _repeated("👍"),
    "joined emoji": _repeated("👩‍👩‍👧‍👦"),
    "flags": _repeated("🇷🇺"),
    "combining marks": _repeated("а\u0301"),
    "one letter under marks": _marks,
    "zero-width characters": _repeated("а\u200b"),
    "only zero-width characters": _repeated("\u200b"),
    "variation selectors": _repeated("а\ufe0f"),
    "links": _repeated("https://a.b/c "),
    "one link": lambda length: "https://" + "a" * (length - 8),
    "beginnings of links": _repeated("http://www."),
    "mail addresses": _repeated("a@b.cd "),
    "almost a mail address": lambda length: "a." * (length // 2 - 1) + "@a",
    "at signs": _repeated("@"),
    "quoted lines": _repeated("> a\n"),
    "quotation marks": _repeated(">"),
    "quotation marks on lines": _repeated(">\n"),
    "brackets": _repeated("["),
    "braces": _repeated("{"),
    "tags": _repeated("<a"),
    "stars": _repeated("*"),
    "underscores": _repeated("_"),
    "underscores on lines": _repeated("___ \n"),
    "hyphens": _repeated("-"),
    "hyphens on lines": _repeated("-- \n"),
    "hyphenated": _repeated("а-"),
    "apostrophes": _repeated("а'"),
    "slashes": _repeated("/"),
    "dots": _repeated(". "),
    "commas": _repeated(","),
    "marks mixed": _repeated("!?;:.,()\"'«»"),
    "question marks": _repeated("?!"),
    "greetings": _repeated("здравствуйте, "),
    "long greetings": _repeated("и всем доброго времени суток друзья "),
    "almost a greeting": _repeated("и всем "),
    "requests": _repeated("подскажите пожалуйста, "),
    "signatures": _repeated("С уважением, "),
    "signatures on lines": _repeated("\nС уважением,"),
    "sent from": _repeated(". sent from my "),
    "other layout": _repeated("rfr dthyenm njdfh "),
    "other layout, marks": _repeated("[';.,`]"),
    "Latin letters": _repeated("skolko stoit dostavka "),
    "Latin letters, ambiguous": _repeated("jwxc "),
    "mixed alphabets": _repeated("аbвdеf "),
    "short words, all different": _words(_LETTERS + _LATIN, 1, 1),
    "Russian words, all different": _words(_LETTERS, 6, 12),
    "Latin words, all different": _words(_LATIN, 6, 12),
    "long words, all different": _words(_LETTERS, 25, 32),
    "mistyped": _repeated("зкааз досатвка вовзрат "),
    "grows in lower case": _repeated("İ"),
    "grows when folded": _repeated("ß"),
    "grows eighteenfold": _repeated("\ufdfa"),
    "grows, with spaces": _repeated("\ufdfa "),
    "compatibility letters": _repeated("ﬃ㍿"),
    "full width": _repeated("ｆｕｌｌ "),
    "circled": _repeated("⑴"),
    "Chinese": lambda length: "".join(chr(0x4E00 + place * 7 % 20000) for place in range(length)),
    "Korean": lambda length: "".join(chr(0xAC00 + place * 13 % 11172) for place in range(length)),
    "Korean in pieces": _repeated("\u1112\u1161\u11ab"),
    "Arabic": _repeated("السلام عليكم "),
    "Thai": _repeated("สวัสดีครับ"),
    "every character": lambda length: "".join(chr(33 + place * 31 % 55000) for place in range(length)),
    "private characters": _repeated("\ue000а"),
    "control characters": _repeated("\x01а"),
    "kept as written": _repeated("№½"),
    "fields": _repeated("{customer_name} "),
    "nested markup": _repeated("[[**>>"),
    "code": _repeated("if(a){b=c;}\n"),
    "base64": lambda length: "".join(
        random.Random(2).choices(_LATIN + _LATIN.upper() + "0123456789+/", k=length)
    ),
    "an ordinary text": _repeated(
        "Здравствуйте! Заказ не пришёл, хотя вчера обещали. Как вернуть деньги за доставку? "
    ),
    "an ordinary English text": _repeated(
        "Hello, my order has not arrived. How do I get my money back for shipping? "
    ),
}

"""Messages designed to cost as much as possible. Each fills the given length."""

import random
from collections.abc import Callable

_LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_LATIN = "abcdefghijklmnopqrstuvwxyz"


def _repeat(piece: str) -> Callable[[int], str]:
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
    "newlines": _repeat("\n"),
    "newlines and a letter": lambda length: "\n" * (length - 1) + "x",
    "spaces": _repeat(" "),
    "spaces and a letter": lambda length: "я" + " " * (length - 2) + "x",
    "tabs and newlines": _repeat("\t\n"),
    "no-break spaces": _repeat("\u00a0"),
    "one letter": _repeat("а"),
    "two letters": _repeat("аб"),
    "one word of random letters": lambda length: "".join(random.Random(1).choices(_LETTERS, k=length)),
    "one Latin word": lambda length: "".join(random.Random(1).choices(_LATIN, k=length)),
    "digits": _repeat("0123456789"),
    "digits in groups": _repeat("1 2-3 (4) "),
    "digits and letters": _repeat("а1"),
    "phones": _repeat("+7 (916) 123-45-67 "),
    "dates": _repeat("12.03.2026 "),
    "emoji": _repeat("👍"),
    "joined emoji": _repeat("👩‍👩‍👧‍👦"),
    "flags": _repeat("🇷🇺"),
    "combining marks": _repeat("а\u0301"),
    "one letter under marks": _marks,
    "zero-width characters": _repeat("а\u200b"),
    "only zero-width characters": _repeat("\u200b"),
    "variation selectors": _repeat("а\ufe0f"),
    "links": _repeat("https://a.b/c "),
    "one link": lambda length: "https://" + "a" * (length - 8),
    "beginnings of links": _repeat("http://www."),
    "mail addresses": _repeat("a@b.cd "),
    "almost a mail address": lambda length: "a." * (length // 2 - 1) + "@a",
    "at signs": _repeat("@"),
    "quoted lines": _repeat("> a\n"),
    "quotation marks": _repeat(">"),
    "quotation marks on lines": _repeat(">\n"),
    "brackets": _repeat("["),
    "braces": _repeat("{"),
    "tags": _repeat("<a"),
    "stars": _repeat("*"),
    "underscores": _repeat("_"),
    "underscores on lines": _repeat("___ \n"),
    "hyphens": _repeat("-"),
    "hyphens on lines": _repeat("-- \n"),
    "hyphenated": _repeat("а-"),
    "apostrophes": _repeat("а'"),
    "slashes": _repeat("/"),
    "dots": _repeat(". "),
    "commas": _repeat(","),
    "marks mixed": _repeat("!?;:.,()\"'«»"),
    "question marks": _repeat("?!"),
    "greetings": _repeat("здравствуйте, "),
    "long greetings": _repeat("и всем доброго времени суток друзья "),
    "almost a greeting": _repeat("и всем "),
    "requests": _repeat("подскажите пожалуйста, "),
    "signatures": _repeat("С уважением, "),
    "signatures on lines": _repeat("\nС уважением,"),
    "sent from": _repeat(". sent from my "),
    "other layout": _repeat("rfr dthyenm njdfh "),
    "other layout, marks": _repeat("[';.,`]"),
    "Latin letters": _repeat("skolko stoit dostavka "),
    "Latin letters, ambiguous": _repeat("jwxc "),
    "mixed alphabets": _repeat("аbвdеf "),
    "short words, all different": _words(_LETTERS + _LATIN, 1, 1),
    "Russian words, all different": _words(_LETTERS, 6, 12),
    "Latin words, all different": _words(_LATIN, 6, 12),
    "long words, all different": _words(_LETTERS, 25, 32),
    "mistyped": _repeat("зкааз досатвка вовзрат "),
    "grows in lower case": _repeat("İ"),
    "grows when folded": _repeat("ß"),
    "grows eighteenfold": _repeat("\ufdfa"),
    "grows, with spaces": _repeat("\ufdfa "),
    "compatibility letters": _repeat("ﬃ㍿"),
    "full width": _repeat("ｆｕｌｌ "),
    "circled": _repeat("⑴"),
    "Chinese": lambda length: "".join(chr(0x4E00 + place * 7 % 20000) for place in range(length)),
    "Korean": lambda length: "".join(chr(0xAC00 + place * 13 % 11172) for place in range(length)),
    "Korean in pieces": _repeat("\u1112\u1161\u11ab"),
    "Arabic": _repeat("السلام عليكم "),
    "Thai": _repeat("สวัสดีครับ"),
    "every character": lambda length: "".join(chr(33 + place * 31 % 55000) for place in range(length)),
    "private characters": _repeat("\ue000а"),
    "control characters": _repeat("\x01а"),
    "kept as written": _repeat("№½"),
    "fields": _repeat("{customer_name} "),
    "nested markup": _repeat("[[**>>"),
    "code": _repeat("if(a){b=c;}\n"),
    "base64": lambda length: "".join(
        random.Random(2).choices(_LATIN + _LATIN.upper() + "0123456789+/", k=length)
    ),
    "an ordinary text": _repeat(
        "Здравствуйте! Заказ не пришёл, хотя вчера обещали. Как вернуть деньги за доставку? "
    ),
    "an ordinary English text": _repeat(
        "Hello, my order has not arrived. How do I get my money back for shipping? "
    ),
}

"""Files made to exhaust memory or time, in any size."""

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

Writer = Callable[[Path, int], None]  # writes to a path about so many bytes

CASES: dict[str, tuple[str, str, Writer]] = {}  # name -> reader, file name, writer

HEADER = "question,answer\n"
_HEADERS = {
    "chats": "chat,author,time,text\n",
    "intents": "text,intent\n",
    "orders": "number,state\n",
}
_NLU = "version: '3.1'\nresponses:\n  utter_faq/a: [{text: b}]\nnlu:\n"


def reader_of(name: str) -> Callable[[Path], object]:
    """Return the function that reads a kind of file, importing only what it needs."""
    if name == "articles":
        from kb_index.formats import count_hint, read_articles

        def articles(path: Path) -> int:
            count_hint(path)
            return sum(1 for _ in read_articles(path, on_warning=lambda _: None))

        return articles
    if name == "chats":
        from prompter.knowledge.chat_history import (
            read_history,  # what is made of the messages shows its progress
        )

        return lambda path: sum(1 for _ in read_history(path))
    if name in {"intents", "cases"}:
        from evaluation.rows import read_cases, read_intents

        if name == "intents":
            return lambda path: len(read_intents(path))
        return lambda path: len(read_cases(path, known_ids=None))
    if name == "orders":
        from sufler.rasa.order_lookup import CsvOrders

        return lambda path: CsvOrders(path).state_of("1")
    if name == "project":
        from kb_index.formats.rasa_project import read_project

        return lambda path: len(read_project(path).articles)
    if name == "examples":
        from nlu.training_data import read_examples

        return lambda path: len(read_examples(path))
    from sufler.settings import load_settings

    return lambda path: type(load_settings(path)).__name__


def _case(name: str, file: str, *readers: str) -> Callable[[Writer], Writer]:
    def add(write: Writer) -> Writer:
        for reader in readers or ("articles",):
            CASES[f"{reader}, {file.partition('.')[2]}: {name}"] = reader, file, write
        return write

    return add


def _text(name: str, file: str, unit: str, *readers: str, head: str = "", tail: str = "") -> None:
    """Register a file that repeats one text."""

    for reader in readers or ("articles",):
        header = head.replace(HEADER, _HEADERS.get(reader, HEADER))

        def write(path: Path, size: int, header: str = header) -> None:
            count = max(1, (size - len((header + tail).encode())) // len(unit.encode()))
            path.write_text(header + unit * count + tail, encoding="utf-8", newline="")

        _case(name, file, reader)(write)


def _numbered(name: str, file: str, unit: str, *readers: str, head: str = "", tail: str = "") -> None:
    """Register a file that repeats one text, with a number in place of %d."""

    def write(path: Path, size: int) -> None:
        n_bytes, number = 0, 0
        with path.open("w", encoding="utf-8", newline="") as target:
            target.write(head)
            while n_bytes < size - len(head) - len(tail):
                n_bytes += target.write(unit.replace("%d", str(number)))
                number += 1
            target.write(tail)

    _case(name, file, *readers)(write)


CSV = ("articles", "chats", "intents", "orders")
_text("one cell", "a.csv", "x", *CSV, head=HEADER)
_text("a cell of spaces", "a.csv", " ", "articles", head=HEADER + "a,", tail="x")
_text("commas on a line", "a.csv", ",", *CSV)
_text("columns of one letter", "a.csv", "a,", *CSV)
_text("a header of known columns", "a.csv", "question,answer,", "articles")
_text("commas below a header", "a.csv", ",", "articles", head=HEADER)
_text("empty lines", "a.csv", "\n", *CSV)
_text("empty lines below a header", "a.csv", "\n", "articles", head=HEADER)
_text("lines of a carriage return", "a.csv", "\r", "articles", head=HEADER)
_text("lines of a comma", "a.csv", ",\n", "articles", "chats", head=HEADER)
_text("lines of a comma and empty ones", "a.csv", ",\n\n", "articles", head=HEADER)
_text("a quote never closed", "a.csv", "x\n", *CSV, head=HEADER + '"')
_text("quotes", "a.csv", '"', *CSV, head=HEADER)
_text("NULs", "a.csv", "\0", *CSV)
_text(
    "letters of Windows-1251 without an end",
    "a.csv",
    "я",
    head=HEADER,
    tail="\udc80".encode("utf-8", "surrogatepass").decode("latin1"),
)
_numbered("rows of nothing", "a.csv", "q%d,b\n", head=HEADER)
_numbered("rows", "a.csv", "a%d,b\n", "intents", head="text,intent\n")
_numbered("rows", "a.csv", "a%d,\n", "cases", head="text,article_id\n")
_numbered("chats", "a.csv", "%d,client,1,a\n", "chats", head="chat,author,time,text\n")
_numbered("orders", "a.csv", "%d,a\n", "orders", head="number,state\n")
_text("apostrophes", "a.csv", "'", "articles", head=HEADER + "a,")
_text("semicolons and quotes", "a.csv", ';"', "articles", head="question\tanswer\na\t")


@_case("bytes that are no text", "a.csv", *CSV)
def _no_text(path: Path, size: int) -> None:
    path.write_bytes(HEADER.encode() + b"\xff" * size)


JSON = ("articles", "chats")
_text("opening brackets", "a.json", "[", *JSON)
_text("opening braces", "a.json", '{"a":', *JSON)
_text("empty lists", "a.json", "[],", *JSON, head="[", tail="[]]")
_text("nested lists", "a.json", "[" * 400 + "]" * 400 + ",", *JSON, head="[", tail="[]]")
_text("nested objects", "a.json", '{"":' * 300 + "0" + "}" * 300 + ",", *JSON, head="[", tail="[]]")
_text("numbers", "a.json", "0,", *JSON, head="[", tail="0]")
_text("a number of digits", "a.json", "9", *JSON, head="[", tail="]")
_text("a text", "a.json", "😀", *JSON, head='["', tail='"]')
_text("escapes", "a.json", "\\u0041", *JSON, head='["', tail='"]')
_text("an object of lists", "a.json", "[],", *JSON, head='[{"question": [', tail="[]]}]")
_text("spaces", "a.json", " ", *JSON)
_text("one key", "a.json", '"question":"a",', "articles", head="[{", tail='"answer":""}]')
_numbered(
    "articles", "a.json", '{"question":"%d","answer":"b"},', head="[", tail='{"question":"z","answer":""}]'
)
_numbered(
    "chats",
    "a.json",
    '{"chat":%d,"author":"bot","time":1,"text":""},',
    "chats",
    head="[",
    tail='{"chat":0,"author":"bot","time":1,"text":""}]',
)
_text("empty objects", "a.jsonl", "{}\n", *JSON)
_text("empty lines", "a.jsonl", "\n", *JSON)
_text("lines of a space", "a.jsonl", " \n", *JSON)
_text("opening brackets", "a.jsonl", "[", *JSON)
_text("nested lists", "a.jsonl", "[" * 400 + "]" * 400 + ",", *JSON, head="[", tail="[]]")
_numbered("articles", "a.jsonl", '{"question":"%d","answer":"b"}\n')

_TELEGRAM = '{"id":1,"type":"personal_chat","messages":['
_FROM = '"type":"message","date":"2026-03-02T09:30:00","from_id":"user%d"'
_numbered(
    "messages of Telegram", "a.json", "{" + _FROM + ',"text":"a"},', "chats", head=_TELEGRAM, tail="{}]}"
)
_numbered(
    "pieces of Telegram", "a.json", '{"text":"%d"},', "chats", head=_TELEGRAM + '{"text":[', tail='""]}]}'
)
_text("chats of Telegram", "a.json", '{"id":1},', "chats", head='{"chats":{"list":[', tail="{}]}}")
_text("keys before the chats", "a.json", '"a":{"b":[1]},', "chats", head="{", tail='"chats":{"list":[]}}')
_text(
    "comments", "a.json", '{"public":false},', "chats", head='[{"requester_id":1,"comments":[', tail="{}]}]"
)
_text("tickets", "a.jsonl", '{"requester_id":1,"comments":[{}]}\n', "chats")
_numbered("lines of WhatsApp", "a.txt", "02.03.2026, 09:30 - a%d: b\n", "chats")
_text("lines of one message", "a.txt", "b\n", "chats", head="02.03.2026, 09:30 - a: b\n")
_text("one line of WhatsApp", "a.txt", "b ", "chats", head="02.03.2026, 09:30 - a: ")
_text("authors without end", "a.txt", "02.03.2026, 09:30 - " + "a" * 200 + "\n", "chats")
_text("marks of WhatsApp", "a.txt", "\u200e", "chats", head="[02.03.2026, 09:30:00] a: ")
_text("digits", "a.txt", "0", "chats")
_text("dates", "a.csv", "2026-03-02 " * 50, "chats", head=HEADER + "1,client,", tail=",a")
_text("digits of a time", "a.csv", "1:00 ", "chats", head=HEADER + "1,client,", tail=",a")

YAML = ("articles", "project", "examples", "settings")
_text("opening brackets", "a.yml", "[", *YAML, head="nlu: ")
_text("opening braces", "a.yml", "{a: ", *YAML, head="nlu: ")
_text("empty lists", "a.yml", "[],", *YAML, head="nlu: [", tail="[]]")
_text("nested lists", "a.yml", "[" * 40 + "]" * 40 + ",", *YAML, head="nlu: [", tail="[]]")
_text("entries", "a.yml", "- a\n", *YAML, head="nlu:\n")
_numbered("keys", "a.yml", "k%d:\n", *YAML, head="nlu: []\n")
_text("dashes", "a.yml", "- ", *YAML, head="nlu:\n")
_text("question marks", "a.yml", "? ", *YAML, head="nlu:\n ")
_text("a scalar", "a.yml", "x", *YAML, head="nlu: ")
_text("a number", "a.yml", "9", *YAML, head="sufler: ")
_text("sixties", "a.yml", "1:", *YAML, head="sufler: ", tail="1")
_text("spaces", "a.yml", " ", *YAML, head="nlu: ", tail="x")
_text("remarks", "a.yml", "#\n", *YAML, head="nlu: []\n")
_text("quotes", "a.yml", "''", *YAML, head="nlu: '", tail="'")
_numbered("anchors", "a.yml", "- &a%d a\n", *YAML, head="nlu:\n")
_text("aliases", "a.yml", "- *a\n", *YAML, head="a: &a b\nnlu:\n")
_numbered("intents", "a.yml", "- intent: i%d\n  examples: '- a'\n", *YAML, head=_NLU)
_numbered(
    "stories",
    "a.yml",
    "- story: s%d\n  steps:\n  - intent: a\n  - action: b\n",
    *YAML,
    head="nlu: [{intent: a, examples: '- a'}]\nstories:\n",
)
EXAMPLES = _NLU + "- intent: faq/a\n  examples: |\n    - why\n"
_text("examples", "a.yml", "    - a\n", "articles", "project", "examples", head=EXAMPLES)
_text("examples of an intent", "a.yml", "    - a\n", "examples", head=EXAMPLES.replace("faq/a\n", "a\n"))
for _name, _unit in (
    ("[", "["),
    ("](", "]("),
    ("[a](", "[a]("),
    ("[a][", "[a]["),
    ("[a]{", "[a]{"),
    ("[a](b) ", "[a](b) "),
):
    for _line in ("one line", "many lines"):
        _long = _unit if _line == "one line" else _unit * (15_000 // len(_unit)) + "\n    - "
        _text(f"{_name} on {_line}", "a.yml", _long, "articles", head=EXAMPLES + "    - ")
        _text(
            f"{_name} on {_line}",
            "a.yml",
            _long,
            "examples",
            head=EXAMPLES.replace("faq/a\n", "a\n") + "    - ",
        )


@_case("laughs", "a.yml", *YAML)
def _laughs(path: Path, _size: int) -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    path.write_text(f"a0: &a0 lol\n{levels}nlu: *a29\nsufler: *a29\n", encoding="utf-8")


@_case("laughs by merging", "a.yml", *YAML)
def _merging_laughs(path: Path, _size: int) -> None:
    levels = "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 30))
    path.write_text(f"a0: &a0 {{x: y}}\n{levels}nlu: []\nsufler: *a29\n", encoding="utf-8")


@_case("a part of itself", "a.yml", *YAML)
def _itself(path: Path, _size: int) -> None:
    path.write_text("stories: [{story: a, steps: [&a {or: [*a, *a]}]}]\nnlu: []\n", encoding="utf-8")


@_case("examples by alias", "a.yml", *YAML[:3])
def _aliased_examples(path: Path, size: int) -> None:
    examples = "    - abc\n" * (size // 10 - 1000)
    intents = "".join(f"- intent: i{n}\n  examples: *e\n" for n in range(500))
    path.write_text(f"{_NLU}- intent: faq/a\n  examples: &e |\n{examples}{intents}", encoding="utf-8")


_text("headings", "a.md", "# a\n")
_numbered("headings and answers", "a.md", "# q%d\na\n")
_text("paragraphs", "a.md", "a\n\n")
_text("lines", "a.md", "a\n")
_text("empty lines", "a.md", "\n", head="# a\n")
_text("bullets", "a.md", "- a\n")
_text("nested bullets", "a.md", "- - - - - - a\n")
_text("bullets on a line", "a.md", "- ")
_text("quotes", "a.md", "> a\n")
_text("nested quotes", "a.md", ">" * 18 + "a\n")
_text("quotes on a line", "a.md", ">")
_text("references", "a.md", "[a]: b\n")
_numbered("different references", "a.md", "[a%d]: b\n")
_text("a reference that goes on", "a.md", "a\n", head="[a]: b 'c\n")
_text("tags", "a.md", "<a\n")
_text("underlines", "a.md", "a\n=\n")
_text("fences", "a.md", "```\n")
_text("tables", "a.md", "a|b\n-|-\n")
_text("tabs", "a.md", "\t")
_text("stairs", "a.md", "".join(" " * n + "- a\n" for n in range(40)))
_text("front matter", "a.md", "---\n", head="---\na\n")
for _unit in (
    "[",
    "![",
    "*a ",
    "**a_ ",
    "`",
    "`a``",
    "<",
    "<a ",
    "\\",
    "&",
    "[a](",
    "]",
    "_",
    "*",
    "[a][",
    "a",
    " ",
    "<!--",
    "](",
    "&a;",
    "{#",
):
    _text(f"a heading of {_unit}", "a.md", _unit, head="# ")
    _text(f"headings of {_unit}", "a.md", "# " + _unit * (15_000 // len(_unit)) + "\n")

_MD = "# Questions\n\n"
for _unit in (
    "<details><summary>a</summary>\n\nb\n</details>\n\n", "<details>\n", "<summary>\n\n", "<table><td>\n\n",
    "<!--", "``<!-- -->\n", "**a?**\nb\n", "1. a?\n   b\n", "a?\n", "Q: a\nA: b\n", "|a?|b|\n",
):  # fmt: skip
    _text(f"text of {_unit}", "a.md", _unit, head=_MD)
    _text(f"folds and {_unit}", "a.md", _unit, head="<details><summary>a</summary>b</details>\n\n")
for _unit in (
    "**a** ",
    "[a](/b) ",
    "[",
    "*a ",
    "<b>a</b>",
    "<!--",
    "&amp;",
    "<ul><li>",
    "<a href=b>",
    "> ",
    "- ",
):
    _numbered(f"answers of {_unit}", "a.md", "# q%d\n" + _unit + "\n")
    _text(f"a cell of {_unit}", "a.csv", _unit, head=HEADER + "a,<p>**b**", tail="\n")
    _numbered(f"cells of {_unit}", "a.csv", "q%d,<p>**b**" + _unit * 90 + "\n", head=HEADER)
_numbered("different folds", "a.md", "<details><summary>q%d</summary>\n\nb\n</details>\n\n")
_numbered("different bold questions", "a.md", "**q%d?**\n\nb\n\n", head=_MD)
_numbered("different labelled questions", "a.md", "Q: q%d\nA: b\n\n", head=_MD)
_numbered("a table of questions", "a.md", "|q%d|b|\n", head=_MD + "|question|answer|\n|-|-|\n")
_text("a table of cells", "a.md", "|a", head=_MD + "|a|b|\n|-|-|\n")

for _unit in ('{"tag":"a","patterns":["b"],"responses":["c"]},', '{"tag":"a"},', "0,"):
    head = '{"intents":[{"tag":"x","patterns":["y"],"responses":["z"]},'
    _text(f"intents of {_unit}", "a.json", _unit, head=head, tail="0]}")
_numbered(
    "articles of a help center",
    "a.json",
    '{"id":%d,"title":"a","body":"<p>b<ul><li>c</ul>"},',
    head='{"articles":[',
    tail="0]}",
)

H2 = "<h2>a</h2>b"
_ITEM = "itemtype='http://schema.org/Question'"
for _unit in (
    "<div>", "<p>", "<b>a", "</div>", "<br>", "<", "</", "<!--", "<![CDATA[", "<!", "<?", "<a", "<a ",
    "<a b='", "&", "&#", "&amp", "&amp;", "<a b=c ", "<a a='<a ' ", "<details>", "<dl>", "<h2>",
    "<details><summary>a</summary>b</details>", "<details><summary>a</summary>", "<dl><dt>a<dd>b",
    "<dt>a</dt><dd>b</dd>", "<h2>a</h2>b", "<li>a", "<script>", "<script></script", "<textarea>",
    f"<div {_ITEM}>", f"<div {_ITEM}><b itemprop=name>a</b></div>", "<!DOCTYPE a>", "a", "<b></b>",
    "<b></p>", "<table><tr><td>", "<pre>", "<a href=x>a</a>", " \n",
    "<script type='application/ld+json'>{}</script>",
):  # fmt: skip
    _text(f"page of {_unit}", "a.html", _unit, head=H2)
_numbered("page of different details", "a.html", "<details><summary>q%d</summary>b</details>")
_numbered("page of panels", "a.html", "<button aria-controls=p%d>q</button><div id=p1>b</div>")
_numbered("page of buttons", "a.html", "<button>q%d</button><p>b</p>")
_numbered("page of classes", "a.html", "<div class=question>q%d</div><div class=answer>b</div>")
for _unit in (
    "<button>", "<button aria-controls=a>", "<button>a</button>", "<div class=question>", "<td>a</td>",
    "<div class=question>a</div>", "<div id=a>", "<p>a?</p>", "<p><b>a?</b></p>b", "<ul><li>", "<h3>a?</h3>",
    "<img src=a>", "<div class=answer>", "<tr><td>a?<td>b", "<a href=b><b>",
    "<details><summary>a?</summary>b",
):  # fmt: skip
    _text(f"page of {_unit}", "a.html", _unit, head=H2)
_numbered(
    "page of different details below a heading",
    "a.html",
    "<details><summary>q%d</summary>b</details>",
    head="<h2>" + "x" * 500_000 + "</h2>",
)
_text("page of one attribute", "a.html", "x", head=H2 + "<a b='", tail="'>")
_text("page of one attribute without an end", "a.html", "x", head=H2 + "<a b='")
_text("page of many attributes", "a.html", " a=b", head=H2 + "<a ", tail=">")
LD = "<script type='application/ld+json'>"
_text("page of brackets in JSON", "a.html", "[", head=H2 + LD)
_text("page of nested JSON", "a.html", "[" * 400 + "]" * 400 + ",", head=H2 + LD + "[", tail="[]]</script>")
_numbered(
    "page of questions in JSON",
    "a.html",
    '{"@type":"Question","name":"q%d","acceptedAnswer":"<b>a</b>"},',
    head=LD + "[",
    tail="[]]</script>",
)
_text(
    "page of a question of tags in JSON",
    "a.html",
    "<i>",
    head=LD + '[{"@type":"Question","name":"',
    tail='"}]</script>',
)


@_case("nested details around a text", "a.html")
def _nested(path: Path, size: int) -> None:
    text = "x" * max(1, size // 2)
    inner = "<h3>" * 200 + text + "</h3>" * 200
    path.write_text(inner + "<b></b>" * (size // 20), encoding="utf-8")


# --- workbooks ---------------------------------------------------------------------------------------

_NAMES = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _text_cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


_FIRST_ROW = f'<row r="1">{_text_cell("question")}{_text_cell("answer")}</row>'


def _relation(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'


def _relations(*relations: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}">{"".join(relations)}</Relationships>'


def _type(part: str, kind: str) -> str:
    return f'<Override PartName="/xl/{part}" ContentType="{_TYPES}.{kind}+xml"/>'


def workbook(path: Path, parts: dict[str, Iterator[str] | str], *, level: int = 9) -> None:
    """Write a workbook with these parts and the usual parts for the rest."""
    usual = {
        "_rels/.rels": _relations(_relation(1, "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook {_NAMES} xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations(
            _relation(1, "worksheet", "worksheets/sheet1.xml"),
            _relation(2, "sharedStrings", "sharedStrings.xml"),
            _relation(3, "styles", "styles.xml"),
        ),
        "xl/worksheets/sheet1.xml": sheet(f"<row>{_text_cell('a')}{_text_cell('b')}</row>"),
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        + _type("workbook.xml", "sheet.main")
        + _type("worksheets/sheet1.xml", "worksheet")
        + _type("sharedStrings.xml", "sharedStrings")
        + "</Types>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in {**usual, **parts}.items():
            with archive.open(name, "w", force_zip64=True) as entry:
                writer = io.TextIOWrapper(entry, encoding="utf-8", write_through=False)
                writer.writelines([content] if isinstance(content, str) else content)
                writer.flush()
                writer.detach()


def sheet(rows: str) -> str:
    return f"<worksheet {_NAMES}><sheetData>{_FIRST_ROW}{rows}</sheetData></worksheet>"


def again(head: str, unit: str, n_bytes: int, tail: str) -> Iterator[str]:
    """Yield a repeated text in blocks, so that writing a large part takes little memory."""
    block = unit * max(1, 60_000 // len(unit))
    yield head
    for _ in range(max(1, n_bytes // len(block))):
        yield block
    yield tail


SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
_OPEN, _CLOSE = f"<worksheet {_NAMES}><sheetData>{_FIRST_ROW}", "</sheetData></worksheet>"


def _sheet_of(
    name: str,
    unit: str,
    *,
    times: int = 19,
    tail: str = "",
    head: str = "",
    part: str = SHEET,
    wrap: tuple[str, str] = (_OPEN, _CLOSE),
) -> None:
    """Return a part of a workbook that unpacks to `times` the requested size."""

    def write(path: Path, size: int) -> None:
        # a picture of noise, so that the whole is packed no tighter than honest workbooks
        noise = random.Random(0).randbytes(size // 5)
        content = again(wrap[0] + head, unit, size * times, tail + wrap[1])
        workbook(path, {part: content, "xl/media/noise": iter([noise.decode("latin1")])})

    _case(f"workbook of {name}", "a.xlsx")(write)


_sheet_of("zeros", "\n", times=100)
_sheet_of("spaces, 19 times", "\n")
_sheet_of("rows", "<row/>")
_sheet_of("empty cells", "<c/>", head="<row>", tail="</row>")
_sheet_of("cells at one place", '<c r="A2"><v>1</v></c>', head="<row>", tail="</row>")
_sheet_of("numbers", '<row><c r="A2"><v>1</v></c><c r="B2"><v>1</v></c></row>')
_sheet_of("last columns", '<row><c r="A2"><v>1</v></c><c r="B2"><v>1</v></c><c r="XFD2"><v> </v></c></row>')
_sheet_of("texts", '<row><c t="inlineStr"><is><t>a</t></is></c></row>')
_sheet_of("one text", "a", head='<row><c t="inlineStr"><is><t>', tail="</t></is></c></row>")
_sheet_of("texts in pieces", "<r><t>a</t></r>", head='<row><c t="inlineStr"><is>', tail="</is></c></row>")
_sheet_of("nested tags", "<a>", head="<row>")
_sheet_of("a tag without an end", "a", head="<row ")
_sheet_of("a remark", "a", head="<!--", tail="-->")
_sheet_of("attributes", " a='b'", head="<row ", tail="/>")
_sheet_of(
    "merged cells",
    '<mergeCell ref="A1:B2"/>',
    wrap=(
        f"<worksheet {_NAMES}><sheetData>{_FIRST_ROW}</sheetData><mergeCells>",
        "</mergeCells></worksheet>",
    ),
)
_sheet_of(
    "entities",
    "&a;",
    head="<row>",
    tail="</row>",
    wrap=('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaaaaaaaaaaaa">]>' + _OPEN, _CLOSE),
)
_sheet_of("shared strings", "<si><t>a</t></si>", part=STRINGS, wrap=(f"<sst {_NAMES}>", "</sst>"))
_sheet_of("empty shared strings", "<si/>", part=STRINGS, wrap=(f"<sst {_NAMES}>", "</sst>"))
_sheet_of("one shared string", "a", part=STRINGS, wrap=(f"<sst {_NAMES}><si><t>", "</t></si></sst>"))
_sheet_of(
    "long shared strings",
    "<si><t>" + "ы😀" * 8_000 + "</t></si>",
    part=STRINGS,
    wrap=(f"<sst {_NAMES}>", "</sst>"),
)
_sheet_of(
    "styles",
    '<xf numFmtId="14"/>',
    part="xl/styles.xml",
    wrap=(f"<styleSheet {_NAMES}><cellXfs>", "</cellXfs></styleSheet>"),
)
_sheet_of(
    "sheets",
    '<sheet name="a" sheetId="1"/>',
    part="xl/workbook.xml",
    wrap=(f"<workbook {_NAMES}><sheets>", "</sheets></workbook>"),
)
_sheet_of(
    "relations",
    '<Relationship Id="a" Type="b" Target="c"/>',
    part="xl/_rels/workbook.xml.rels",
    wrap=(f'<Relationships xmlns="{_PACKAGE}">', "</Relationships>"),
)


@_case("workbook of names", "a.xlsx")
def _names(path: Path, size: int) -> None:
    workbook(path, {SHEET: iter([_OPEN, *(f"<a{n}/>" for n in range(size // 10)), _CLOSE])})


@_case("workbook of a few long texts again and again", "a.xlsx")
def _bomb(path: Path, size: int) -> None:
    strings = f"<sst {_NAMES}>" + f"<si><t>{'слово ' * 3_000}</t></si>" * 9 + "</sst>"
    row = '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
    workbook(path, {STRINGS: strings, SHEET: again(_OPEN, row, size * 10, _CLOSE)})


@_case("workbook with the row 999,999,999", "a.xlsx")
def _far_row(path: Path, _size: int) -> None:
    workbook(path, {SHEET: sheet('<row r="999999999"><c><v>1</v></c></row>')})


@_case("workbook with the row 1,048,576", "a.xlsx")
def _last_row(path: Path, _size: int) -> None:
    workbook(path, {SHEET: sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')})


@_case("workbook that lies of its size", "a.xlsx")
def _liar(path: Path, _size: int) -> None:
    content = sheet("<row><c><v>1</v></c><c><v>2</v></c></row>")
    workbook(path, {SHEET: content.replace("<sheetData>", '<dimension ref="A1:XFD9999999"/><sheetData>')})


@_case("archive of empty files", "a.xlsx")
def _many_entries(path: Path, size: int) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(size // 100):
            archive.writestr(str(number), b"")

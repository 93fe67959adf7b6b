"""FAQ pages as found on real sites are read."""

from pathlib import Path

import pytest

from kb_index.article import Article
from kb_index.errors import BadFile
from kb_index.formats import read_articles


def read(tmp_path: Path, content: str | bytes) -> list[Article]:
    path = tmp_path / "faq.html"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_articles(path, on_warning=lambda _: None))


def summarize(articles: list[Article]) -> list[tuple[str, str, str]]:
    return [(article.topic, article.question, article.answer) for article in articles]


HEAD = "<!doctype html><html><head><title>FAQ</title><meta charset=utf-8></head><body><h1>FAQ</h1>"

JSON_LD = """<script type="application/ld+json">{"@graph": [{"@type": "FAQPage",
"mainEntity": [
  {"@type": "Question", "name": "How &amp; when?", "acceptedAnswer": {"@type": "Answer",
   "text": "<p>Now.<br>See <a href='https://x.test/a'>here</a></p><ul><li>one</li><li>two</li></ul>"}},
  {"@type": ["Question"], "name": "Why?", "acceptedAnswer": [{"text": "So"}]}
]}]}</script>"""

MICRODATA = """<div itemscope itemtype="https://schema.org/FAQPage">
<div itemscope itemprop="mainEntity" itemtype="https://schema.org/Question"><h3 itemprop="name">Why?</h3>
<div itemprop="acceptedAnswer" itemtype="https://schema.org/Answer"><div itemprop="text"><p>So</p></div></div>
</div></div>"""

DETAILS = """<h2>Доставка</h2>
<details open><summary>Когда <b>приедет</b>?</summary><p>Завтра</p><p>или позже</p>
</details><details><summary>Возврат</summary><details><summary>Как?</summary>Просто</details></details>"""

DEFINITIONS = """<h2>Оплата</h2><dl><dt>Как платить?</dt><dt>чем платить</dt><dd>Картой</dd><dd>или так</dd>
<div><dt>Когда?</dt><dd>Сразу</dd></div></dl>"""

HEADINGS = """<nav><h2>Menu</h2></nav><div class=item><h3><button>Why?</button></h3></div><div>So <!-- no -->
<script>alert(1)</script><style>x</style><a href="mailto:a@b.test">a@b.test</a>, <a href="#top">up</a></div>
<section><h3>Who?</h3><p>We&nbsp;are  <em>here</em></p><table><tr><td>a</td><td>b</td></tr></table></section>
<footer>(c)</footer>"""


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (
            JSON_LD + "<h3>Not this</h3>text",
            [
                ("general", "How & when?", "Now.\nSee here (https://x.test/a)\n\n- one\n- two"),
                ("general", "Why?", "So"),
            ],
        ),
        (MICRODATA, [("general", "Why?", "So")]),
        (DETAILS, [("Доставка", "Когда приедет?", "Завтра\n\nили позже"), ("Возврат", "Как?", "Просто")]),
        (DEFINITIONS, [("Оплата", "Как платить?", "Картой\nили так"), ("Оплата", "Когда?", "Сразу")]),
        (
            HEADINGS,
            [("general", "Why?", "So a@b.test, up"), ("general", "Who?", "We are here\n\na — b")],
        ),
        (
            '<script type="application/ld+json">{oops</script>' + DEFINITIONS,
            [("Оплата", "Как платить?", "Картой\nили так"), ("Оплата", "Когда?", "Сразу")],
        ),
    ],
)
def test_five_ways_to_write_a_page(tmp_path: Path, page: str, expected: list[tuple[str, str, str]]) -> None:
    assert summarize(read(tmp_path, HEAD + page)) == expected


def test_further_terms_are_phrasings(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD + DEFINITIONS)[0].phrasings == ("чем платить",)


def test_a_page_in_its_declared_encoding_is_read(tmp_path: Path) -> None:
    page = "<meta charset='windows-1251'><h2>Когда?</h2>Сейчас".encode("cp1251")
    assert summarize(read(tmp_path, page)) == [("general", "Когда?", "Сейчас")]


@pytest.mark.parametrize(
    "content", ["<h2>Why?</h2><p>So <b>it</i> is<p>unclosed", "<h2>Why?<p>So it is</h2>", "<<h2>>Why?"]
)
def test_broken_markup_does_no_harm(tmp_path: Path, content: str) -> None:
    for article in read(tmp_path, content):
        assert article.question


@pytest.mark.parametrize(
    ("content", "row", "problem"),
    [
        ("", None, "contains no articles"),
        ("<p>hello</p>", None, "contains no articles"),
        ("faq.html", None, "contains no articles"),
        (b"<h2>a\x00</h2>", 1, "NUL byte"),
        ("<h2>Почему?</h2>".encode("cp1251"), 1, "looks like Windows-1251"),
        ("<meta charset=utf-8>\n<h2>Почему?</h2>".encode("cp1251"), 2, "looks like Windows-1251"),
        ("<div>" * 20_000 + "<h2>a</h2>b", 1, "nested too deeply"),
    ],
)
def test_a_bad_page_is_refused(tmp_path: Path, content: str | bytes, row: int | None, problem: str) -> None:
    with pytest.raises(BadFile, match=problem) as caught:
        read(tmp_path, content)
    assert caught.value.row == row


def test_a_heading_inside_a_heading_is_a_part_of_it(tmp_path: Path) -> None:
    assert summarize(read(tmp_path, "<h2>Why <h3>so</h3></h2>Because<h2>Who?</h2>We")) == [
        ("general", "Why so", "Because"),
        ("general", "Who?", "We"),
    ]


@pytest.mark.slow
def test_end_tags_do_not_count_and_tags_of_looks_are_no_nodes(tmp_path: Path) -> None:
    steps = "".join(f"<li><span>шаг {number}</span></li>" for number in range(15))
    page = "".join(f"<h2>Вопрос {number}?</h2><ol>{steps}</ol>" for number in range(50))
    page += "<h2>Ещё?</h2>" + "a <b>b</b>\n" * 1_000 + "<i></i>" * 99_000
    articles = read(tmp_path, page)  # 200,000 tags behind them
    assert len(articles) == 51
    assert articles[0].answer.splitlines()[:2] == ["1. шаг 0", "2. шаг 1"]


@pytest.mark.parametrize(
    ("rest", "answer"),
    [
        ("<script>" + "let a = 1;\n" * 500, "Now."),
        ("<!-- " + "to be done " * 500, None),  # its text, or nothing in newer Pythons
        ("It is 1 <b than " + "2 or " * 1_000 + "3", None),
    ],
)
def test_a_page_that_is_cut_off_is_read_as_far_as_it_goes(
    tmp_path: Path, rest: str, answer: str | None
) -> None:
    (article,) = read(tmp_path, f"<h2>When?</h2><p>Now.</p>{rest}")
    assert article.question == "When?"
    assert article.answer.startswith("Now.")
    assert answer is None or article.answer == answer


@pytest.mark.slow
def test_breaks_and_end_tags_are_not_compared_with_each_other(tmp_path: Path) -> None:
    page = "<h2>When?</h2>Now." + "<br>" * 20_000 + "</b></p></br>" * 10_000
    (article,) = read(tmp_path, page)  # took minutes
    assert article.answer == "Now."


def test_microdata_in_a_span_is_kept(tmp_path: Path) -> None:
    page = (
        "<div itemtype='https://schema.org/Question'><span itemprop=name><b>Why</b> <span>so</span>?</span>"
        "<div itemprop=acceptedAnswer><b>no</b><span itemprop=text><i>Be</i>cause</span> or not</div></div>"
    )
    assert summarize(read(tmp_path, page)) == [("general", "Why so?", "Because")]


def test_a_declaration_that_no_browser_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="row 2: holds a declaration that no browser knows"):
        read(tmp_path, "<h2>a</h2>\n<![a[b]]>")

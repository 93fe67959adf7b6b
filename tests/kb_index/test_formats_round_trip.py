"""Every format reads back the articles that it wrote, for any text."""

import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kb_index.article import Article, Status
from kb_index.errors import BadFile, InvalidArticle
from kb_index.formats import Format, normalize_article, read_articles, write_articles
from kb_index.marks import Mark, MarkKind

pytestmark = pytest.mark.slow

FILES = ["kb.csv", "kb.xlsx", "kb.json", "kb.jsonl", "kb.yml", "kb"]
AWKWARD = [
    "=1+1", "'=1", "''", ";=", "\n-", "\n- ", ";\"+", "＠x", "-5 %",
    "+7 495 123-45-67", "-", "@SUM(A1)", "'quoted", '"', '""', "a,b;c\td", "x\r\ny\rz", "  spaces  ",
    "две\n\nстроки", "\n", "😀👩‍👩‍👧", "مرحبا \u202b", "#REF!", "_x0041_ _x000D_", "[деньги](amount)",
    '[x]{"entity": "y"}', "- пункт", "key: value", "{customer_name}", "null", "1e3", "2026-01-31",
    "# заголовок", "\ufeffbom", "\u2028", "\x85", "\x07", "~", "&a *a", "!!python/object", "%YAML",
    "---\n...", "| >", "\u00a0", "  отступ\n    ещё\n", "\ud83d", "</script>", "\t\tтаб", "\ufffe",
]  # fmt: skip

texts = st.lists(st.one_of(st.sampled_from(AWKWARD), st.text(max_size=20)), max_size=4).map(
    lambda parts: "".join(parts).replace("\x00", "")
)
lines = texts.map(lambda text: text.replace("\n", " ")).filter(lambda text: text.strip() != "")
marks = st.builds(
    Mark, kind=st.sampled_from([MarkKind.BOLD, MarkKind.CODE]), text=lines.map(str.strip).filter(bool)
) | st.just(Mark(kind=MarkKind.LINK, text="сюда", address="https://a.test/?a=1"))
ids = st.one_of(
    st.from_regex(r"[a-zA-Z0-9_./-]{1,12}", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"], exclude_characters="|"), min_size=1),
)
dates = st.one_of(st.none(), st.dates(date(1900, 3, 1), date(9999, 12, 31)))


@st.composite
def articles(draw: st.DrawFn) -> Article | None:
    since, until = draw(dates), draw(dates)
    if since and until and since > until:
        since, until = until, since
    try:
        article = Article(
            id=draw(ids),
            question=draw(texts),
            answer=draw(texts),
            topic=draw(lines),
            language=draw(st.sampled_from(["ru", "en", "pt-BR"])),
            phrasings=tuple(draw(st.lists(lines, max_size=3))),
            status=draw(st.sampled_from(list(Status))),
            valid_from=since,
            valid_until=until,
            marks=tuple(draw(st.lists(marks, max_size=2))),
        )
        normalize_article(article)
    except InvalidArticle:
        return None
    return article


knowledge_bases = st.lists(
    articles().filter(lambda article: article is not None),
    min_size=1,
    max_size=4,
    unique_by=lambda a: a and a.id,
)


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=40, deadline=None)
@given(base=knowledge_bases)
@example(base=[Article(id="0", question="а\n  б\n\ufeff", answer="", topic="т", language="ru")])
def test_what_is_written_is_read_again(file: str, base: list[Article]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        write_articles(base, path, format=_format(file))
        assert list(read_articles(path)) == [normalize_article(article) for article in base]
        assert [entry.name for entry in Path(folder).iterdir()] == [file]


@pytest.mark.parametrize("file", FILES)
def test_long_articles_are_read_again(tmp_path: Path, file: str) -> None:
    long = Article(
        id="i" * 200,
        question="вопрос [x](y)\n" * 900,
        answer="строка\n" * 2000,
        topic="тема " * 500,
        phrasings=tuple(f"[{number}](x)" + "а" * 1500 for number in range(20)),
        language="ru",
    )
    twin = replace(long, id="i" * 199 + "/")
    write_articles([long, twin], tmp_path / file, format=_format(file))
    assert list(read_articles(tmp_path / file)) == [normalize_article(long), normalize_article(twin)]


@pytest.mark.parametrize("file", FILES)
def test_no_articles_are_written_but_not_read(tmp_path: Path, file: str) -> None:
    write_articles([], tmp_path / file, format=_format(file))
    with pytest.raises(BadFile, match="contains no"):
        list(read_articles(tmp_path / file))


@given(article=articles().filter(lambda article: article is not None))
def test_the_normal_form_is_its_own_normal_form(article: Article) -> None:
    assert normalize_article(normalize_article(article)) == normalize_article(article)


def _format(file: str) -> Format:
    return {
        ".csv": Format.CSV,
        ".xlsx": Format.XLSX,
        ".json": Format.JSON,
        ".jsonl": Format.JSONL,
        ".yml": Format.RASA,
        "": Format.RASA,
    }[Path(file).suffix]

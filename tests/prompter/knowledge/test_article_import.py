"""An import tells what becomes of the articles that are there already."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb_index import Article, Status
from kb_index.formats import ReadOptions
from kb_index.marks import to_lines
from prompter.domain.account import Account, Role
from prompter.knowledge.article_import import ImportReport, MissingArticle
from prompter.knowledge.file_import import import_files, inspect_files
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.storage import Store
from tests.fakes import FakeClock

NOW = datetime(2026, 3, 2, tzinfo=UTC)
VERA = Account(
    id=1,
    name="vera",
    role=Role.SUPERVISOR,
    language=None,
    one_time_password=False,
    created_at=NOW,
    disabled_at=None,
    password_changed_at=NOW,
    password_hash="",
)
OLD = "question,answer\nГде склад?,В Туле.\nСкока стоит достваку?,Сто рублей.\nЕсть ли акция?,Да.\n"
NEW = "question,answer\nГде склад?,В Орле.\nСкока стоит доставку?,Двести рублей.\n"


@pytest.fixture
def knowledge(store: Store) -> KnowledgeBase:
    return KnowledgeBase(store, clock=FakeClock())


def load(
    knowledge: KnowledgeBase,
    path: Path,
    text: str,
    *,
    dry_run: bool = False,
    keep_edited: bool = False,
    archive_missing: bool = False,
    replaced: tuple[str, ...] = (),
) -> ImportReport:
    path.write_text(text, encoding="utf-8")
    return import_files(
        knowledge,
        inspect_files([path], ReadOptions()),
        changed_by="kb import",
        dry_run=dry_run,
        keep_edited=keep_edited,
        archive_missing=archive_missing,
        replaced=replaced,
    )


def by_question(knowledge: KnowledgeBase) -> dict[str, Article]:
    return {article.question: article for article in knowledge.articles()}


@pytest.mark.parametrize("name", ["faq.csv", "faq-2.csv"])
def test_articles_that_a_file_no_longer_holds_are_listed_and_archived_on_request(
    knowledge: KnowledgeBase, tmp_path: Path, name: str
) -> None:
    load(knowledge, tmp_path / "faq.csv", OLD)
    report = load(knowledge, tmp_path / name, NEW)
    assert (report.added, report.changed, report.unchanged, report.archived) == (1, 1, 0, 0)
    assert [(found.question, found.source, found.successor) for found in report.missing] == [
        ("Есть ли акция?", "faq.csv", None),
        ("Скока стоит достваку?", "faq.csv", "Скока стоит доставку?"),
    ]
    assert {article.status for article in knowledge.articles()} == {Status.PUBLISHED}
    planned = load(knowledge, tmp_path / name, NEW, archive_missing=True, dry_run=True)
    assert {article.status for article in knowledge.articles()} == {Status.PUBLISHED}
    done = load(knowledge, tmp_path / name, NEW, archive_missing=True)
    assert (planned.archived, done.archived) == (2, 2)
    assert by_question(knowledge)["Есть ли акция?"].status is Status.ARCHIVED
    assert load(knowledge, tmp_path / name, NEW).missing == ()


def test_a_shorter_edition_under_another_name_misses_the_rest_every_time(
    knowledge: KnowledgeBase, tmp_path: Path
) -> None:
    load(knowledge, tmp_path / "faq.csv", OLD)
    for _ in range(2):
        report = load(knowledge, tmp_path / "faq-2.csv", OLD.partition("Есть ли")[0])
        assert [found.question for found in report.missing] == ["Есть ли акция?"]


def test_other_files_are_counted_and_stay(knowledge: KnowledgeBase, tmp_path: Path) -> None:
    load(knowledge, tmp_path / "faq.csv", OLD)
    other = "question,answer\nКак вас найти?,По карте.\n"
    report = load(knowledge, tmp_path / "more.csv", other, archive_missing=True)
    assert (report.missing, report.others, report.archived) == ((), {"faq.csv": 3}, 0)
    report = load(knowledge, tmp_path / "more.csv", other, archive_missing=True, replaced=("faq.csv",))
    assert (len(report.missing), report.others, report.archived) == (3, {}, 3)


def test_an_import_changes_the_looks_of_an_answer_and_keeps_them_with_it(
    knowledge: KnowledgeBase, tmp_path: Path
) -> None:
    bold = "question,answer\nГде склад?,В **Туле**.\n"
    load(knowledge, tmp_path / "faq.csv", "question,answer\nГде склад?,В Туле.\n")
    planned = load(knowledge, tmp_path / "faq.csv", bold, dry_run=True)
    assert (planned.changed, planned.unchanged) == (1, 0)
    load(knowledge, tmp_path / "faq.csv", bold)
    assert load(knowledge, tmp_path / "faq.csv", bold).unchanged == 1
    report = load(knowledge, tmp_path / "faq.csv", "question,answer\nГде склад?,<p>&nbsp;</p>\n")
    assert (len(report.answers_kept), report.unchanged) == (1, 1)
    (article,) = knowledge.articles()
    assert (article.answer, to_lines(article.marks)) == ("В Туле.", ["bold Туле"])


def test_articles_made_by_people_are_never_missing(knowledge: KnowledgeBase, tmp_path: Path) -> None:
    made = Article(id="made", question="Кто вы?", answer="Магазин.", topic="t", language="ru")
    knowledge.put(made, VERA, version=0)
    report = load(knowledge, tmp_path / "faq.csv", OLD, archive_missing=True)
    assert (report.missing, report.others) == ((), {})


def test_what_was_edited_on_a_page_is_told_and_kept_on_request(
    knowledge: KnowledgeBase, tmp_path: Path
) -> None:
    load(knowledge, tmp_path / "faq.csv", OLD)
    article = by_question(knowledge)["Где склад?"]
    knowledge.put(replace(article, answer="В Калуге."), VERA, version=1)
    kept = load(knowledge, tmp_path / "faq.csv", OLD, keep_edited=True)
    assert [(found.question, found.changed_by) for found in kept.edited] == [("Где склад?", "vera")]
    assert (kept.changed, by_question(knowledge)["Где склад?"].answer) == (0, "В Калуге.")
    planned = load(knowledge, tmp_path / "faq.csv", OLD, dry_run=True)
    assert (planned.changed, by_question(knowledge)["Где склад?"].answer) == (1, "В Калуге.")
    overwritten = load(knowledge, tmp_path / "faq.csv", OLD)
    assert (overwritten.changed, overwritten.edited) == (1, kept.edited)
    assert by_question(knowledge)["Где склад?"].answer == "В Туле."
    assert load(knowledge, tmp_path / "faq.csv", OLD).edited == ()


def test_an_empty_answer_in_a_file_takes_no_answer_away(knowledge: KnowledgeBase, tmp_path: Path) -> None:
    load(knowledge, tmp_path / "faq.csv", "question,answer\nГде склад?,\n")
    article = by_question(knowledge)["Где склад?"]
    assert article.status is Status.DRAFT
    knowledge.put(replace(article, answer="В Туле.", status=Status.PUBLISHED), VERA, version=1)
    report = load(knowledge, tmp_path / "faq.csv", "question,answer\nГде склад?,\n")
    assert (report.unchanged, report.answers_kept, report.edited) == (1, (article.id,), ())
    assert by_question(knowledge)["Где склад?"].answer == "В Туле."


def test_a_dry_run_counts_like_the_import_and_changes_nothing(
    knowledge: KnowledgeBase, tmp_path: Path
) -> None:
    load(knowledge, tmp_path / "faq.csv", OLD)
    before = (list(knowledge.articles()), knowledge.revision())
    planned = load(knowledge, tmp_path / "faq.csv", NEW, dry_run=True)
    assert (list(knowledge.articles()), knowledge.revision()) == before
    assert load(knowledge, tmp_path / "faq.csv", NEW) == planned
    assert isinstance(planned.missing[0], MissingArticle)


def test_the_same_article_in_two_files_is_a_problem_of_the_second(tmp_path: Path) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path in paths:
        path.write_text(OLD, encoding="utf-8")
    inspected = inspect_files(paths, ReadOptions())
    assert (inspected.n_articles, inspected.n_problems) == (3, 3)
    assert [report.n_problems for report in inspected.reports] == [0, 3]

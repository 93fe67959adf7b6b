"""The migrations create exactly the tables that the code expects."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from prompter.accounts.service import Accounts
from prompter.common.clock import utc_now
from prompter.domain.account import Scope
from prompter.knowledge.topics import Topics
from prompter.storage import NewerDatabase, Store, connect, migrate
from prompter.storage.copying import TargetNotEmpty, copy_database
from prompter.storage.migrate import revisions
from prompter.storage.tables import metadata
from tests.fakes import SHOP


def test_migrations_and_tables_agree(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'a.db'}")
    migrate(engine)
    migrate(engine)  # once more: nothing to do
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_files_of_migrations_are_named_by_their_revisions() -> None:
    scripts = ScriptDirectory("prompter/storage/migrations").walk_revisions()
    assert revisions() == [script.revision for script in scripts][::-1]


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'a.db'}")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(NewerDatabase, match="from-the-future"):
        migrate(engine)
    engine.dispose()


def test_sqlite_keeps_a_write_ahead_log_and_checks_foreign_keys(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'a.db'}")
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA synchronous")) == 2
    engine.dispose()


def test_all_data_move_to_another_database(tmp_path: Path, store: Store) -> None:
    from prompter.knowledge.knowledge_base import KnowledgeBase

    KnowledgeBase(store).import_articles(SHOP, changed_by="test")
    target = connect(f"sqlite:///{tmp_path / 'target.db'}")
    migrate(target)
    counts: dict[str, int] = {}
    copy_database(store._engine, target, progress=lambda table, rows: counts.update({table: rows}))
    assert counts["articles"] == 4
    assert list(KnowledgeBase(Store(target)).articles()) == list(KnowledgeBase(store).articles())
    with pytest.raises(TargetNotEmpty):
        copy_database(store._engine, target, progress=lambda *_: None)
    target.dispose()


def test_topics_from_before_there_were_titles_get_theirs(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'a.db'}")
    config = Config()
    config.set_main_option("script_location", "prompter/storage/migrations")
    with engine.connect() as connection, connection.execution_options(sufler_writes=True).begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        connection.execute(
            text(
                "INSERT INTO articles (id, question, answer, topic, language, status, version, changed_at) "
                "VALUES ('where', 'Где заказ', 'В пути.', 'order_status', 'ru', 'published', 1, :now)"
            ),
            {"now": "2026-03-02 09:00:00"},
        )
    migrate(engine)
    topics = Topics(Store(engine), language="ru")
    assert [(topic.id, topic.titles, topic.n_articles) for topic in topics.all()] == [("order_status", {}, 1)]
    assert topics.titles().label("order_status", "ru") == "Order status"
    topics.set_titles("order_status", {"ru": "Статус заказа"})
    assert topics.titles().label("order_status", "ru") == "Статус заказа"
    engine.dispose()


def test_tokens_from_before_there_were_scopes_work_for_a_quarter_of_a_year(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'a.db'}")
    config = Config()
    config.set_main_option("script_location", "prompter/storage/migrations")
    with engine.connect() as connection, connection.execution_options(sufler_writes=True).begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        connection.execute(
            text(
                "INSERT INTO accounts (id, name, folded_name, role, password_hash, one_time_password, "
                "created_at, password_changed_at) VALUES (1, 'anna', 'anna', 'operator', 'x', 0, :now, :now)"
            ),
            {"now": "2026-03-02 09:00:00"},
        )
        secret_hash = hashlib.sha256(b"secret").hexdigest()
        connection.execute(
            text(
                "INSERT INTO api_tokens (id, account_id, name, secret_hash, created_at) "
                "VALUES (1, 1, 'old', :secret_hash, :now)"
            ),
            {"secret_hash": secret_hash, "now": "2026-03-02 09:00:00"},
        )
    migrate(engine)
    accounts = Accounts(Store(engine))
    bearer = accounts.find_by_token("sufler_1_secret")
    assert bearer is not None
    assert bearer.token.scopes == frozenset(Scope)
    assert bearer.token.expires_at is not None
    assert timedelta(days=89) < bearer.token.expires_at - utc_now() <= timedelta(days=90)
    engine.dispose()


def test_what_was_imported_before_files_were_remembered_is_not_taken_for_edited(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'a.db'}")
    config = Config()
    config.set_main_option("script_location", "prompter/storage/migrations")
    with engine.connect() as connection, connection.execution_options(sufler_writes=True).begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0011")
        for article_id, changed_by in (("imported", "kb import"), ("edited", "vera")):
            values = {"id": article_id, "by": changed_by, "now": "2026-03-02 09:00:00"}
            connection.execute(
                text(
                    "INSERT INTO articles (id, question, answer, topic, language, status, version,"
                    " changed_at) VALUES (:id, 'Где заказ', 'В пути.', 't', 'ru', 'published', 1, :now)"
                ),
                values,
            )
            connection.execute(
                text(
                    "INSERT INTO article_versions (article_id, version, fields, changed_at, changed_by)"
                    " VALUES (:id, 1, '{}', :now, :by)"
                ),
                values,
            )
    migrate(engine)
    with Store(engine).read() as tx:
        found = tx.articles.compare(list(tx.articles.all()))
    assert {entry.article.id: entry.is_edited for entry in found} == {"imported": False, "edited": True}
    engine.dispose()

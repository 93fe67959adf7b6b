"""No password, token or key appears in the settings, an error, the command line or a log."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from typer.testing import CliRunner

from prompter.storage import BadDatabaseUrl, connect
from sufler.cli import app
from sufler.errors import BadConfig
from sufler.rasa.order_lookup import build_orders
from sufler.rasa.wiring import build_custom_actions
from sufler.settings import Settings, load_settings

MARK = "hunter2-MARK-0123456789-0123456789"
ADDRESS = f"https://me:{MARK}@shop.example/{{number}}?key={MARK}"
SECRETS: dict[tuple[str, ...], str] = {
    ("database", "url"): f"postgresql+psycopg://sufler:{MARK}@db.example/sufler?password={MARK}",
    ("dialogue", "token"): MARK,
    ("dialogue", "url"): ADDRESS,
    ("dialogue", "custom_action_url"): ADDRESS,
    ("dialogue", "orders"): ADDRESS,
    ("telegram", "base_url"): ADDRESS,
    ("telegram_token",): MARK,
    ("web", "session_secret"): MARK,
}


def nest(path: tuple[str, ...], value: object) -> dict[str, Any]:
    for name in reversed(path):
        value = {name: value}
    return value  # type: ignore[return-value]


def secret_fields(model: type[BaseModel], path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Return the paths of the settings that hold secrets."""
    found = set()
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= secret_fields(kind, (*path, name))
        elif SecretStr.__name__ in repr(kind):
            found.add((*path, name))
    return found


def test_every_secret_field_is_tested_here() -> None:
    assert secret_fields(Settings) == set(SECRETS)


def test_every_address_is_a_secret_field() -> None:
    """Every new setting with an address or a token must be considered here."""
    telling = ("url", "token", "secret", "password", "key")

    def suspicious(model: type[BaseModel], path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        found = set()
        for name, info in model.model_fields.items():
            if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
                found |= suspicious(info.annotation, (*path, name))
            elif any(word in name for word in telling):
                found.add((*path, name))
        return found

    assert suspicious(Settings) <= set(SECRETS)


@pytest.mark.parametrize("path", SECRETS, ids=".".join)
def test_settings_do_not_show_it(path: tuple[str, ...]) -> None:
    settings = Settings(**nest(path, SECRETS[path]))
    shown = [repr(settings), str(settings), repr(settings.model_dump()), settings.model_dump_json()]
    assert MARK not in "".join(shown)


@pytest.mark.parametrize("path", SECRETS, ids=".".join)
@pytest.mark.parametrize("wrong", [["a list", MARK], {"a": MARK}, f"x{MARK}"], ids=["list", "map", "text"])
def test_a_mistake_beside_it_does_not_show_it(tmp_path: Path, path: tuple[str, ...], wrong: object) -> None:
    values = nest(path, wrong)
    values["wep"] = MARK
    file = tmp_path / "config.yml"
    file.write_text(yaml.safe_dump({"sufler": values}), encoding="utf-8")
    with pytest.raises(BadConfig) as caught:
        load_settings(file)
    assert MARK not in str(caught.value)
    with pytest.raises(ValidationError) as raised:
        Settings(**values)
    assert MARK not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        f"sufler: {{database: {{url: {MARK}: x",
        f"sufler:\n  telegram_token: *{MARK}",
        f"sufler:\n  telegram_token: !{MARK} x",
        f"sufler:\n  telegram_token: '{MARK}\n",
        f"sufler:\n\ttelegram_token: {MARK}",
    ],
)
def test_a_file_that_is_no_yaml_does_not_show_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfig, match=r"row [123]: is not valid YAML|row 2: the alias") as caught:
        load_settings(file)
    assert MARK not in str(caught.value)


def test_a_variable_that_is_no_json_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUFLER_DATABASE", f'{{"url": "{MARK}')
    with pytest.raises(BadConfig, match="database") as caught:
        load_settings(None)
    assert MARK not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://sufler:{MARK}@127.0.0.1:1/sufler",  # nobody listens
        f"postgresql+psycopg://sufler:{MARK}@no-such-host.invalid/sufler",
        f"postgresql+psycopg://sufler:{MARK}@127.0.0.1:1/sufler?nonsense=1",
        f"postgresql+psycopg://sufler:a@{MARK}@127.0.0.1:1/sufler",
        f"postgresql+psycopg://sufler:x@127.0.0.1:{MARK}/sufler",
        f"nonsense://sufler:{MARK}@127.0.0.1/sufler",
        f"sufler:{MARK}",
        f"postgresql+nonsense://sufler:{MARK}@127.0.0.1/sufler",
    ],
)
def test_a_database_that_cannot_be_used_does_not_show_it(tmp_path: Path, url: str) -> None:
    source = f"sqlite:///{tmp_path / 'source.db'}"
    config = tmp_path / "config.yml"
    config.write_text(json.dumps({"sufler": {"data_dir": str(tmp_path / "data"), "database": {"url": url}}}))
    for arguments in (["migrate", "--from", source, "--to", url], ["migrate", "--config", str(config)]):
        with capture_logs() as logs:
            done = CliRunner().invoke(app, arguments)
        assert done.exit_code != 0
        assert MARK not in done.output
        assert MARK not in str(done.exception)
        assert MARK not in str(logs)


def test_a_driver_that_repeats_the_password_is_cut_short() -> None:
    engine = connect(f"postgresql+psycopg://sufler:{MARK}@127.0.0.1:1/sufler?sslmode={MARK}")
    with pytest.raises(OperationalError, match=r"sslmode.*\*\*\*") as caught, engine.connect():
        pass
    assert MARK not in str(caught.value)
    with pytest.raises(BadDatabaseUrl):
        connect(MARK)


def test_addresses_of_services_do_not_show_it() -> None:
    with pytest.raises(BadConfig, match=r"https://shop.example/orders: ") as caught:
        build_orders(f"https://me:{MARK}@shop.example/orders?key={MARK}", timeout=1)
    assert MARK not in str(caught.value)
    dialogue = {"custom_action_url": f"http://me:{MARK}@127.0.0.1:9/webhook?key={MARK}"}
    custom_actions = build_custom_actions(Settings(dialogue=dialogue))
    assert custom_actions is not None
    with capture_logs() as logs:
        _status, body = custom_actions(b"{}")
    assert b"http://127.0.0.1:9/webhook does not answer" in body
    assert MARK not in body.decode() + str(logs)

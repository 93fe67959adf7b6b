"""The settings of config.yml and SUFLER_* variables as one closed, frozen value."""

import os
import re
from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from files import BadFile, check_size, yaml_tree
from files.limits import MAX_CONFIG_ALIASES, MAX_CONFIG_BYTES
from prompter.models.recipe import (
    ClassifierConfig,
    ConfidenceConfig,
    EncoderConfig,
    ModelConfig,
    Recipe,
    RoutingConfig,
    SearchConfig,
    Section,
)
from prompter.text.translations import require_language
from sufler import resources
from sufler.errors import BadConfig
from sufler.installation_secret import SecretConfig
from sufler.renamed_settings import RENAMED_SECTIONS, suggestion, with_new_names, with_new_variables

# The other top-level keys belong to Rasa, which reads the same file.
_RASA_KEYS = {"recipe", "assistant_id", "language", "pipeline", "policies", "importers", "spaces"}


_PREFIX = "SUFLER_"
# Variables that are not settings: variables of our own tests and scripts, variables for Rasa, and the
# addresses that Kubernetes and Docker pass to every program for a service called "sufler".
_OTHER_VARIABLES = {
    "SUFLER_TESTS_REQUIRE_ALL",
    "SUFLER_BENCHMARK_DATA",
    "SUFLER_PICTURES",
    "SUFLER_ADDRESS",
    "SUFLER_TOKEN",
}
_SERVICE_ADDRESS = re.compile(r"SUFLER_(SERVICE_(HOST|PORT\w*)|PORT_\d+_(TCP|UDP)\w*)=|SUFLER_PORT=\w+://")


_QUOTED = re.compile(r"'(?!<)[^']{4,}'")  # except <scalar> and the like, YAML's own words


def _check_http(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("http://", "https://")):
        raise PydanticCustomError("url", "must begin with http:// or https://")
    return url


# URLs may contain a name and a password, or a key, so they are never shown.
HttpUrl = Annotated[SecretStr, AfterValidator(_check_http)]


def without_credentials(url: str) -> str:
    """Return the address as it may be shown: without name, password and query.

    >>> without_credentials("https://me:secret@shop.example:8443/orders?key=secret")
    'https://shop.example:8443/orders'
    """
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "the address"
    return f"{parts.scheme}://{host}{parts.path}" if host else "the address"


class Database(Section):
    url: SecretStr | None = None
    request_timeout_seconds: float = Field(5.0, gt=0, le=60)


class Readiness(Section):
    bar: float = Field(0.9, gt=0.5, lt=1)
    alpha: float = Field(0.05, gt=0, lt=0.5)
    thresholds: tuple[float, ...] = Field((0.9, 0.8, 0.7, 0.6, 0.5), min_length=1)
    demote_after: float = Field(380, gt=1)
    mode: Literal["manual", "automatic", "shadow"] = "manual"
    groups: dict[str, tuple[str, ...]] = Field({})
    across_topics: Literal["each", "e-bh"] = "each"
    tested_together: tuple[str, ...] = ()

    @field_validator("groups")
    @classmethod
    def _no_topic_twice(cls, groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        topics = [topic for group in groups.values() for topic in group]
        if len(set(topics)) < len(topics) or not all(groups.values()):
            raise PydanticCustomError("groups", "each group needs topics, and a topic belongs to one group")
        for group in groups.values():
            if len({topic.startswith("dialogue/") for topic in group}) > 1:
                raise PydanticCustomError("groups", "a group is of dialogues, or of topics with articles")
        return groups

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if (self.across_topics == "e-bh") != bool(self.tested_together):
            raise PydanticCustomError(
                "together",
                "across_topics: e-bh needs a fixed list of topics in tested_together, each has none",
            )
        return self

    @field_validator("thresholds")
    @classmethod
    def _strictest_first(cls, thresholds: tuple[float, ...]) -> tuple[float, ...]:
        inside = all(0 <= threshold <= 1 for threshold in thresholds)
        if not inside or any(later >= threshold for threshold, later in pairwise(thresholds)):
            raise PydanticCustomError("thresholds", "thresholds must fall, from at most 1 to at least 0")
        return thresholds


class Autopilot(Section):
    signatures: dict[str, str] = Field({"ru": "— ответил бот", "en": "— Automated reply"})
    operator_hold_minutes: float = Field(30, ge=0)
    max_consecutive_answers: int = Field(3, ge=1)
    max_dialogue_answers: int = Field(10, ge=1)


class Sampling(Section):
    blind_collecting: float = Field(0.1, gt=0, le=1)
    blind_later: float = Field(0.02, gt=0, le=1)
    double_review_collecting: float = Field(0.2, gt=0, le=1)
    double_review_later: float = Field(0.05, gt=0, le=1)
    audit_initial: float = Field(0.2, gt=0, le=1)
    audit_final: float = Field(0.05, gt=0, le=1)
    audit_half_life: float = Field(100, gt=0)

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if not self.blind_later <= self.audit_final <= self.audit_initial:
            raise PydanticCustomError("sampling", "blind_later, audit_final and audit_initial must rise")
        return self


class Learning(Section):
    at: str | None = Field("03:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    min_new_decisions: int = Field(20, ge=1)
    holdout_share: float = Field(0.2, ge=0, lt=1)
    noninferiority_margin: float = Field(0.01, ge=0, le=1)
    held_out: Path | None = None
    shadow_turns: int = Field(0, ge=0)
    keep_versions: int = Field(5, ge=2)


class Intents(Section):
    kind: Literal["sufler", "rasa"] = "sufler"


class Dialogue(Section):
    engine: Literal["rasa"] | None = None
    url: HttpUrl = SecretStr("http://127.0.0.1:5005")
    token: SecretStr | None = None
    engine_timeout_seconds: float = Field(4.0, gt=0)
    session_minutes: float = Field(60, gt=0)
    custom_action_url: HttpUrl | None = None
    orders: SecretStr | None = None
    action_timeout_seconds: float = Field(3.0, gt=0)


class Turns(Section):
    debounce_seconds: float = Field(1.5, ge=0)
    max_seconds: float = Field(10.0, ge=0)
    max_message_length: int = Field(4000, ge=1, le=100_000)
    poll_seconds: float = Field(0.2, gt=0)


class Desk(Section):
    undo_seconds: float = Field(5.0, ge=0)
    suggestions: int = Field(3, ge=1, le=9)


class Delivery(Section):
    poll_seconds: float = Field(0.3, gt=0)
    lease_seconds: float = Field(60.0, gt=0)
    max_attempts: int = Field(8, ge=1)
    max_concurrency: int = Field(16, ge=1, le=32)


class Telegram(Section):
    base_url: SecretStr = SecretStr("https://api.telegram.org/bot")
    poll_seconds: int = Field(25, ge=0, le=50)
    timeout_seconds: float = Field(15.0, gt=0)
    greetings: dict[str, str] = Field({})


_HOST = re.compile(r"(\*\.)?[\w-]+(\.[\w-]+)*|\[[0-9a-fA-F:.]+\]")


class Web(Section):
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = (
        IPv4Network("127.0.0.1"),
        IPv6Network("::1"),
    )
    max_connections: int = Field(1000, ge=10)
    max_connections_per_address: int = Field(200, ge=4)
    header_seconds: float = Field(15.0, gt=0)
    body_seconds: float = Field(60.0, gt=0)
    idle_seconds: int = Field(15, ge=1)
    max_header_bytes: int = Field(32_768, ge=4096, le=200_000)
    min_free_megabytes: int = Field(100, ge=0)
    session_hours: float = Field(12, gt=0)
    session_secret: SecretStr | None = Field(None, min_length=32)
    session_idle_minutes: float = Field(120, ge=5)
    secure_cookies: bool = False
    max_body_bytes: int = Field(500_000, ge=10_000)
    messages_per_minute: int = Field(20, ge=1)
    messages_per_address: int = Field(60, ge=1)
    new_chats_per_address: int = Field(30, ge=1)
    new_chats_per_minute: int = Field(120, ge=1)
    reads_per_minute: int = Field(240, ge=60)
    reads_per_address: int = Field(3000, ge=60)
    max_untriaged: int = Field(500, ge=1)
    login_tries_per_name: int = Field(10, ge=1)
    login_tries_per_address: int = Field(50, ge=1)
    login_window_seconds: float = Field(300, gt=0)

    @field_validator("hosts")
    @classmethod
    def _names_only(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not _HOST.fullmatch(host):
                raise PydanticCustomError(
                    "hosts", "{host} is not a host name: write sufler.example, or *.example", {"host": host}
                )
        return hosts


class _EnvironmentSource(EnvSettingsSource):
    """The environment as a source of settings. Old names work, also within a section given as JSON."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self.env_vars = with_new_variables(self.env_vars, _PREFIX)

    def __call__(self) -> dict[str, Any]:
        return with_new_names(super().__call__(), "environment")


class Settings(BaseSettings):
    """All settings. Environment variables override the file."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    language: Annotated[str, AfterValidator(require_language)] = "ru"
    data_dir: Path = Path("sufler-data")
    training_data: Path | None = None
    database: Database = Database()
    encoder: EncoderConfig = EncoderConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    intents: Intents = Intents()
    search: SearchConfig = SearchConfig()
    confidence: ConfidenceConfig = ConfidenceConfig()
    routing: RoutingConfig = RoutingConfig()
    readiness: Readiness = Readiness()
    sampling: Sampling = Sampling()
    autopilot: Autopilot = Autopilot()
    learning: Learning = Learning()
    dialogue: Dialogue = Dialogue()
    turns: Turns = Turns()
    desk: Desk = Desk()
    delivery: Delivery = Delivery()
    telegram: Telegram = Telegram()
    telegram_token: SecretStr | None = None
    web: Web = Web()
    templates: dict[str, str] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return _EnvironmentSource(settings_cls), init_settings

    @field_validator("telegram_token")
    @classmethod
    def _no_empty_token(cls, token: SecretStr | None) -> SecretStr | None:
        return token if token is not None and token.get_secret_value().strip() else None

    @property
    def database_url(self) -> str:
        """The database's URL, by default of SQLite in `data_dir`. It may contain a password."""
        if self.database.url is not None:
            return self.database.url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'sufler.db'}"

    @property
    def training_data_dir(self) -> Path:
        return self.training_data or resources.training_data()

    @property
    def secret(self) -> SecretConfig:
        """The source of the installation's secret."""
        session_secret = self.web.session_secret
        return SecretConfig(
            folder=self.data_dir,
            given=session_secret.get_secret_value() if session_secret else None,
            has_shared_database=self.database.url is not None,
        )

    @property
    def models(self) -> ModelConfig:
        """The settings from which models are built, and the folder in which they are stored."""
        return ModelConfig(
            recipe=Recipe(
                encoder=self.encoder,
                classifier=self.classifier,
                search=self.search,
                confidence=self.confidence,
                routing=self.routing,
            ),
            data_dir=self.data_dir,
            training_data_dir=self.training_data_dir,
            max_suggestions=self.desk.suggestions,
        )


def load_settings(path: Path | None) -> Settings:
    """Read the settings from `path`. None means the config.yml shipped with Sufler.

    Raises:
        BadConfig: when the file is missing, is not YAML, or contains an unknown key or an invalid value.
    """
    path = path or resources.default_config()
    document = config_document(path)
    if not isinstance(document, dict):
        raise BadConfig(f"{path}: must be a mapping with a 'sufler:' section")
    for key in document:
        if key != "sufler" and key not in _RASA_KEYS:
            raise BadConfig(f"{path}: {key}: unknown key (Sufler's settings stand under 'sufler:')")
    section: Any = document.get("sufler") or {}
    if not isinstance(section, dict) or not all(isinstance(key, str) for key in section):
        raise BadConfig(f"{path}: sufler: must be a mapping of names to values")
    _check_environment()
    try:
        return Settings(**with_new_names(section, str(path)))
    except SettingsError as error:  # the message names the setting; the value is only in its cause
        raise BadConfig(f"a SUFLER_ variable cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        advice = suggestion(key) if first["type"] == "extra_forbidden" else ""
        raise BadConfig(f"{path} or a SUFLER_ variable: {key}: {_plain(first['msg'])}{advice}") from None


def config_document(path: Path) -> Any:
    """Read a file of settings as plain values.

    Raises:
        BadConfig: when the file is missing, is not YAML, is too large or has too many aliases.
    """
    if not path.exists():
        raise BadConfig(f"{path}: no such file; pass --config FILE")
    try:
        check_size(path, max_bytes=MAX_CONFIG_BYTES, advice="is this the file of settings?")
        text = path.read_text(encoding="utf-8")
        yaml_tree.load(path, max_aliases=MAX_CONFIG_ALIASES)
        return yaml.safe_load(text)
    except BadFile as error:
        raise BadConfig(_without_quotes(str(error))) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:  # only PyYAML's constructors find these, such as an unknown tag
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, row {mark.line + 1}" if mark else str(path)
        problem = _without_quotes(getattr(error, "problem", None) or "it holds what YAML does not allow")
        raise BadConfig(f"{where}: is not valid YAML: {problem}") from None
    except (AttributeError, KeyError, ValueError) as error:  # such as 2026-13-45, or !!int with letters
        problem = _without_quotes(str(error))
        raise BadConfig(f"{path}: holds a value that is not what it looks like: {problem}") from None


def _check_environment() -> None:
    """Refuse unknown SUFLER_ variables, as pydantic ignores variables that it does not know."""
    for name, value in sorted(os.environ.items()):
        variable = name.upper()
        if not variable.startswith(_PREFIX) or variable in _OTHER_VARIABLES:
            continue
        setting = variable.removeprefix(_PREFIX).partition("__")[0].lower()
        if setting in Settings.model_fields or setting in RENAMED_SECTIONS:
            continue
        if not _SERVICE_ADDRESS.match(f"{variable}={value}"):
            raise BadConfig(
                f"the environment variable {name} is not a setting of Sufler{suggestion(setting)}: "
                f"correct its name (as in SUFLER_WEB__PORT for web.port) or unset it"
            )


def _without_quotes(problem: str) -> str:
    """Return the problem without quotes from the file, as they may contain a password."""
    return _QUOTED.sub("'…'", problem)


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:]

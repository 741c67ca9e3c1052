"""The settings, frozen, read once by a face; names of the environment are those of the seed document."""

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from aia.config.production_config import ProductionFacts, weak_secrets
from aia.core.errors import Invalid
from aia.core.money import UNITS_PER_TOKEN, Units, parse_units


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """All settings with defaults that run embedded; docs/settings.md is made from this class."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False, hide_input_in_errors=True)

    environment: Environment = Field(default=Environment.DEVELOPMENT, description="production refuses weak secrets")
    debug: bool = Field(default=False, description="show causes of internal errors in answers; refused in production")
    log_level: str = Field(default="warning", description="debug, info, warning, error or critical")

    aia_home: Path = Field(default=Path(".aia"), description="the one directory that holds state when embedded")
    database_url: str | None = Field(
        default=None, description="postgresql://… or sqlite:///path; default: AIA_HOME/aia.db"
    )
    redis_url: SecretStr | None = Field(default=None, description="not used yet: embedded pub/sub")
    neo4j_uri: str | None = Field(default=None, description="not used yet: facts live in SQL")
    neo4j_user: str | None = Field(default=None, description="not used yet")
    neo4j_password: SecretStr | None = Field(default=None, description="not used yet")

    openai_api_key: SecretStr | None = Field(default=None, description="lets agents phrase needs with OpenAI")
    anthropic_api_key: SecretStr | None = Field(default=None, description="the same with Anthropic")
    google_api_key: SecretStr | None = Field(
        default=None, description="the same with Google (needs the extra aia[google])"
    )
    groq_api_key: SecretStr | None = Field(default=None, description="the same with Groq")
    azure_openai_endpoint: str | None = Field(
        default=None, description="the same with Azure OpenAI, with the key below"
    )
    azure_openai_key: SecretStr | None = Field(default=None, description="key of the Azure OpenAI endpoint")
    aia_model: str | None = Field(
        default=None, description="provider:model to use, e.g. openai:gpt-5-mini; default: by key"
    )
    aia_model_base_url: str | None = Field(default=None, description="an OpenAI-compatible server to use instead")
    aia_model_price_per_mtok: str = Field(
        default="15", description="AIA per million tokens, the worst case that is held"
    )
    aia_model_timeout_s: float = Field(default=60.0, gt=0, le=600, description="seconds one model call may take")

    aia_initial_supply: int = Field(
        default=1_000_000_000, ge=1, le=9_000_000_000, description="AIA minted at genesis"
    )
    aia_gov_initial_supply: int = Field(
        default=100_000_000, ge=1, le=9_000_000_000, description="AIA_GOV minted at genesis"
    )
    aia_genesis: Path | None = Field(
        default=None,
        description="TOML file of the allocations at genesis; default: the built-in one (docs/tokens.md)",
    )
    aia_organisation_grant: str = Field(
        default="1000000", description="AIA a new organisation gets by an order of the treasury"
    )
    treasury_private_key: SecretStr | None = Field(
        default=None,
        description="Ed25519 seed, 64 hex digits, that signs orders; required in production; "
        "default: made and kept in AIA_HOME",
    )
    jwt_secret_key: SecretStr | None = Field(
        default=None, description="32 characters or more; required in production"
    )
    encryption_key: SecretStr | None = Field(
        default=None, description="32 characters or more; required in production"
    )
    aia_signing_key: SecretStr | None = Field(
        default=None,
        description="Ed25519 seed, 64 hex digits, that signs reports; default: made and kept in AIA_HOME",
    )
    aia_log_key: SecretStr | None = Field(
        default=None,
        description="Ed25519 seed, 64 hex digits, that signs checkpoints of the ledger's log and nothing else; "
        "required in production; default: made and kept in AIA_HOME",
    )
    aia_log_origin: str | None = Field(
        default=None,
        description="name of the ledger's log, such as example.com/ledger; default: made from the log's key",
    )
    aia_checkpoint_interval_s: float = Field(
        default=1.0, ge=0.1, le=3600, description="seconds between checkpoints of a ledger that grows"
    )

    structured_reports_enabled: bool = Field(default=True, description="write the JSON-LD and HTML files of a report")
    dkg_enhanced_enabled: bool = Field(default=True, description="record the facts that agents establish")
    governance_enabled: bool = Field(default=True, description="not used yet: governance has its own issue")
    venture_discovery_enabled: bool = Field(default=True, description="accept discoveries")
    performance_tracking_enabled: bool = Field(default=True, description="keep ratings of agents up to date")

    aia_host: str = Field(default="127.0.0.1", description="address the server binds")
    aia_port: int = Field(default=8000, ge=1, le=65535, description="port the server binds")
    aia_cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="comma-separated origins that browsers may call from"
    )
    aia_body_bytes_max: int = Field(default=64 * 1024 * 1024, ge=1024, description="bytes a request body may hold")
    aia_upload_bytes_max: int = Field(default=2 * 1024**3, ge=1024, description="bytes of a file sent as a corpus")
    aia_database_pool: int = Field(default=8, ge=2, le=100, description="database connections of one process")

    aia_ledger_queue_max: int = Field(default=100_000, ge=10_000, description="transfers that may wait to be posted")
    aia_ledger_sweep_s: float = Field(default=5.0, gt=0, description="seconds between looks for overdue holds")

    aia_missions_concurrency: int = Field(
        default=2, ge=1, le=64, description="missions one process works on at a time"
    )
    aia_tasks_concurrency: int = Field(default=4, ge=1, le=256, description="tasks of a mission worked on at a time")
    aia_attempts_max: int = Field(default=3, ge=1, le=10, description="attempts at a task before it fails")
    aia_task_timeout_s: float = Field(default=900.0, gt=0, description="seconds an attempt may take")
    aia_tree_depth_max: int = Field(default=6, ge=2, le=32, description="levels a task tree may have")
    aia_tree_tasks_max: int = Field(default=20_000, ge=3, description="tasks a mission may have")
    aia_fanout_max: int = Field(default=10_000, ge=2, description="children a task may have")
    aia_stop_new_per_aia: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="reading stops when a round brings fewer new statements for one AIA; 0 reads all",
    )
    aia_part_documents: int = Field(
        default=250_000,
        ge=10,
        description="documents that one task groups; more are grouped in parts, by every process on the database",
    )
    aia_follow_every_s: float = Field(
        default=30.0, gt=0, le=3_600, description="seconds between looks at watches that are due"
    )
    aia_alert_documents_min: int = Field(
        default=5, ge=1, description="documents a need has before it can raise an alert"
    )
    aia_alert_growth_min: float = Field(
        default=0.05, ge=0, le=10, description="lower bound of growth (log rate a month) that raises an alert"
    )
    aia_mission_budget_max: str = Field(default="100000", description="AIA a mission may hold")

    aia_input_bytes_max: int = Field(default=4 * 1024**3, ge=1024, description="bytes an input file may unpack to")
    aia_record_bytes_max: int = Field(default=1024 * 1024, ge=256, description="bytes of one record of an input")
    aia_egress_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="comma-separated hosts that connectors may ask, *.example.org for those below; default: none",
    )
    aia_egress_local: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="hosts of AIA_EGRESS_ALLOW that may be on a private address and speak http"
    )
    aia_egress_bytes_max: int = Field(default=16 * 1024**2, ge=1024, description="bytes one answer may have")
    aia_egress_timeout_s: float = Field(default=30.0, gt=0, le=600, description="seconds one request may take")
    aia_egress_interval_s: float = Field(default=1.0, ge=0, le=60, description="seconds between requests to one host")
    aia_connector_rows_max: int = Field(
        default=5_000, ge=1, description="rows one run takes from one service's query"
    )
    aia_connector_pages_max: int = Field(default=200, ge=1, description="pages one run asks of one service's query")
    aia_hn_url: str = Field(default="https://hn.algolia.com", description="where Hacker News is searched")
    aia_github_url: str = Field(
        default="https://api.github.com", description="the REST API of GitHub, or of your own"
    )
    aia_github_token: SecretStr | None = Field(default=None, description="raises GitHub's limit on requests")

    aia_input_files_max: int = Field(default=10_000, ge=1, description="files of one input: of a folder or archive")
    aia_input_window_bytes_max: int = Field(
        default=2 * 1024**3,
        ge=1024,
        description="bytes a zstd decoder may hold for a file packed with --long; never more than half the memory",
    )
    aia_near_repeat_similarity: float = Field(
        default=0.9,
        ge=0.5,
        le=1,
        description="runs of words two texts share to be one; 1 keeps all but exact repeats",
    )
    aia_documents_max: int = Field(default=1_000_000, ge=1, description="documents of a corpus")
    aia_state_missions_max: int = Field(
        default=20,
        ge=0,
        le=1_000,
        description="discoveries and readings that leave what they found to those of a grown corpus; 0: none",
    )
    aia_state_bytes_max: int = Field(
        default=256 * 1024**2,
        ge=0,
        le=900 * 1024**2,
        description="bytes of one thing that a discovery leaves; what is larger is not kept",
    )

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error", "critical"}:
            raise ValueError("choose debug, info, warning, error or critical")
        return value.lower()

    @field_validator("aia_log_origin")
    @classmethod
    def _log_origin(cls, value: str | None) -> str | None:
        if value is not None and (not value.isprintable() or not re.fullmatch(r"[^\s+]{1,200}", value)):
            raise ValueError("give a name without spaces and +, such as example.com/ledger")
        return value

    @field_validator("aia_cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        return tuple(filter(None, (v.strip() for v in value.split(",")))) if isinstance(value, str) else value

    @field_validator("aia_organisation_grant", "aia_mission_budget_max", "aia_model_price_per_mtok")
    @classmethod
    def _decimal(cls, value: str) -> str:
        try:
            parse_units(value)
        except Invalid as error:
            raise ValueError(error.detail) from error
        return value

    @field_validator("aia_egress_allow", "aia_egress_local", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        return tuple(filter(None, (v.strip().lower() for v in value.split(",")))) if isinstance(value, str) else value

    @property
    def database(self) -> str:
        """The database in use: DATABASE_URL, else a SQLite file in AIA_HOME."""
        return self.database_url or f"sqlite:///{self.aia_home.absolute() / 'aia.db'}"

    @property
    def engine_database(self) -> str:
        """Where the durable engine keeps its own state: beside ours, so each has its own writer."""
        if self.database.startswith("sqlite"):
            return self.database.removesuffix(".db") + "-engine.db"
        _, _, rest = self.database.partition("://")
        return f"postgresql+psycopg://{rest}"

    @property
    def mission_budget_max(self) -> Units:
        return parse_units(self.aia_mission_budget_max)

    @property
    def initial_supply(self) -> tuple[Units, Units]:
        """(AIA, AIA_GOV) minted at genesis."""
        return Units(self.aia_initial_supply * UNITS_PER_TOKEN), Units(self.aia_gov_initial_supply * UNITS_PER_TOKEN)

    @property
    def organisation_grant(self) -> Units:
        return parse_units(self.aia_organisation_grant)


def load_settings(**overrides: object) -> Settings:
    """Read the environment; raises `Invalid` naming each variable that is wrong, missing or weak."""
    try:
        settings = Settings(**cast("dict[str, Any]", overrides))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(p) for p in e['loc']).upper()}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        )
        raise Invalid(f"the environment holds a value that cannot be used. {wrong}") from None
    if settings.environment is Environment.PRODUCTION:
        _refuse_weak_production(settings)
    return settings


def _refuse_weak_production(settings: Settings) -> None:
    facts = ProductionFacts(
        debug=settings.debug,
        database_url=settings.database_url,
        cors_origins=settings.aia_cors_origins,
        secrets={
            name.upper(): secret.get_secret_value() if secret is not None else None
            for name, secret in (
                ("treasury_private_key", settings.treasury_private_key),
                ("jwt_secret_key", settings.jwt_secret_key),
                ("encryption_key", settings.encryption_key),
                ("aia_signing_key", settings.aia_signing_key),
                ("aia_log_key", settings.aia_log_key),
            )
        },
    )
    problems = weak_secrets(facts)
    if problems:
        raise Invalid("ENVIRONMENT=production refuses to start: " + "; ".join(problems))


def settings_table() -> list[tuple[str, str, str]]:
    """(environment name, default, meaning) of every setting, for docs/settings.md and its test."""
    return [
        (name.upper(), _shown(field.get_default()), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def _shown(default: object) -> str:
    if default is None or default == ():
        return ""
    return (
        str(default).lower()
        if isinstance(default, bool)
        else os.fspath(default)
        if isinstance(default, Path)
        else str(default)
    )

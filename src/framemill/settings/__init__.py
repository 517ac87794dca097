"""Everything an operator may set, described, read once from the environment and a TOML file.

`app` reads it and hands plain values on; no other room sees it.
"""

import os
import tomllib
from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from framemill.settings.footage import OfFootage
from framemill.settings.kinds import HomePath, written
from framemill.settings.process import OfProcess
from framemill.settings.telemetry import OfTelemetry
from framemill.settings.telling import OfTelling
from framemill.settings.work import OfWork


def config_file() -> Path:
    """The TOML file to read: FRAMEMILL_CONFIG, else `framemill.toml` in the user's config folder."""
    if given := os.environ.get("FRAMEMILL_CONFIG"):
        path = Path(given).expanduser()
        if not path.is_file():
            raise ValueError(f"FRAMEMILL_CONFIG names {given!r}, which is not a file")
        return path
    from platformdirs import user_config_path

    return user_config_path("framemill", appauthor=False) / "framemill.toml"


def _data_dir() -> Path:
    from platformdirs import user_data_path

    return user_data_path("framemill", appauthor=False)


def _cache_dir() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("framemill", appauthor=False)


class Settings(OfFootage, OfProcess, OfWork, OfTelemetry, OfTelling, BaseSettings):
    """One value each; the environment (`FRAMEMILL_*`) wins over the file, the file over the default."""

    model_config = SettingsConfigDict(env_prefix="FRAMEMILL_", frozen=True, extra="forbid")

    data_dir: HomePath = Field(
        default_factory=_data_dir,
        description="Where the database and stored videos live. Not on a network file system: SQLite's "
        "locks do not hold there.",
    )
    cache_dir: HomePath = Field(
        default_factory=_cache_dir,
        description="What may be deleted at any time: what the programs can do, and copies of stored videos.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="SQLAlchemy URL, which may hold a password. Unset: SQLite in data_dir.",
    )

    @field_validator("keep_jobs", mode="before")
    @classmethod
    def _for_ever(cls, value: object) -> object:
        return None if isinstance(value, str) and value.strip().lower() == "none" else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class names it; .env is not read
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_file()))

    @model_validator(mode="after")
    def _renewed_in_time(self) -> "Settings":
        if self.heartbeat >= self.lease_ttl:
            raise ValueError("heartbeat: a hold must be renewed more often than it runs out (lease_ttl)")
        return self

    def sqlalchemy_url(self) -> str:
        """The database's URL in the clear; it may hold a password, so it is never logged."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'framemill.db'}"


def shown(settings: Settings) -> dict[str, str | int | None]:
    """Every setting's value as it may be shown and could be written: secrets are stars."""
    return {name: _shown(getattr(settings, name)) for name in Settings.model_fields}


def origins() -> dict[str, str]:
    """Where each setting comes from: `default`, `file` or `environment`."""
    path = config_file()
    in_file = set(tomllib.loads(path.read_text("utf-8"))) if path.is_file() else set()
    in_environment = {name.lower() for name in os.environ}
    return {
        name: "environment"
        if f"framemill_{name}" in in_environment
        else "file"
        if name in in_file
        else "default"
        for name in Settings.model_fields
    }


def secrets() -> frozenset[str]:
    """The names of settings whose values are never shown."""
    return frozenset(
        name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
    )


def _shown(value: object) -> str | int | None:
    if isinstance(value, timedelta):
        return written(value)
    return value if value is None or isinstance(value, int) else str(value)

"""Settings of what an operator sees: log lines, metrics, reports of faults."""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class OfTelemetry(BaseModel):
    """What `Settings` has for these."""

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that `serve` and workers log: debug, info, warning or error."
    )
    log_format: Literal["auto", "json", "text"] = Field(
        "auto",
        description="How log lines look: json, one object a line; text, for people; or auto, text "
        "on a terminal and json elsewhere.",
    )
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="A port of its own for /metrics and /health, where no key is needed; 0 takes a free one. "
        "Unset: only beside the API, to this machine and to admin keys.",
    )
    metrics_host: str = Field(
        "127.0.0.1",
        description="The address that metrics_port listens at; 0.0.0.0 for all, behind a firewall.",
    )
    sentry_dsn: SecretStr | None = Field(
        None, description="Where faults of the program itself are reported: a Sentry DSN. Unset: nowhere."
    )
    sentry_environment: str = Field(
        "production", max_length=64, description="What reports to Sentry call this installation."
    )

"""Settings of the job service over WebSockets."""

from datetime import timedelta

from pydantic import BaseModel, Field

from framemill.settings.kinds import MOST_BYTES, Duration


class OfProcess(BaseModel):
    """What `Settings` has for it."""

    process_grace: Duration = Field(
        timedelta(seconds=30),
        description="How long a job of the job service goes on without its connection; one that was "
        "detached goes on to its end.",
    )
    process_keep: Duration = Field(
        timedelta(hours=1),
        le=timedelta(days=7),
        description="How long results of the job service wait to be fetched by address, or from a detached "
        "job; at most 7 days.",
    )
    process_idle: Duration = Field(
        timedelta(minutes=10),
        description="How long a connection to the job service may stay open with nothing said and no job "
        "running.",
    )
    process_longest: Duration = Field(
        timedelta(days=1), description="How long a connection to the job service may stay open at all."
    )
    process_jobs: int = Field(
        8, ge=1, le=100, description="Jobs at a time on one connection to the job service."
    )
    process_max_bytes: int = Field(
        16 << 30,
        gt=0,
        le=MOST_BYTES,
        description="Bytes that one connection to the job service may bring in all; upload_max_bytes is for "
        "each file.",
    )

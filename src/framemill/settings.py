"""Everything an operator may set, described, read once from the environment and a TOML file.

`app` reads it and hands plain values on; no other room sees it.
"""

import os
import re
import tomllib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

_WORDS = re.compile(
    r"(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?", re.ASCII
)


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


def _at_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(str(error)) from error


# In a file no shell replaces `~`.
_Path = Annotated[Path, AfterValidator(_at_home)]
_MOST_BYTES = 1 << 60
_HTTP = r"^https?://[^/?#@\s]+/?$"


def _duration(value: object) -> object:
    """`90s`, `5m`, `1h30m`, `30d` as a timedelta; the rest is pydantic's: `PT90S`, `00:01:30`, seconds."""
    if isinstance(value, str) and (found := _WORDS.fullmatch(value.strip().lower())) and value.strip():
        days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
        try:
            return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        except OverflowError as error:
            raise ValueError("no time is that long") from error
    return value


# A limit of nothing would end every program at once.
Duration = Annotated[
    timedelta, BeforeValidator(_duration), Field(ge=timedelta(milliseconds=100), le=timedelta(days=36_500))
]


class Settings(BaseSettings):
    """One value each; the environment (`FRAMEMILL_*`) wins over the file, the file over the default."""

    model_config = SettingsConfigDict(env_prefix="FRAMEMILL_", frozen=True, extra="forbid")

    data_dir: _Path = Field(
        default_factory=_data_dir,
        description="Where the database and stored videos live. Not on a network file system: SQLite's "
        "locks do not hold there.",
    )
    cache_dir: _Path = Field(
        default_factory=_cache_dir,
        description="What may be deleted at any time: what the programs can do, and copies of stored videos.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="SQLAlchemy URL, which may hold a password. Unset: SQLite in data_dir.",
    )
    storage: Literal["local", "s3"] = Field(
        "local", description="Where videos are kept: local, in storage_dir; or s3, in an S3-compatible store."
    )
    storage_dir: _Path | None = Field(
        None,
        description="The folder that videos are kept in, on one file system. Unset: `storage` in data_dir.",
    )
    storage_floor: int = Field(
        512 << 20,
        ge=0,
        le=_MOST_BYTES,
        description="Bytes that stay free on the disk of storage_dir; below that nothing more is stored.",
    )
    storage_keys: SecretStr | None = Field(
        None,
        description="Keys that files in storage_dir are encrypted with: 32 bytes in base64 each, separated "
        "by commas. The first encrypts, all decrypt. Unset: files are stored as they are.",
    )
    public_url: str = Field(
        "http://127.0.0.1:8000",
        pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$",
        description="How this installation is reached from outside; addresses of files begin with it.",
    )
    playback_lifetime: Duration = Field(
        timedelta(hours=1),
        le=timedelta(days=7),
        description="How long an address that plays a video is valid; at most 7 days.",
    )
    media_proxy: bool = Field(
        False,
        description="With storage s3: media goes through this server instead of being fetched from the "
        "store by players, which are sent there otherwise.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="What signs addresses: at least 16 characters; several, separated by commas, to replace "
        "one: the first signs, all are accepted. Unset: made once and kept in data_dir.",
    )
    s3_bucket: str | None = Field(
        None, description="The bucket that videos are kept in, where storage is s3."
    )
    s3_endpoint: str | None = Field(
        None, pattern=_HTTP, description="URL of the S3-compatible store. Unset: AWS."
    )
    s3_public_endpoint: str | None = Field(
        None,
        pattern=_HTTP,
        description="URL that browsers reach the store by, where it is another than s3_endpoint.",
    )
    s3_region: str | None = Field(
        None, description="The bucket's region. Unset: what boto3 finds; us-east-1 where s3_endpoint is set."
    )
    s3_access_key: str | None = Field(
        None,
        description="Name of the store's key. Unset: boto3 looks where it always does: environment, files, "
        "the machine's role.",
    )
    s3_secret_key: SecretStr | None = Field(None, description="The secret that belongs to s3_access_key.")
    s3_prefix: str = Field(
        "", description="What all names in the bucket begin with, so that others can use the bucket too."
    )
    s3_addressing: Literal["auto", "path", "virtual"] = Field(
        "auto",
        description="Where the bucket's name stands: path, after the host; virtual, before it; "
        "auto lets boto3 choose.",
    )
    s3_sse: Literal["none", "s3", "kms", "c"] = Field(
        "none",
        description="How the store encrypts files: none is asked for; s3, with keys of its own; kms, with a "
        "managed key; c, with s3_sse_key, which every request carries, so that files pass through the API.",
    )
    s3_sse_key: SecretStr | None = Field(
        None, description="For kms the key's id, unset for the account's own; for c 32 bytes in base64."
    )
    upload_max_bytes: int = Field(
        2 << 30, gt=0, le=_MOST_BYTES, description="Largest file in bytes that may be uploaded."
    )
    upload_part_bytes: int = Field(
        10 << 20,
        ge=5 << 20,
        le=5 << 30,
        description="How many bytes one part of an upload has; more where there would be over 10,000.",
    )
    upload_expiry: Duration = Field(
        timedelta(hours=6),
        description="How long an upload may take; then what came of it is removed.",
    )
    upload_types: str = Field(
        "mp4,m4v,mov,3gp,mkv,webm,avi,ts,m2ts,mts,flv,wmv,mpg,mpeg,ogv,mxf,mp3,m4a,wav,flac,ogg,opus,aac,wma",
        description="Endings of files that are taken in, separated by commas; the content must fit.",
    )
    ffmpeg: _Path | None = Field(None, description="The ffmpeg to use instead of the bundled one.")
    ffprobe: _Path | None = Field(None, description="The ffprobe to use instead of the bundled one.")
    packager: _Path | None = Field(
        None, description="The Shaka Packager to use instead of the bundled one; off lets ffmpeg package."
    )
    sandbox: Literal["auto", "require", "off"] = Field(
        "auto",
        description="Run tools in a bwrap sandbox: auto where bwrap works, require it, or off.",
    )
    hardware: Literal["off", "auto", "nvenc", "qsv", "videotoolbox", "amf", "vaapi"] = Field(
        "off",
        description="Encode on a GPU where a request does not say: off; auto, one that works, else software; "
        "or nvenc, qsv, videotoolbox, amf or vaapi.",
    )
    verify: Literal["light", "full"] = Field(
        "light",
        description="How results are checked: light probes them, full also decodes them to the end.",
    )
    profiles_file: _Path | None = Field(
        None, description="TOML file whose profiles extend the built-in ones."
    )
    work_dir: _Path | None = Field(
        None,
        description="Where workers keep what they work on for stored videos: a folder of this machine alone, "
        "with room for several results at once. Unset: `work` in data_dir.",
    )
    shared_work: Literal["auto", "yes", "no"] = Field(
        "auto",
        description="Keep what each step of a job on a stored video made in the store until the job ends, so "
        "that workers on other machines can go on: auto, with PostgreSQL where the engine is celery or the "
        "storage s3; yes; or no, for workers on one machine.",
    )
    stage_cache_bytes: int = Field(
        20 << 30,
        ge=0,
        le=_MOST_BYTES,
        description="Bytes of copies of stored videos that a machine keeps in cache_dir where it cannot read "
        "them in place. What is in use may exceed it.",
    )
    max_attempts: int = Field(
        3, ge=1, le=20, description="How often work that failed for a passing reason is tried in all."
    )
    lease_ttl: Duration = Field(
        timedelta(seconds=60),
        description="How long a silent worker keeps a task before another may take it.",
    )
    heartbeat: Duration = Field(
        timedelta(seconds=10), description="How often a worker renews its hold on a task."
    )
    engine: Literal["pool", "celery"] = Field(
        "pool",
        description="Who runs queued jobs: pool, worker processes that look into the database; "
        "or celery, workers that a broker wakes.",
    )
    broker_url: SecretStr | None = Field(
        None,
        description="Where Celery's messages go: redis:// or rediss://, sentinel://, amqp:// or amqps:// "
        "(RabbitMQ); may hold a password.",
    )
    queue_prefix: str = Field(
        "framemill",
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="What the broker's queues are called before .cpu, .gpu and .io. "
        "Installations that share a broker need different ones.",
    )
    tasks_per_child: int = Field(
        200, ge=1, description="Messages after which a Celery worker process makes way for a fresh one."
    )
    allowed_hosts: str = Field(
        "",
        max_length=4000,
        description="Host names, with commas between them, under which the API may be reached. Empty: any, "
        "or only localhost where it listens there.",
    )
    workers: int | None = Field(
        None,
        ge=1,
        le=512,
        description="Worker processes of one pool, and steps of a foreground job side by side. "
        "Unset: one for each processor.",
    )
    poll_interval: Duration = Field(
        timedelta(seconds=2),
        description="How often an idle worker looks for work that nobody rang for.",
    )
    watchdog_interval: Duration = Field(
        timedelta(seconds=30),
        description="How often a pool looks for tasks whose worker is gone, and other things that are stuck.",
    )
    drain_grace: Duration = Field(
        timedelta(minutes=10),
        description="How long running tasks may go on when a worker is told to stop; then others get them.",
    )
    stuck_after: Duration = Field(
        timedelta(hours=4),
        description="How long a running job may make no progress before its workers lose it and others try.",
    )
    keep_jobs: Duration | None = Field(
        timedelta(days=30),
        description="How long records of ended jobs are kept; what the jobs made stays. none: for ever.",
    )
    price_cpu_second: Decimal = Field(
        Decimal(0), ge=0, description="What a second of one processor costs, for the cost of jobs."
    )
    price_gpu_second: Decimal = Field(Decimal(0), ge=0, description="What a second of a GPU costs.")
    price_gb_month: Decimal = Field(
        Decimal(0), ge=0, description="What storing 10^9 bytes for a month costs; a job's results count once."
    )
    price_gb_egress: Decimal = Field(
        Decimal(0), ge=0, description="What sending out 10^9 bytes costs; a job's results count once."
    )
    currency: str = Field(
        "", max_length=8, description="What prices and costs are in, as it is to be shown: EUR, say."
    )
    stall_timeout: Duration = Field(
        timedelta(minutes=5), description="How long a tool may report no progress before it is ended."
    )
    wall_timeout: Duration = Field(
        timedelta(days=1),
        description="How long one tool run may take at most; estimated work gets thirty times its estimate.",
    )
    cpu_limit: Duration = Field(
        timedelta(days=14), description="CPU time over all cores that one tool run may use."
    )
    memory_limit: int | None = Field(
        8 << 30, gt=0, le=_MOST_BYTES, description="Bytes of memory per tool run. 4K x264 needs about 1 GB."
    )
    output_limit: int | None = Field(
        1 << 40, gt=0, le=_MOST_BYTES, description="Largest file in bytes that a tool may write."
    )
    open_files_limit: int = Field(
        1024, ge=64, le=1 << 20, description="Files that one tool run may hold open."
    )
    max_pixels: int = Field(
        67_108_864,
        gt=0,
        le=1 << 40,
        description="Largest picture that is decoded: 8192x8192. A larger claim attacks memory.",
    )

    fetch_allow: str = Field(
        "",
        description="What may be fetched from beside public addresses on ports 80 and 443: hosts, host:port, "
        "addresses or networks, separated by commas.",
    )
    fetch_max_bytes: int | None = Field(
        20 << 30, gt=0, le=_MOST_BYTES, description="Largest file in bytes that is downloaded."
    )
    fetch_timeout: Duration = Field(
        timedelta(hours=6), description="How long one download may take; started again it goes on."
    )
    fetch_min_rate: int = Field(
        1024,
        ge=0,
        le=_MOST_BYTES,
        description="Bytes a second below which a download is given up and tried again later.",
    )
    fetch_per_host: int = Field(
        4, ge=1, le=64, description="Connections to one host at a time, over all downloads of this machine."
    )
    ytdlp: Literal["off", "auto", "on"] = Field(
        "auto",
        description="Whether yt-dlp downloads from pages that show a video: off; auto, where an address is "
        "no file; or on, for all addresses that do not end like a file.",
    )
    ytdlp_cookies: _Path | None = Field(
        None, description="A cookies.txt that yt-dlp may use; whoever may submit addresses uses its logins."
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


def _shown(value: object) -> str | int | None:
    if isinstance(value, timedelta):
        return written(value)
    return value if value is None or isinstance(value, int) else str(value)


def written(span: timedelta) -> str:
    """`1h30m`: a duration as it may be set."""
    whole, rest = divmod(span, timedelta(seconds=1))
    parts, left = [], whole
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60)):
        count, left = divmod(left, seconds)
        parts += [f"{count}{unit}"] if count else []
    last = left + rest.total_seconds()
    return "".join([*parts, *([f"{last:g}s"] if last or not parts else [])])

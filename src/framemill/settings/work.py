"""Settings of work: programs and their limits, jobs and workers, what it costs."""

from datetime import timedelta
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from framemill.settings.kinds import MOST_BYTES, Duration, HomePath


class OfWork(BaseModel):
    """What `Settings` has for these."""

    ffmpeg: HomePath | None = Field(None, description="The ffmpeg to use instead of the bundled one.")
    ffprobe: HomePath | None = Field(None, description="The ffprobe to use instead of the bundled one.")
    packager: HomePath | None = Field(
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
    profiles_file: HomePath | None = Field(
        None, description="TOML file whose profiles extend the built-in ones."
    )
    work_dir: HomePath | None = Field(
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
    keep_events: Duration = Field(
        timedelta(days=7),
        description="How long the log of events is kept: who was away for longer cannot go on where they "
        "were.",
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
        8 << 30, gt=0, le=MOST_BYTES, description="Bytes of memory per tool run. 4K x264 needs about 1 GB."
    )
    output_limit: int | None = Field(
        1 << 40, gt=0, le=MOST_BYTES, description="Largest file in bytes that a tool may write."
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

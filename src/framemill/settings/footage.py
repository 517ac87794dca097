"""Settings of stored videos: where they are kept, how they come in and go out."""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from framemill.settings.kinds import HTTP, MOST_BYTES, Duration, HomePath


class OfFootage(BaseModel):
    """What `Settings` has for these."""

    storage: Literal["local", "s3"] = Field(
        "local", description="Where videos are kept: local, in storage_dir; or s3, in an S3-compatible store."
    )
    storage_dir: HomePath | None = Field(
        None,
        description="The folder that videos are kept in, on one file system. Unset: `storage` in data_dir.",
    )
    storage_floor: int = Field(
        512 << 20,
        ge=0,
        le=MOST_BYTES,
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
        None, pattern=HTTP, description="URL of the S3-compatible store. Unset: AWS."
    )
    s3_public_endpoint: str | None = Field(
        None,
        pattern=HTTP,
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
        2 << 30, gt=0, le=MOST_BYTES, description="Largest file in bytes that may be uploaded."
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
    stage_cache_bytes: int = Field(
        20 << 30,
        ge=0,
        le=MOST_BYTES,
        description="Bytes of copies of stored videos that a machine keeps in cache_dir where it cannot read "
        "them in place. What is in use may exceed it.",
    )
    allowed_hosts: str = Field(
        "",
        max_length=4000,
        description="Host names, with commas between them, under which the API may be reached. Empty: any, "
        "or only localhost where it listens there.",
    )
    allowed_origins: str = Field(
        "",
        max_length=4000,
        description="Other sites, like https://example.com with commas between them, whose pages may open "
        "WebSockets here; they need a key.",
    )
    rate_reads: int = Field(
        1200,
        ge=0,
        description="Requests that read which one caller may make in a minute; media, parts of files and "
        "health do not count. 0: any number.",
    )
    rate_writes: int = Field(
        600, ge=0, description="Requests that change something, in the same way. 0: any number."
    )
    fetch_allow: str = Field(
        "",
        description="What may be fetched from beside public addresses on ports 80 and 443: hosts, host:port, "
        "addresses or networks, separated by commas.",
    )
    fetch_max_bytes: int | None = Field(
        20 << 30, gt=0, le=MOST_BYTES, description="Largest file in bytes that is downloaded."
    )
    fetch_timeout: Duration = Field(
        timedelta(hours=6), description="How long one download may take; started again it goes on."
    )
    fetch_min_rate: int = Field(
        1024,
        ge=0,
        le=MOST_BYTES,
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
    ytdlp_cookies: HomePath | None = Field(
        None, description="A cookies.txt that yt-dlp may use; whoever may submit addresses uses its logins."
    )

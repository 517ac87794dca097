"""Settings become adapters: the store of files, the ways in and out, the doorbell."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from framemill.app.machinery import Machinery
from framemill.errors import InvalidSettings

if TYPE_CHECKING:
    from framemill.engine.bells import PipeBell
    from framemill.engine.dispatch import Dispatcher
    from framemill.engine.notices import NoticeBell
    from framemill.engine.places import Places
    from framemill.engine.stock import Stock
    from framemill.fetch.fetcher import Fetcher
    from framemill.fetch.guard import Guard
    from framemill.storage.blobs import BlobStore
    from framemill.storage.s3.store import S3Store
    from framemill.storage.sealing import Keyring
    from framemill.storage.signing import Signer


class Adapters(Machinery):
    """What the use cases stand on, each made when it is first asked for."""

    @cached_property
    def blobs(self) -> "BlobStore":
        """Where videos and what is made from them are kept."""
        if self.settings.storage == "s3":
            return self.bucket
        from framemill.storage.disk import Disk
        from framemill.storage.local import LocalStore

        s = self.settings
        disk = Disk(s.storage_dir or s.data_dir / "storage", floor=s.storage_floor)
        return LocalStore(disk, signer=self.signer, public_url=self.public_url, keyring=self._keyring)

    @property
    def _keyring(self) -> "Keyring | None":
        if self.settings.storage_keys is None:
            return None
        from framemill.storage.sealing import Keyring

        return Keyring.parsed(self.settings.storage_keys.get_secret_value())

    @cached_property
    def bucket(self) -> "S3Store":
        """The S3-compatible store; InvalidSettings where files are kept elsewhere."""
        from framemill.storage.doors import Doors
        from framemill.storage.s3 import open_s3

        s = self.settings
        if s.storage != "s3":
            raise InvalidSettings("files are not kept in S3", hint="set FRAMEMILL_STORAGE=s3")
        if s.s3_bucket is None:
            raise InvalidSettings(
                "files are kept in S3, and no bucket is set", hint="set FRAMEMILL_S3_BUCKET"
            )
        return open_s3(
            bucket=s.s3_bucket,
            endpoint=s.s3_endpoint,
            public_endpoint=s.s3_public_endpoint,
            region=s.s3_region,
            access_key=s.s3_access_key,
            secret_key=s.s3_secret_key.get_secret_value() if s.s3_secret_key else None,
            prefix=s.s3_prefix,
            addressing=s.s3_addressing,
            sse=s.s3_sse,
            sse_key=s.s3_sse_key.get_secret_value() if s.s3_sse_key else None,
            doors=Doors(self.signer, self.public_url),
        )

    @property
    def public_url(self) -> str:
        """What addresses of files begin with: as it is set, or where this process serves."""
        if self.address is not None and "public_url" not in self.settings.model_fields_set:
            return self.address
        return self.settings.public_url

    @cached_property
    def signer(self) -> "Signer":
        """Who signs addresses and knows them again; InvalidSettings."""
        from framemill.storage.signing import Signer

        return Signer(self.secrets)

    @cached_property
    def secrets(self) -> "Sequence[str]":
        """What this installation's own signatures come from, the newest first; InvalidSettings."""
        if self.settings.secret_key is not None:
            return tuple(part.strip() for part in self.settings.secret_key.get_secret_value().split(","))
        from framemill.storage.secret import kept_secret

        return (kept_secret(self.settings.data_dir / "secret"),)

    @property
    def _work_dir(self) -> Path:
        return self.settings.work_dir or self.settings.data_dir / "work"

    @cached_property
    def places(self) -> "Places":
        """Where jobs work on this machine."""
        from framemill.engine.places import Places

        return Places(work=self._work_dir, open_stock=lambda: self.stock)

    @cached_property
    def stock(self) -> "Stock":
        """The store as jobs see it."""
        from framemill.engine.stock import Stock
        from framemill.storage.cache import Cache

        s = self.settings
        cache = Cache(self.blobs, s.cache_dir / "videos", limit=s.stage_cache_bytes)
        return Stock(blobs=self.blobs, cache=cache, shared=self._shares_work)

    @property
    def _shares_work(self) -> bool:
        s = self.settings
        if s.shared_work != "auto":
            return s.shared_work == "yes"
        # SQLite keeps everybody on one machine.
        return self.database.tells and (s.engine == "celery" or s.storage == "s3")

    @property
    def redirects_media(self) -> bool:
        """Whether players are sent to the store for what is not a manifest."""
        s = self.settings
        # A key of one's own is never given away, so what it opens passes through here.
        return s.storage == "s3" and s.s3_sse != "c" and not s.media_proxy

    @cached_property
    def guard(self) -> "Guard":
        """The way out to other machines; InvalidSettings."""
        from framemill.fetch.addresses import AllowList
        from framemill.fetch.guard import Guard

        return Guard(AllowList.of(self.settings.fetch_allow.split(",")))

    @cached_property
    def fetcher(self) -> "Fetcher":
        """Who downloads; InvalidSettings."""
        from framemill.fetch.crew import Rules
        from framemill.fetch.direct import Direct
        from framemill.fetch.fetcher import Fetcher
        from framemill.fetch.slots import Slots
        from framemill.fetch.ytdlp import Pages
        from framemill.tools.ytdlp import check_ytdlp, join, run_ytdlp

        s = self.settings
        rules = Rules(
            max_bytes=s.fetch_max_bytes,
            timeout_s=s.fetch_timeout.total_seconds(),
            min_rate=s.fetch_min_rate,
            connections=s.fetch_per_host,
        )
        slots = Slots(s.data_dir / "fetch", per_host=s.fetch_per_host)
        files = Direct(self.guard, slots, rules)
        pages = Pages(
            guard=self.guard,
            run=run_ytdlp,
            check=check_ytdlp,
            join=lambda argv, *, folder, cancelled: join(
                argv,
                folder=folder,
                programs=self.programs,
                limits=self.limits,
                sandbox=s.sandbox,
                cancelled=cancelled,
            ),
            max_bytes=s.fetch_max_bytes,
            timeout_s=s.fetch_timeout.total_seconds(),
            cookies=s.ytdlp_cookies,
        )
        return Fetcher(files, pages, mode=s.ytdlp)

    @cached_property
    def dispatcher(self) -> "Dispatcher":
        """How workers learn that there is work."""
        if self._in_memory:
            from framemill.engine.dispatch import Unheard

            return Unheard()
        if self.settings.engine == "celery":
            from framemill.engine.broker import Broker

            return Broker(self.broker_url, prefix=self.settings.queue_prefix)
        if self.database.tells:
            from framemill.engine.notices import Notices

            return Notices(self.database)
        from framemill.engine.bells import Bells

        return Bells(self.bells)

    @property
    def broker_url(self) -> str:
        """Where Celery's messages go, with the password in it; InvalidSettings where nothing is set."""
        if self.settings.broker_url is None:
            raise InvalidSettings(
                "the engine is celery, and no broker is set",
                hint="set FRAMEMILL_BROKER_URL, for example to redis://localhost:6379/0",
            )
        return self.settings.broker_url.get_secret_value()

    @property
    def redis_url(self) -> str | None:
        """The Redis that several processes share, with the password in it; None where there is none."""
        broker = self.settings.broker_url
        url = "" if broker is None else broker.get_secret_value()
        return url if url.startswith(("redis://", "rediss://")) else None

    @property
    def bells(self) -> Path:
        """Where idle workers of this machine hang their bells."""
        return self.settings.data_dir / "bells"

    def bell(self) -> "PipeBell | NoticeBell":
        """A bell for a worker of this process."""
        from framemill.engine.bells import PipeBell

        pipe = PipeBell(self.bells)
        if not self.database.tells:
            return pipe
        from framemill.engine.notices import NoticeBell

        return NoticeBell(pipe, self.database)

"""Settings become what work runs on: programs, their limits, and the database."""

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from framemill.errors import InvalidSettings
from framemill.settings import Settings

if TYPE_CHECKING:
    from framemill.domain.capabilities import Capabilities
    from framemill.domain.costs import Prices
    from framemill.domain.hardware import Hardware
    from framemill.domain.profiles import Profile
    from framemill.engine.machine import Machine
    from framemill.store.database import Database
    from framemill.tools.limits import Limits
    from framemill.tools.programs import Programs


class Machinery:
    """What every job needs, each made when it is first asked for."""

    def __init__(self, settings: Settings, *, in_memory: bool = False) -> None:
        self.settings = settings
        self._in_memory = in_memory
        self.address: str | None = None  # where this process serves, if it does

    @cached_property
    def programs(self) -> "Programs":
        """ffmpeg, ffprobe and the packager; ToolMissing."""
        from framemill.tools.programs import find_programs

        s = self.settings
        return find_programs(ffmpeg=s.ffmpeg, ffprobe=s.ffprobe, packager=s.packager)

    @cached_property
    def capabilities(self) -> "Capabilities":
        """What the programs can do, read once per version of them."""
        from framemill.tools.capabilities import read_capabilities

        return read_capabilities(self.programs, cache_dir=self.settings.cache_dir)

    @cached_property
    def profiles(self) -> "Mapping[str, Profile]":
        """The built-in profiles and the user's; InvalidProfile."""
        from framemill.operations.profiles import load_profiles

        return load_profiles(self.settings.profiles_file)

    @cached_property
    def limits(self) -> "Limits":
        """How much one program run may use."""
        from framemill.tools.limits import Limits

        s = self.settings
        return Limits(
            cpu_s=round(s.cpu_limit.total_seconds()),
            memory_bytes=s.memory_limit,
            file_bytes=s.output_limit,
            open_files=s.open_files_limit,
            timeout_s=s.wall_timeout.total_seconds(),
            stall_s=s.stall_timeout.total_seconds(),
            max_pixels=s.max_pixels,
        )

    @cached_property
    def machine(self) -> "Machine":
        """What workers run with."""
        from framemill.engine.machine import Machine

        return Machine(
            programs=self.programs,
            capabilities=self.capabilities,
            profiles=self.profiles,
            limits=self.limits,
            sandbox=self.settings.sandbox,
            verify=self.settings.verify,
            hardware=self.settings.hardware,
            cache_dir=self.settings.cache_dir,
            slots=self.slots,
        )

    @property
    def slots(self) -> int:
        """How many steps of a job run side by side on this machine."""
        return self.settings.workers or os.cpu_count() or 1

    def hardware(self, *, refresh: bool = False) -> "Hardware":
        """Which hardware encoders and decoders work here; tried anew with `refresh`."""
        from framemill.tools.hardware import detect

        return detect(
            self.programs,
            encoders=self.capabilities.encoders,
            sandbox=self.settings.sandbox,
            cache_dir=self.settings.cache_dir,
            refresh=refresh,
        )

    @cached_property
    def prices(self) -> "Prices":
        """What work costs here."""
        from framemill.domain.costs import Prices

        s = self.settings
        return Prices(
            cpu_second=s.price_cpu_second,
            gpu_second=s.price_gpu_second,
            gb_month=s.price_gb_month,
            gb_egress=s.price_gb_egress,
            currency=s.currency,
        )

    @cached_property
    def database(self) -> "Database":
        """The database, brought up to date; InvalidSettings where it cannot be opened."""
        from sqlalchemy.exc import SQLAlchemyError

        from framemill.store.database import open_database

        try:
            return open_database("sqlite://" if self._in_memory else self.settings.sqlalchemy_url())
        except (SQLAlchemyError, ImportError, OSError) as error:
            # What the driver says. The URL is not in it: that may hold a password.
            said = str(getattr(error, "orig", None) or error).partition("\n")[0]
            raise InvalidSettings(
                f"the database cannot be opened: {said}",
                hint="look at FRAMEMILL_DATA_DIR and FRAMEMILL_DATABASE_URL",
            ) from error

"""What a worker runs with: programs, what they can do, and how far they may go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypedDict

from framemill.commands.checking import STREAMS, decode_all
from framemill.commands.failures import classify
from framemill.domain.capabilities import Capabilities
from framemill.domain.hardware import Hardware, Wish
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Estimate
from framemill.domain.profiles import Profile
from framemill.tools.hardware import detect
from framemill.tools.limits import Limits
from framemill.tools.probe import count_packets, probe
from framemill.tools.process import run_tool
from framemill.tools.programs import Programs
from framemill.tools.sandbox import Mode, sandboxed

Stop = Callable[[], bool]

# An estimate may be far off on a slow machine; only what is absurd is ended.
_SLOWER_THAN_ESTIMATED = 30
_LEAST_TIMEOUT_S = 3600
# A device that says nothing for this long hangs; software can begin anew much sooner than a stall ends.
_DEVICE_STALL_S = 60


class Rules(TypedDict):
    """Keyword arguments of everything that reads a file."""

    programs: Programs
    limits: Limits
    sandbox: Mode
    cancelled: Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One set of programs and the rules for running them."""

    programs: Programs
    capabilities: Capabilities
    profiles: Mapping[str, Profile]
    limits: Limits = field(default_factory=Limits)
    sandbox: Mode = "auto"
    verify: Literal["light", "full"] = "light"
    hardware: Wish = "off"  # where a request says nothing
    cache_dir: Path | None = None
    slots: int = 1  # how many steps of a job may run side by side

    def accelerators(self, stop: Stop) -> Hardware:
        """Which hardware encoders work here."""
        return detect(
            self.programs,
            encoders=self.capabilities.encoders,
            sandbox=self.sandbox,
            cache_dir=self.cache_dir,
            cancelled=stop,
        )

    def rules(self, stop: Stop) -> Rules:
        """What reading a file takes, whatever is read."""
        return {
            "programs": self.programs,
            "limits": self.limits,
            "sandbox": self.sandbox,
            "cancelled": stop,
        }

    def look(self, path: Path, *, name: str | None = None, stop: Stop) -> MediaInfo:
        """What `path` contains."""
        return probe(path, name=name, **self.rules(stop))

    def packets(self, path: Path, *, stream: int, stop: Stop) -> int:
        """How many packets, which are frames, a video stream has."""
        found = count_packets(path, **self.rules(stop))
        return found[stream].packets if stream in found else 0

    def decode(self, path: Path, *, demuxer: str | None, stop: Stop) -> None:
        """Decode `path` to its end, with a certain demuxer if given; raises what damage means."""
        real = path.resolve()
        argv = (str(self.programs.ffmpeg), *decode_all(str(real), demuxer=demuxer))
        done = run_tool(
            # A stream's segments lie around its manifest, those of DASH in the folder beside it.
            sandboxed(
                argv,
                readable=(real.parent.parent if demuxer in STREAMS else real,),
                writable=(),
                mode=self.sandbox,
            ),
            cwd=real.parent,
            limits=self.limits,
            cancelled=stop,
        )
        if done.exit_code != 0:
            raise classify(tool="ffmpeg", exit_code=done.exit_code, tail=done.tail, name=path.name)

    def limits_for(self, estimate: Estimate, *, device: bool = False) -> Limits:
        """The limits of one command of a step: wall time scaled from what was estimated."""
        limits = self.limits
        if estimate.wall_ms:
            scaled = max(_LEAST_TIMEOUT_S, _SLOWER_THAN_ESTIMATED * estimate.wall_ms / 1000)
            limits = replace(limits, timeout_s=min(scaled, limits.timeout_s or scaled))
        if device:
            stall = min(_DEVICE_STALL_S, limits.stall_s or _DEVICE_STALL_S)
            # Drivers reserve far more address space than they use.
            limits = replace(limits, stall_s=stall, cap_address_space=False)
        return limits

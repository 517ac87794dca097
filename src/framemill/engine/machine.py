"""What a worker runs with: programs, what they can do, and how far they may go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from framemill.commands.checking import STREAMS, decode_all
from framemill.commands.failures import classify
from framemill.domain.capabilities import Capabilities
from framemill.domain.cropping import Box
from framemill.domain.cuts import Weights
from framemill.domain.hardware import Hardware, Wish
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Estimate
from framemill.domain.profiles import Profile
from framemill.domain.smart import Pictures
from framemill.tools.cropping import picture_area
from framemill.tools.hardware import detect
from framemill.tools.limits import Limits
from framemill.tools.pictures import pictures
from framemill.tools.probe import count_packets, keyframes, probe
from framemill.tools.process import run_tool
from framemill.tools.programs import Programs
from framemill.tools.sandbox import Mode, sandboxed
from framemill.tools.scenes import scenes
from framemill.tools.weighing import weights

Stop = Callable[[], bool]
# Hears how far something is, from 0 to 1.
Report = Callable[[float], None]

# An estimate may be far off on a slow machine; only what is absurd is ended.
_SLOWER_THAN_ESTIMATED = 30
_LEAST_TIMEOUT_S = 3600
# A device that says nothing for this long hangs; software can begin anew much sooner than a stall ends.
_DEVICE_STALL_S = 60


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

    def accelerators(self, stop: Stop) -> Hardware:
        """Which hardware encoders work here."""
        return detect(
            self.programs,
            encoders=self.capabilities.encoders,
            sandbox=self.sandbox,
            cache_dir=self.cache_dir,
            cancelled=stop,
        )

    def look(self, path: Path, *, name: str | None = None, stop: Stop) -> MediaInfo:
        """What `path` contains."""
        return probe(
            path,
            programs=self.programs,
            limits=self.limits,
            name=name,
            sandbox=self.sandbox,
            cancelled=stop,
        )

    def keyframes(self, path: Path, *, media: MediaInfo, stop: Stop) -> tuple[int, ...]:
        """When its keyframes are, in µs from its start."""
        return keyframes(
            path,
            programs=self.programs,
            media=media,
            limits=self.limits,
            sandbox=self.sandbox,
            cancelled=stop,
        )

    def weights(self, path: Path, *, media: MediaInfo, stop: Stop) -> Weights:
        """How its bytes are spread over its keyframes."""
        return weights(
            path,
            programs=self.programs,
            media=media,
            limits=self.limits,
            sandbox=self.sandbox,
            cancelled=stop,
        )

    def scenes(self, path: Path, *, media: MediaInfo, threshold: float, stop: Stop) -> tuple[int, ...]:
        """When new scenes begin, in µs from its start."""
        return scenes(
            path,
            programs=self.programs,
            media=media,
            threshold=threshold,
            limits=self.limits,
            sandbox=self.sandbox,
            cancelled=stop,
        )

    def picture_area(self, path: Path, *, media: MediaInfo, limit: int, stop: Stop) -> Box | None:
        """The part of its main video that is not black bars."""
        return picture_area(
            path,
            programs=self.programs,
            media=media,
            limit=limit,
            limits=self.limits,
            sandbox=self.sandbox,
            cancelled=stop,
        )

    def pictures(
        self, path: Path, *, media: MediaInfo, ranges: tuple[tuple[int, int], ...] | None, stop: Stop
    ) -> Pictures:
        """Its pictures, around `ranges` only where that is less to read."""
        return pictures(
            path,
            programs=self.programs,
            media=media,
            ranges=ranges,
            limits=self.limits,
            sandbox=self.sandbox,
            cancelled=stop,
        )

    def frames(self, path: Path, *, stop: Stop) -> int:
        """How many pictures its main video decodes to, 0 where it has none."""
        media = probe(
            path,
            programs=self.programs,
            limits=self.limits,
            sandbox=self.sandbox,
            count_frames=True,
            cancelled=stop,
        )
        return (media.main_video.frame_count or 0) if media.main_video else 0

    def packets(self, path: Path, *, stream: int, stop: Stop) -> int:
        """How many packets, which are frames, a video stream has."""
        found = count_packets(
            path, programs=self.programs, limits=self.limits, sandbox=self.sandbox, cancelled=stop
        )
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

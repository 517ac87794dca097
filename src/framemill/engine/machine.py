"""What a worker runs with: programs, what they can do, and how far they may go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from framemill.commands.checking import decode_all
from framemill.commands.failures import classify
from framemill.domain.capabilities import Capabilities
from framemill.domain.cuts import Weights
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Estimate
from framemill.domain.profiles import Profile
from framemill.domain.smart import Pictures
from framemill.tools.limits import Limits
from framemill.tools.pictures import pictures
from framemill.tools.probe import count_packets, keyframes, probe
from framemill.tools.process import run_tool
from framemill.tools.programs import Programs
from framemill.tools.sandbox import Mode, sandboxed
from framemill.tools.weighing import weights

Stop = Callable[[], bool]

# An estimate may be far off on a slow machine; only what is absurd is ended.
_SLOWER_THAN_ESTIMATED = 30
_LEAST_TIMEOUT_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One set of programs and the rules for running them."""

    programs: Programs
    capabilities: Capabilities
    profiles: Mapping[str, Profile]
    limits: Limits = field(default_factory=Limits)
    sandbox: Mode = "auto"
    verify: Literal["light", "full"] = "light"

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
            sandboxed(argv, readable=(real,), writable=(), mode=self.sandbox),
            cwd=real.parent,
            limits=self.limits,
            cancelled=stop,
        )
        if done.exit_code != 0:
            raise classify(tool="ffmpeg", exit_code=done.exit_code, tail=done.tail, name=path.name)

    def limits_for(self, estimate: Estimate) -> Limits:
        """The limits of one command of a step: wall time scaled from what was estimated."""
        if not estimate.wall_ms:
            return self.limits
        scaled = max(_LEAST_TIMEOUT_S, _SLOWER_THAN_ESTIMATED * estimate.wall_ms / 1000)
        return replace(self.limits, timeout_s=min(scaled, self.limits.timeout_s or scaled))

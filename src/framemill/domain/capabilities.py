"""What the programs on this machine can do; read from them by tools, used by the planner."""

import re
from dataclasses import dataclass

from framemill.errors import EncoderUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one set of ffmpeg, ffprobe and packager offers."""

    ffmpeg_version: str
    ffprobe_version: str
    packager_version: str | None = None  # None: no Shaka Packager, ffmpeg packages
    encoders: frozenset[str] = frozenset()
    decoders: frozenset[str] = frozenset()
    filters: frozenset[str] = frozenset()
    muxers: frozenset[str] = frozenset()
    demuxers: frozenset[str] = frozenset()

    def need_encoder(self, name: str) -> str:
        """`name`, or EncoderUnavailable."""
        if name not in self.encoders:
            raise EncoderUnavailable(name)
        return name

    def first_encoder(self, *names: str) -> str:
        """The first of `names` that is there; EncoderUnavailable names the first wish."""
        for name in names:
            if name in self.encoders:
                return name
        raise EncoderUnavailable(names[0])

    @property
    def carries_light(self) -> bool:
        """True where ffmpeg hands HDR10's metadata from decoders to encoders, as it does since 7.1."""
        found = re.match(r"(\d+)\.(\d+)", self.ffmpeg_version)
        return found is not None and (int(found[1]), int(found[2])) >= (7, 1)

    def has_filter(self, name: str) -> bool:
        """True where the filter is built in."""
        return name in self.filters

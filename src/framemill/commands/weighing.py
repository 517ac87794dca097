"""Asking ffprobe how large every packet is, and adding up what stands before each keyframe."""

from dataclasses import dataclass, field

from framemill.commands.packets import micros
from framemill.commands.source import MAX_PIXELS, guard_args
from framemill.domain.cuts import Mark, Weights


def sizes_args(name: str, *, max_pixels: int = MAX_PIXELS) -> tuple[str, ...]:
    """Time, size and flags of every packet of `name`, one line each; nothing is decoded."""
    return (
        *("-v", "error"),
        *guard_args(max_pixels=max_pixels),
        *("-show_entries", "packet=stream_index,pts_time,dts_time,size,flags"),
        *("-of", "csv=p=0"),
        *("-i", f"file:{name}"),
    )


@dataclass(slots=True, kw_only=True)
class Scale:
    """Adds up packets as they come."""

    stream: int  # whose keyframes count
    start_us: int  # of the file
    _packets: list[tuple[int, int, int | None]] = field(default_factory=list)

    def take(self, line: str) -> None:
        """One line of ffprobe's; anything else is passed over."""
        fields = line.strip().split(",")
        if len(fields) < 5 or not fields[0].isdigit() or not fields[3].isdigit():
            return
        shown, decoded = micros(fields[1]), micros(fields[2])
        # Files are written in decode order; a packet without any time follows the one before it.
        order = decoded if decoded is not None else shown
        if order is None:
            order = self._packets[-1][0] if self._packets else 0
        opens = int(fields[0]) == self.stream and "K" in fields[4] and "D" not in fields[4]
        at = shown if shown is not None else decoded
        self._packets.append((order, int(fields[3]), at if opens else None))

    def read(self) -> Weights:
        """What the scale shows."""
        marks: list[Mark] = []
        size = 0
        for count, (_, weight, key) in enumerate(sorted(self._packets, key=lambda p: p[0])):
            if key is not None:
                marks.append(Mark(time_us=key - self.start_us, bytes_before=size, packets_before=count))
            size += weight
        return Weights(marks=tuple(marks), total_bytes=size, total_packets=len(self._packets))

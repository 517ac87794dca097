"""What the actions of a smart cut are told, as JSON: which pieces to join, what to prove, what to clear."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from framemill.commands import smart
from framemill.commands.smart import Stretch
from framemill.domain.containers import Container
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.smart import Pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a smart cut is made from."""

    label: str
    ref: str
    media: MediaInfo
    stream: VideoStream
    pictures: Pictures


def pieces_wish(found: Source, stretches: Sequence[Stretch], *, whole: bool) -> str:
    """For `smart_splice`: the pieces, or each range in one where `whole`."""
    listed: list[tuple[str, int]] = []
    for s in stretches:
        begins = ((f"{s.name}_whole.mp4", s.splice.first),) if whole else s.pieces()
        places = [*(s.time_us(tick) for _, tick in begins), s.time_us(s.splice.end)]
        listed += [(name, places[n + 1] - places[n]) for n, (name, _) in enumerate(begins)]
    return json.dumps({"codec": found.stream.codec, "pieces": listed})


def proof_wish(
    found: Source, stretches: Sequence[Stretch], container: Container, *, file: str, label: str, strict: bool
) -> str:
    """For `smart_proof`."""
    spans = []
    offset = 0
    for s in stretches:
        copied = s.splice.copied
        spans.append(
            {
                "name": s.name,
                "first": s.splice.first,
                "offset_us": offset,
                "copied": [copied.first, copied.last] if copied is not None else None,
                "windows": [{"name": w.name, "first": w.first, "until": w.until} for w in smart.windows(s)],
            }
        )
        offset += s.end_us - s.start_us
    framed = {"mov", "matroska"}
    base = found.pictures.time_base
    return json.dumps(
        {
            "file": file,
            "label": label,
            "demuxer": container.demuxer,
            # Other containers frame a codec's units in another way.
            "same_bytes": found.media.container in framed
            and container.demuxer in framed
            and found.stream.codec != "hevc",
            "strict": strict,
            "time_base": [base.numerator, base.denominator],
            "count": sum(s.splice.count for s in stretches),
            "spans": spans,
        }
    )


def scrap(stretches: Sequence[Stretch], script: str) -> tuple[str, ...]:
    """Every file below out/ that is no result."""
    found = [script, "made.hash", "made.gray"]
    for s in stretches:
        found += [name for name, _ in s.pieces()]
        found += [f"{s.name}.crc", f"{s.name}_whole.mp4"]
        found += [f"{w.name}.{kind}" for w in smart.windows(s) for kind in ("hash", "gray")]
    return tuple(found)

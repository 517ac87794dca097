"""Encoding short samples of a video, and comparing them, or the whole result, with the source.

Templates: `{crf}`, `{start}`, `{length}` (seconds) and `{frames}` are filled in for each trial.
"""

from framemill.commands import lone, quality, source
from framemill.commands.quality import Aligned, Side
from framemill.domain.capabilities import Capabilities
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.quality import Metric
from framemill.domain.work import Tap

SOURCE, TRIAL, MADE = "source", "trial", "made"  # staged as in/<name>
PICTURES, LOG = "out/pictures.txt", "out/vmaf.json"
_RANGE = ("-ss", "{start}", "-t", "{length}")


def with_crf(args: tuple[str, ...]) -> tuple[str, ...]:
    """Encoder options with the place of the crf left open."""
    at = args.index("-crf") + 1
    return (*args[:at], "{crf}", *args[at + 1 :])


def encode(tap: Tap, *, ranged: bool) -> tuple[str, ...]:
    """The picture of `tap`, whole or a range of it, as `out/trial`."""
    assert tap.video is not None
    return (
        *("-nostdin", "-hide_banner", "-y"),
        *source.read(SOURCE, demuxer=tap.media.container, before=_RANGE if ranged else ()),
        *lone.picture(tap.video, with_crf(tap.video.args)),
        *tap.mux,
        f"file:out/{TRIAL}",
    )


def compare(
    tap: Tap, made: MediaInfo, *, of: str, ranged: bool, every: int, capabilities: Capabilities, model: str
) -> tuple[str, ...]:
    """VMAF of `in/<of>`, which has the form of `made`, against the source, by frame number.

    Nothing here adds or drops frames, while times may differ: containers
    round, and a late first frame is shown from zero.
    """
    numbered = "N/(25*TB)"
    end = "end_frame={frames}" if ranged else None
    argv = quality.compared(
        Side(name=of, media=made, video=_picture(made)),
        Side(name=SOURCE, media=tap.media, video=_read_by(tap)),
        metrics={Metric.VMAF},
        capabilities=capabilities,
        pictures=PICTURES,
        log=LOG,
        model=model,
        every=every,
        aligned=Aligned(source=numbered, reference=numbered, source_trim=end, reference_trim=end),
    )
    if not ranged:
        return argv
    at = argv.index(f"file:in/{SOURCE}") - 1
    return (*argv[:at], *_RANGE, *argv[at:])


def _picture(media: MediaInfo) -> VideoStream:
    assert media.main_video is not None
    return media.main_video


def _read_by(tap: Tap) -> VideoStream:
    assert tap.video is not None
    return next(v for v in tap.media.video if v.index == tap.video.stream)

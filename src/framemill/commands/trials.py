"""Encoding short samples of a video, and comparing them, or the whole result, with the source.

Templates: `{crf}`, `{start}`, `{length}` (seconds) and `{frames}` are filled in for each trial.
"""

from dataclasses import replace

from framemill.commands import lone, patching, quality, source
from framemill.commands.picture import SHOW_FIRST_FROM_ZERO
from framemill.commands.quality import Aligned, Side
from framemill.domain.capabilities import Capabilities
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.quality import Metric
from framemill.domain.sampling import SPREAD
from framemill.domain.work import Tap

SOURCE, TRIAL, MADE = "source", "trial", "made"  # staged as in/<name>
PICTURES, LOG = "out/pictures.txt", "out/vmaf.json"
OF_PICKED = 3  # of the pictures that are compared where not all are, one of so many is measured
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


def again(tap: Tap) -> tuple[str, ...]:
    """The pictures `{begin}` to `{end}` (on the source's own clock) of `tap`, as the piece `out/{file}`."""
    assert tap.video is not None
    # The neighbours of what is cut out stand before it, for what joins fields.
    cut = "trim=start={begin}:end={end},setpts='if(eq(N,0),0,PTS-({origin}/TB))'"
    filters = tuple(cut if f in SHOW_FIRST_FROM_ZERO else f for f in tap.video.filters)
    before = ("-ss", "{enter}", "-t", "{reading}", "-copyts")
    return (
        *("-nostdin", "-hide_banner", "-y"),
        *source.read(SOURCE, demuxer=tap.media.container, before=before),
        *lone.picture(replace(tap.video, filters=filters), with_crf(tap.video.args)),
        # x264 writes the crf into its parameter sets.
        *(("-x264-params", "sps-id={sets}") if "libx264" in tap.video.args else ()),
        *patching.piece("{file}", "{timescale}"),
    )


def alone(args: tuple[str, ...]) -> tuple[str, ...]:
    """Encoder options whose parts can stand beside those of another encode."""
    if "-x265-params" not in args:
        return args
    at = args.index("-x265-params") + 1
    # By default x265 looks across keyframes, and writes its settings into the header.
    return (*args[:at], f"{args[at]}:open-gop=0:info=0", *args[at + 1 :])


def compare(
    tap: Tap, made: MediaInfo, *, of: str, ranged: bool, every: int, capabilities: Capabilities, model: str
) -> tuple[str, ...]:
    """VMAF of `in/<of>`, which has the form of `made`, against the source, by frame number.

    Of all frames, or of those that `domain.sampling.measured` names.

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
        every=1 if every == 1 else OF_PICKED,
        picked=None if every == 1 else _picked(every),
        aligned=Aligned(source=numbered, reference=numbered, source_trim=end, reference_trim=end),
    )
    if not ranged:
        return argv
    at = argv.index(f"file:in/{SOURCE}") - 1
    return (*argv[:at], *_RANGE, *argv[at:])


def _picked(every: int) -> str:
    """Each frame that is measured with both its neighbours, since VMAF looks at motion.

    The first stands at the beginning, so of what is left one of three is measured.
    """
    number = rf"floor((n+1)/{every})"
    place = rf"{every}*{number}+floor({every - 2}*mod({number}*{SPREAD}\,1))"
    return rf"'lte(abs(n-({place}))\,1)'"


def _picture(media: MediaInfo) -> VideoStream:
    assert media.main_video is not None
    return media.main_video


def _read_by(tap: Tap) -> VideoStream:
    assert tap.video is not None
    return next(v for v in tap.media.video if v.index == tap.video.stream)

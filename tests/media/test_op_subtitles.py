"""Subtitles seen in decoded pictures, read back from files, and found again in tracks."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

import framemill as fm
from framemill.errors import InputUnreadable, NoSubtitleStream, NotSupported
from framemill.tools.programs import find_programs
from tests.conftest import Clip
from tests.corpus import file, manifest, needs_corpus
from tests.media.counted import cues

pytestmark = pytest.mark.media

_FAST = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
_SRT = "1\n00:00:01,000 --> 00:00:02,000\nMMMMMM\n"


@pytest.fixture(scope="session", name="black")
def _black(clip: Clip) -> Path:
    """Three black seconds at 25 frames a second, with sound."""
    return clip(
        "black.mp4",
        *("-f", "lavfi", "-i", "color=black:s=320x180:r=25:d=3"),
        *("-f", "lavfi", "-i", "sine=d=3", *_FAST, "-c:a", "aac"),
    )


@pytest.fixture(name="sidecar")
def _sidecar(tmp_path: Path) -> Path:
    path = tmp_path / "said.srt"
    path.write_text(_SRT)
    return path


def burn(source: Path, text: Path, target: Path, **fields: object) -> Path:
    spec = fm.Subtitles.model_validate({"action": "burn", "file": str(text), **fields})
    return fm.run(source, spec, output=target).path


def lit(path: Path, *, area: str = "iw:ih:0:0", above: int = 128) -> list[int]:
    """The numbers of the frames in which something is bright."""
    shown = _ffmpeg(
        *("-i", str(path), "-map", "0:v:0", "-vf", f"crop={area},format=gray,scale=64:64:flags=neighbor"),
        *("-fps_mode", "passthrough", "-f", "rawvideo", "-"),
    )
    frames = (shown[at : at + 4096] for at in range(0, len(shown), 4096))
    return [n for n, frame in enumerate(frames) if max(frame) > above]


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("offset", ["0", "7.3", "-0.5"])
def test_text_stands_in_exactly_the_frames_of_its_cue(
    ending: str, offset: str, black: Path, sidecar: Path, tmp_path: Path
) -> None:
    source = tmp_path / f"source.{ending}"
    _ffmpeg("-i", str(black), "-c", "copy", "-output_ts_offset", offset, str(source))

    assert lit(burn(source, sidecar, tmp_path / "burnt.mp4")) == list(range(25, 50))


def test_a_track_inside_is_drawn_at_its_time_wherever_the_clock_begins(
    black: Path, sidecar: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source.mkv"
    maps = ("-map", "0", "-map", "1", "-c", "copy", "-output_ts_offset", "5.2")
    _ffmpeg("-i", str(black), "-i", str(sidecar), *maps, str(source))

    result = fm.run(source, fm.Subtitles(action="burn"), output=tmp_path / "burnt.mp4")

    assert lit(result.path) == list(range(25, 50))
    assert fm.probe(result.path).subtitles == ()


def test_a_turned_anamorphic_picture_carries_upright_text_at_its_foot(sidecar: Path, tmp_path: Path) -> None:
    flat, turned = tmp_path / "flat.mp4", tmp_path / "turned.mp4"
    _ffmpeg("-f", "lavfi", "-i", "color=black:s=240x180:r=25:d=2.5", "-vf", "setsar=4/3", *_FAST, str(flat))
    _ffmpeg("-display_rotation", "90", "-i", str(flat), "-c", "copy", str(turned))

    burnt = burn(turned, sidecar, tmp_path / "burnt.mp4")

    (video,) = fm.probe(burnt).video
    assert (video.width, video.height) == (180, 320)
    assert lit(burnt, area="iw:ih/4:0:ih*3/4") == list(range(25, 50))
    assert lit(burnt, area="iw:ih/2:0:0") == []


def test_style_moves_and_colours_the_text(black: Path, sidecar: Path, tmp_path: Path) -> None:
    burnt = burn(black, sidecar, tmp_path / "burnt.mp4", style="position=top,size=20,color=#0000ff,outline=0")

    middle = _ffmpeg(
        "-ss", "1.5", "-i", str(burnt), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"
    )
    pixels = [middle[at : at + 3] for at in range(0, len(middle), 3)]
    blue = [n // 320 for n, (r, g, b) in enumerate(pixels) if b > 150 and r < 90 and g < 90]
    assert len(blue) > 400
    assert max(blue) < 90
    assert not [p for p in pixels if min(p) > 150]


def test_what_looks_like_code_is_only_text(black: Path, tmp_path: Path) -> None:
    plain, braces = tmp_path / "plain.srt", tmp_path / "braces.srt"
    plain.write_text(_SRT.replace("MMMMMM", "a"))
    braces.write_text(_SRT.replace("MMMMMM", r"a%{n}{C:\new}"))

    areas = [
        len([b for b in _frame(burn(black, text, tmp_path / f"{text.stem}.mp4")) if b > 100])
        for text in (plain, braces)
    ]

    assert areas[1] > 5 * areas[0] > 0


def test_ass_keeps_its_own_look_until_told_otherwise(black: Path, tmp_path: Path) -> None:
    text = tmp_path / "said.ass"
    text.write_text(
        "[Script Info]\nScriptType: v4.00+\nPlayResX: 320\nPlayResY: 180\n\n[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, Outline, Alignment, MarginV\n"
        "Style: Default,Sans,30,&H00FFFFFF,&H00000000,0,8,5\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,MMMM\n"
    )

    own = burn(black, text, tmp_path / "own.mp4")
    low = burn(black, text, tmp_path / "low.mp4", style="position=bottom")

    assert (lit(own, area="iw:90:0:0"), lit(own, area="iw:90:0:90")) == (list(range(25, 50)), [])
    assert (lit(low, area="iw:90:0:0"), lit(low, area="iw:90:0:90")) == ([], list(range(25, 50)))


def test_letters_that_no_font_has_end_the_work_and_leave_nothing(black: Path, tmp_path: Path) -> None:
    text = tmp_path / "said.srt"
    text.write_text(_SRT.replace("MMMMMM", "a \U000120ab"))  # cuneiform

    with pytest.raises(NotSupported, match="\U000120ab"):
        burn(black, text, tmp_path / "burnt.mp4")
    assert not (tmp_path / "burnt.mp4").exists()


@pytest.mark.parametrize("ending", ["mp4", "mkv", "webm"])
def test_files_become_tracks_at_their_times(ending: str, black: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "film.de.srt", tmp_path / "it's [b], 2;%d.vtt"
    one.write_bytes(_SRT.replace("MMMMMM", "Grüße").encode("latin-1"))
    two.write_text("WEBVTT\n\n00:00.500 --> 00:01.500\nhi\n\n00:02.000 --> 00:09.000\nlong\n")
    source = tmp_path / f"source.{ending}"
    codecs = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus")
    _ffmpeg("-i", str(black), *(codecs if ending == "webm" else ("-c", "copy")), str(source))
    spec = fm.Subtitles(
        action="add",
        file=(str(one), str(two)),
        language=("ger", "en"),
        title=("", "A; = title"),
        default=True,
    )

    result = fm.run(source, spec, output=tmp_path / f"made.{ending}")

    media = fm.probe(result.path)
    kept = (
        ["mov_text"] * 2 if ending == "mp4" else ["webvtt"] * 2 if ending == "webm" else ["subrip", "webvtt"]
    )
    assert [(s.codec, s.language) for s in media.subtitles] == list(zip(kept, ("ger", "eng"), strict=True))
    assert "default" in media.subtitles[0].dispositions
    assert "default" not in media.subtitles[1].dispositions
    if ending != "mp4":
        assert media.subtitles[1].title == "A; = title"
    assert cues(result.path)[0] == pytest.approx((1, 2), abs=0.001)
    assert media.duration_us == pytest.approx(3_000_000, abs=60_000)
    assert any("'film.de' was taken for cp1252" in warning for warning in result.warnings)
    out = fm.run(
        result.path, fm.Subtitles(action="extract", track=1, format="srt"), output=tmp_path / "o.srt"
    )
    assert out.path.read_text() == "1\n00:00:01,000 --> 00:00:02,000\nGrüße\n\n"


def test_added_tracks_stand_beside_those_that_are_there(black: Path, sidecar: Path, tmp_path: Path) -> None:
    first = fm.run(
        black, fm.Subtitles(action="add", file=(str(sidecar),), default=True), output=tmp_path / "one.mkv"
    )

    second = fm.run(
        first.path,
        fm.Subtitles(action="add", file=(str(sidecar),), language=("fr",), forced=True, default=True),
        output=tmp_path / "two.mkv",
    )

    (had, new) = fm.probe(second.path).subtitles
    assert "default" not in had.dispositions
    assert {"default", "forced"} <= set(new.dispositions)
    assert new.language == "fre"


def test_a_file_in_a_container_without_text_becomes_matroska(
    black: Path, sidecar: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source.ts"
    _ffmpeg("-i", str(black), "-c", "copy", "-output_ts_offset", "9.9", str(source))

    result = fm.run(source, fm.Subtitles(action="add", file=(str(sidecar),)), output=tmp_path / "out")

    assert result.path.suffix == ".mkv"
    (cue,) = cues(result.path)
    assert cue == pytest.approx((1, 2), abs=0.03)


def test_a_track_without_a_cue_is_no_text(black: Path, tmp_path: Path) -> None:
    late = tmp_path / "late.srt"
    late.write_text("1\n00:00:08,000 --> 00:00:09,000\nlate\n")
    source = tmp_path / "source.mp4"
    _ffmpeg(
        "-i",
        str(black),
        "-i",
        str(late),
        "-map",
        "0",
        "-map",
        "1",
        "-c",
        "copy",
        "-c:s",
        "mov_text",
        "-t",
        "2",
        str(source),
    )
    if not fm.probe(source).subtitles:
        pytest.fail("the muxer left the empty track out")

    with pytest.raises(NoSubtitleStream, match="holds no text"):
        fm.run(source, fm.Subtitles(action="extract"), output=tmp_path / "out.srt")
    assert not (tmp_path / "out.srt").exists()


def test_a_playlist_called_srt_opens_nothing(black: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil.srt"
    evil.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{black}\n#EXT-X-ENDLIST\n")

    for action in ("burn", "add"):
        with pytest.raises(InputUnreadable, match="no SRT, WebVTT or ASS"):
            fm.run(black, fm.Subtitles(action=action, file=(str(evil),)), output=tmp_path / "out.mp4")


@needs_corpus
def test_fonts_inside_a_file_are_drawn_with(tmp_path: Path) -> None:
    # The attached font is a bold one; called what nothing else is called, only it can answer to that name.
    source, renamed = file("derived/ass-font-attachment.mkv"), tmp_path / "renamed.mkv"
    renamed.write_bytes(
        source.read_bytes().replace("DejaVu Sans".encode("utf-16-be"), "Zq4rtz Font".encode("utf-16-be"))
    )
    spec = fm.Subtitles.model_validate({"action": "burn", "style": {"font": "Zq4rtz Font", "bold": False}})

    attached, absent = (
        _frame(fm.run(path, spec, output=tmp_path / f"{path.stem}.mp4").path, at=0.2)
        for path in (renamed, file("sample_with_ass_subtitles.mkv"))
    )

    assert sum(a != b for a, b in zip(attached, absent, strict=True)) > 1000


@needs_corpus
def test_a_font_file_is_drawn_with(black: Path, sidecar: Path, tmp_path: Path) -> None:
    font = tmp_path / "it's a font.bin"
    dump = ("-dump_attachment:3", str(font), "-i", str(file("derived/ass-font-attachment.mkv")))
    _ffmpeg(*dump, "-map", "0:v", "-frames:v", "1", "-f", "null", "-")

    bold = _frame(burn(black, sidecar, tmp_path / "bold.mp4", font=str(font)))
    plain = _frame(burn(black, sidecar, tmp_path / "plain.mp4"))

    assert len([b for b in bold if b > 128]) > 1.2 * len([b for b in plain if b > 128])
    with pytest.raises(InputUnreadable, match="no TrueType or OpenType font"):
        burn(black, sidecar, tmp_path / "no.mp4", font=str(black))


@needs_corpus
@pytest.mark.parametrize("reordered", ["0", "3"])
@pytest.mark.parametrize("offset", ["0", "7.3"])
def test_pictures_are_laid_over_and_go_again(
    offset: str, reordered: str, black: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source.mkv"
    _ffmpeg(
        *("-i", str(black), "-itsoffset", "1", "-i", str(file("sample_with_pgs_subtitles.mkv"))),
        *("-map", "0:v", "-map", "1:2", "-c", "copy", "-c:v", "libx264", "-bf", reordered),
        *("-output_ts_offset", offset, str(source)),
    )

    result = fm.run(source, fm.Subtitles(action="burn"), output=tmp_path / "burnt.mp4")

    assert lit(result.path) == list(range(25, 56))
    with pytest.raises(NotSupported, match="cannot become text"):
        fm.run(source, fm.Subtitles(action="extract"), output=tmp_path / "out.srt")


@needs_corpus
def test_six_languages_come_out_by_their_names(tmp_path: Path) -> None:
    result = fm.run(
        file("mkv-multi-srt.mkv"), fm.Subtitles(action="extract", track="all"), output=tmp_path / "out"
    )

    assert sorted(a.path.name for a in result.artifacts) == [
        f"mkv-multi-srt.{language}.srt" for language in ("cze", "eng", "fre", "ger", "por", "spa")
    ]
    assert all("-->" in a.path.read_text() for a in result.artifacts)


@needs_corpus
@pytest.mark.parametrize("name", [n for n in manifest() if n.startswith("sidecar/")])
def test_every_real_sidecar_is_added_under_its_awkward_name(name: str, black: Path, tmp_path: Path) -> None:
    text = tmp_path / (manifest()[name].get("copy_as") or Path(name).name)
    text.write_bytes(file(name).read_bytes())
    if "Tears" in name:  # it begins after the film
        text.write_text(text.read_text("utf-8-sig").replace("00:00:23", "00:00:01"), "utf-8-sig")

    result = fm.run(black, fm.Subtitles(action="add", file=(str(text),)), output=tmp_path / "out.mkv")

    assert len(fm.probe(result.path).subtitles) == 1


def _frame(path: Path, *, at: float = 1.5) -> bytes:
    picture = ("-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "-")
    return _ffmpeg("-ss", str(at), "-i", str(path), *picture)


def _ffmpeg(*argv: str | Sequence[str]) -> bytes:
    command = [str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-y", *argv]
    return subprocess.run(command, check=True, capture_output=True).stdout  # type: ignore[arg-type]  # all are words

"""Compressing to a VMAF, judged by a measurement of its own: not the one that the operation makes."""

import json
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

import framemill as fm
from framemill.domain.sampling import measured
from framemill.engine.actions import ACTIONS
from framemill.engine.holding import find_crf
from framemill.engine.workbench import Workbench
from framemill.errors import NotSupported, QualityUnreachable
from framemill.tools.programs import find_programs
from tests import corpus
from tests.conftest import Clip

pytestmark = pytest.mark.media

NOISY = "testsrc2=s=320x180:r=25:d={},noise=alls=9:allf=t,format=yuv420p"
LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0")


@pytest.fixture(scope="session", name="short")
def _short(clip: Clip) -> Path:
    """Three busy seconds with sound."""
    return clip(
        "short.mkv",
        *("-f", "lavfi", "-i", NOISY.format(3), "-f", "lavfi", "-i", "sine=d=3:r=48000"),
        *("-c:a", "aac", "-ac", "2", *LOSSLESS),
    )


@pytest.mark.parametrize(("codec", "speed"), [("h264", "veryfast"), ("hevc", "ultrafast"), ("av1", "11")])
def test_the_result_has_the_vmaf_that_was_asked_for(
    codec: str, speed: str, short: Path, tmp_path: Path
) -> None:
    spec = fm.Compress.model_validate({"target_vmaf": 90, "codec": codec, "speed": speed})

    result = fm.run(short, spec, output=tmp_path / "small.mp4")

    assert 90 <= vmaf_of(result.path, short) <= 91
    media = fm.probe(result.path)
    assert media.main_video is not None
    assert media.main_video.codec == codec
    assert [a.channels for a in media.audio] == [2]


def test_what_was_measured_is_told_and_kept_with_the_result(short: Path, tmp_path: Path) -> None:
    spec = fm.Compress(target_vmaf=93, speed="veryfast")

    result = fm.run(short, spec, output=tmp_path / "small.mp4")

    (artifact,) = result.artifacts
    found = artifact.provenance["found"]["quality"]
    assert found["vmaf"]["mean"] == pytest.approx(vmaf_of(artifact.path, short), abs=0.02)
    assert found["vmaf"]["p5"] < found["vmaf"]["mean"]
    assert found["bytes"] == artifact.path.stat().st_size
    assert found["frames"] == 75
    assert any(f"at crf {found['crf']:g}, measured on 75 frames" in note for note in result.notes)
    # Trials are not among the commands that made the result.
    made = [c for c in artifact.provenance["commands"] if not c.startswith("framemill:")]
    assert len(made) == 1
    assert f"-crf {found['crf']:g}" in made[0]
    assert 0 < sum(found["cpu_ms"].values()) < artifact.provenance["cpu_ms"]


def test_the_estimate_for_the_usual_crf_is_near_what_that_gives(short: Path, tmp_path: Path) -> None:
    target = fm.run(short, fm.Compress(target_vmaf=80, speed="veryfast"), output=tmp_path / "a.mp4")
    plain = fm.run(short, fm.Compress(crf=23, speed="veryfast"), output=tmp_path / "b.mp4")

    usual = target.artifacts[0].provenance["found"]["quality"]["usual"]

    assert usual["crf"] == 23
    assert usual["vmaf"] == pytest.approx(vmaf_of(plain.path, short), abs=0.3)
    assert usual["bytes"] == pytest.approx(plain.path.stat().st_size, rel=0.05)


@pytest.fixture(scope="session", name="mixed")
def _mixed(clip: Clip) -> Path:
    """Three easy quarters and a hard one: evenly spread guesses at either would miss."""
    return clip(
        "mixed.mp4",
        *("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=15,format=yuv420p"),
        *("-f", "lavfi", "-i", "mandelbrot=s=320x180:r=25,noise=alls=12:allf=t,trim=duration=5"),
        *("-f", "lavfi", "-i", "sine=d=20:r=48000"),
        *("-filter_complex", "[0][1]concat=n=2,format=yuv420p[v]", "-map", "[v]", "-map", "2", "-g", "25"),
        *("-c:a", "aac", "-ac", "2", "-metadata:s:v:0", "language=deu"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-qp", "8"),
    )


def test_a_longer_video_is_searched_on_samples_and_still_measured_whole(mixed: Path, tmp_path: Path) -> None:
    source = mixed

    result = fm.run(source, fm.Compress(target_vmaf=92, speed="veryfast"), output=tmp_path / "small.mp4")

    found = result.artifacts[0].provenance["found"]["quality"]
    assert found["samples"] == 8
    assert found["frames"] == 500
    assert 92 <= vmaf_of(result.path, source) <= 93


def test_where_not_all_frames_are_measured_those_have_their_true_scores(
    mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framemill.operations.building.holding._ENOUGH_FRAMES", 30)

    result = fm.run(mixed, fm.Compress(target_vmaf=92, speed="veryfast"), output=tmp_path / "small.mp4")

    found = result.artifacts[0].provenance["found"]["quality"]
    # The last frame of all may be measured as well.
    assert found["frames"] - len(measured(500, 13)) in {0, 1}
    places, scores = measured(501, 13)[: found["frames"]], scores_of(result.path, mixed)
    assert found["every"] == 13
    assert found["vmaf"]["mean"] == pytest.approx(sum(scores[n] for n in places) / len(places), abs=0.001)


@pytest.mark.parametrize(
    ("codec", "speed", "off"), [("h264", "veryfast", 1.5), ("hevc", "ultrafast", 1.5), ("av1", "11", 3)]
)
def test_after_a_near_miss_only_outlying_parts_are_made_again(
    codec: str, speed: str, off: float, mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def misled(bench: Workbench, argv: tuple[str, ...]) -> None:
        find_crf(bench, argv)
        state = json.loads((bench.scratch / "out/holding.json").read_text())
        state["crf"] += off
        (bench.scratch / "out/holding.json").write_text(json.dumps(state))
        (bench.scratch / "out/values.json").write_text(json.dumps({"crf": f"{state['crf']:g}"}))

    monkeypatch.setitem(ACTIONS, "find_crf", misled)
    spec = fm.Compress.model_validate({"target_vmaf": 92, "codec": codec, "speed": speed})

    result = fm.run(mixed, spec, output=tmp_path / "small.mp4")

    found = result.artifacts[0].provenance["found"]["quality"]
    assert found["encodes"] == 1
    assert 0 < found["patched"]["share"] <= 0.6
    assert found["vmaf"]["mean"] == pytest.approx(vmaf_of(result.path, mixed), abs=0.05)
    assert 92 <= found["vmaf"]["mean"] <= 93
    assert "was encoded again at crf" in str(result.notes)
    shown, source = (picture_times(path) for path in (result.path, mixed))
    assert shown == pytest.approx(source, abs=0.001)
    media = fm.probe(result.path)
    assert [(a.codec, a.channels) for a in media.audio] == [("aac", 2)]
    assert media.main_video is not None
    assert media.main_video.language == "deu"


def test_a_still_picture_has_no_vmaf_of_99_and_none_is_pretended(clip: Clip, tmp_path: Path) -> None:
    still = clip(
        "still.mp4",
        *("-f", "lavfi", "-i", "smptebars=s=320x180:r=10:d=2,format=yuv420p", *LOSSLESS),
    )

    with pytest.raises(QualityUnreachable, match=r"VMAF 99 cannot be reached: h264 at crf 1 gives 97\.") as e:
        fm.run(still, fm.Compress(target_vmaf=99, speed="ultrafast"), output=tmp_path / "small.mp4")

    assert e.value.hint == "ask for target_vmaf 97, or for a crf"
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_worse_is_published_with_a_warning(clip: Clip, tmp_path: Path) -> None:
    grey = clip("grey.mp4", *("-f", "lavfi", "-i", "color=gray:s=320x180:r=10:d=2", *LOSSLESS))

    result = fm.run(grey, fm.Compress(target_vmaf=60, speed="ultrafast"), output=tmp_path / "small.mp4")

    found = result.artifacts[0].provenance["found"]["quality"]
    assert found["crf"] == 51
    assert found["vmaf"]["mean"] > 61
    assert "more than a point above what was asked for: h264 comes no nearer" in result.warnings[-1]


def test_a_picture_too_small_for_vmaf_is_refused(clip: Clip, tmp_path: Path) -> None:
    tiny = clip("tiny.mp4", *("-f", "lavfi", "-i", "testsrc2=s=24x24:d=1", *LOSSLESS))

    with pytest.raises(NotSupported, match="24x24"):
        fm.run(tiny, fm.Compress(target_vmaf=90), output=tmp_path / "small.mp4")


@pytest.mark.parametrize(
    ("name", "filters", "options"),
    [
        ("turned.mp4", "null", ("-display_rotation:v:0", "90")),
        ("odd.mkv", "scale=321:181,format=yuv444p", ()),
        ("wide-pixels.mp4", "setsar=4/3", ()),
        ("uneven.mkv", "select='not(mod(n,3))+gt(mod(t,1),0.5)'", ("-fps_mode", "vfr")),
        ("deep.mkv", "format=yuv420p10le", ()),
        ("late.mkv", "setpts=PTS+0.7/TB", ()),
    ],
)
def test_real_footage_shapes_are_measured_frame_by_frame(
    name: str, filters: str, options: tuple[str, ...], clip: Clip, tmp_path: Path
) -> None:
    rotated = options if name.startswith("turned") else ()
    base = clip(
        name,
        *("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2,noise=alls=9:allf=t", "-vf", filters),
        *(() if rotated else options),
        *LOSSLESS,
    )
    source = base
    if rotated:
        source = clip("rotated.mp4", *rotated, *("-i", str(base), "-c", "copy"))

    result = fm.run(source, fm.Compress(target_vmaf=88, speed="veryfast"), output=tmp_path / "small.mp4")

    # Another scaler than the operation's turns odd sides and wide pixels even.
    assert 87.9 <= vmaf_of(result.path, source) <= 89.1
    assert 88 <= result.artifacts[0].provenance["found"]["quality"]["vmaf"]["mean"] <= 89


@corpus.needs_corpus
def test_a_real_file_comes_out_with_the_wished_vmaf(tmp_path: Path) -> None:
    source = corpus.file("bear-vp9-odd-dimensions.webm")
    spec = fm.Compress(target_vmaf=92, speed="superfast")

    result = fm.run(source, spec, output=tmp_path / "small.mp4")

    assert 92 <= result.artifacts[0].provenance["found"]["quality"]["vmaf"]["mean"] <= 93
    assert 91.9 <= vmaf_of(result.path, source) <= 93.1


def picture_times(path: Path) -> list[float]:
    """When each decoded picture is shown, in seconds."""
    head = (str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-xerror", "-i", str(path))
    tail = ("-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framecrc", "-")
    done = subprocess.run([*head, *tail], check=True, capture_output=True, text=True, timeout=60)
    lines = done.stdout.splitlines()
    base = next(Fraction(line.split(":")[1].strip()) for line in lines if line.startswith("#tb 0"))
    return [float(int(line.split(",")[2]) * base) for line in lines if not line.startswith("#")]


def vmaf_of(result: Path, source: Path) -> float:
    """Mean VMAF over all frames."""
    scores = scores_of(result, source)
    return sum(scores) / len(scores)


def scores_of(result: Path, source: Path) -> list[float]:
    """VMAF of each frame, the nth of one file against the nth of the other, in the source's size."""
    log = result.with_suffix(".json")
    video = fm.probe(source).main_video
    assert video is not None
    width, height = (video.height, video.width) if video.turned else (video.width, video.height)
    alike = f"settb=1/1000,setpts=N*40,scale={width}:{height}:flags=bicubic,format=yuv420p"
    graph = f"[0:v]{alike}[a];[1:v]{alike}[b];[a][b]libvmaf=shortest=1:log_fmt=json:log_path={log}"
    head = (str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-i", str(result), "-i", str(source))
    subprocess.run([*head, "-lavfi", graph, "-f", "null", "-"], check=True, timeout=120)
    frames = json.loads(log.read_text())["frames"]
    log.unlink()
    return [float(f["metrics"]["vmaf"]) for f in frames]

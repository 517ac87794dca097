"""Trying hardware encoders, and falling back from them, with programs that pretend to have one."""

from pathlib import Path

import psutil
import pytest

from framemill.app import open_app
from framemill.domain.hardware import Hardware
from framemill.domain.states import JobState
from framemill.errors import EncoderUnavailable
from framemill.operations.ladder import Ladder
from framemill.operations.spec import Spec
from framemill.operations.transcode import Transcode
from framemill.services.records import JobDetail
from framemill.settings import Settings
from framemill.tools.hardware import detect
from framemill.tools.programs import Programs
from tests.fakes import ENCODER, a_liar

pytestmark = pytest.mark.media

ONLY = frozenset({ENCODER})
QUICK = Transcode(profile="mobile_360p", preset="ultrafast", hardware="nvenc")


def _found(programs: Programs, *, patience_s: float = 20, cache_dir: Path | None = None) -> Hardware:
    return detect(programs, encoders=ONLY, sandbox="off", patience_s=patience_s, cache_dir=cache_dir)


def _reason(programs: Programs, *, patience_s: float = 20) -> str | None:
    trial = _found(programs, patience_s=patience_s).encoder("nvenc", "h264", 8)
    assert trial is not None
    return trial.reason


def _nothing_runs(folder: Path) -> bool:
    return not [
        p for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or ())
    ]


def test_an_encoder_whose_pictures_can_be_decoded_works(programs: Programs, tmp_path: Path) -> None:
    assert _reason(a_liar(tmp_path, programs)) is None


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("fails", "the GPU allows no further encode"),
        ("has none", "the GPU has no encoder"),
        ("crashes", "it crashed (SIGSEGV)"),
        ("writes nothing", "it wrote nothing"),
        ("writes rubbish", "what it wrote is damaged"),
        ("babbles", "error error error"),
    ],
)
def test_an_encoder_that_does_not_work_is_shown_with_the_reason(
    how: str, reason: str, programs: Programs, tmp_path: Path
) -> None:
    found = _reason(a_liar(tmp_path, programs, at_trial=how))

    assert found is not None
    assert found.startswith(reason)
    assert len(found) <= 200


def test_an_encoder_that_hangs_is_ended_and_its_maker_not_asked_again(
    programs: Programs, tmp_path: Path
) -> None:
    liar = a_liar(tmp_path, programs, at_trial="hangs")

    found = detect(liar, encoders=frozenset({ENCODER, "av1_nvenc"}), sandbox="off", patience_s=1)

    assert [t.reason for t in found.trials] == [
        "it did not answer within 1 s",
        "not tried: h264_nvenc hung",
        "not tried: h264_nvenc hung",
    ]
    assert _nothing_runs(tmp_path)


def test_what_was_found_is_kept_until_the_program_changes(programs: Programs, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    liar = a_liar(tmp_path, programs)
    first = _found(liar, cache_dir=cache)
    (kept,) = cache.iterdir()
    kept.write_text(kept.read_text().replace('"reason": null', '"reason": "from the cache"'))
    again = _found(liar, cache_dir=cache)
    refreshed = detect(liar, encoders=ONLY, sandbox="off", cache_dir=cache, refresh=True)
    changed = _found(a_liar(tmp_path, programs, at_trial="fails"), cache_dir=cache)

    reasons = [
        trial.reason if (trial := found.encoder("nvenc", "h264", 8)) else "absent"
        for found in (first, again, refreshed, changed)
    ]

    assert reasons == [None, "from the cache", None, "the GPU allows no further encode"]


def _run(
    programs: Programs, source: Path, folder: Path, spec: Spec = QUICK, *, stall: str = "PT5M"
) -> JobDetail:
    settings = Settings(
        ffmpeg=programs.ffmpeg,
        sandbox="off",
        cache_dir=folder / "cache",
        data_dir=folder / "data",
        stall_timeout=stall,  # type: ignore[arg-type]  # pydantic reads the words
    )
    app = open_app(settings, in_memory=True)
    try:
        job = app.jobs.submit([spec], inputs={"input": source}, destination=folder / "results")
        return app.run_job(job)
    finally:
        app.close()


def test_a_job_encodes_on_the_device_that_was_asked_for(
    programs: Programs, film: Path, tmp_path: Path
) -> None:
    done = _run(a_liar(tmp_path, programs), film, tmp_path)

    assert done.job.state is JobState.COMPLETED
    assert done.job.warnings == ()
    (command,) = done.artifacts[0].provenance["commands"]
    assert "-c:v h264_nvenc -preset p1 -tune hq -rc vbr -cq 24 -b:v 0" in command
    assert any("encoded by h264_nvenc (NVIDIA)" in note for note in done.job.notes)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("fails", "the GPU allows no further encode"),
        ("crashes", "it crashed (SIGSEGV)"),
        ("writes rubbish", "does not open"),
        ("hangs", "stalled"),
    ],
)
def test_a_device_that_fails_at_work_is_replaced_by_software(
    how: str, said: str, programs: Programs, film: Path, tmp_path: Path
) -> None:
    liar = a_liar(tmp_path, programs, at_work=how)

    done = _run(liar, film, tmp_path, stall="PT2S")

    assert done.job.state is JobState.COMPLETED, done.job.error
    (warning,) = done.job.warnings
    assert "encoding on the GPU failed and was done again in software" in warning
    assert said in warning
    by_device, in_software = done.artifacts[0].provenance["commands"]
    assert "h264_nvenc" in by_device
    assert "-c:v libx264 -preset ultrafast -crf 24" in in_software
    media = done.artifacts[0].media
    assert media is not None
    assert media.main_video is not None
    assert (media.main_video.width, media.main_video.height, media.main_video.frame_count) == (320, 180, 100)
    assert _nothing_runs(tmp_path)


def test_a_ladder_falls_back_with_keyframes_still_aligned(
    programs: Programs, film: Path, tmp_path: Path
) -> None:
    ladder = Ladder(qualities=("240p",), preset="ultrafast", hardware="auto", keyframe="1s")  # type: ignore[arg-type]

    done = _run(a_liar(tmp_path, programs, at_work="crashes"), film, tmp_path, ladder)

    assert done.job.state is JobState.COMPLETED, done.job.error
    assert len(done.job.warnings) == 2  # its own size, and the device
    media = done.artifacts[0].media
    assert media is not None
    assert media.keyframe_interval_us == 1_000_000


def test_a_device_that_does_not_work_is_refused_by_name_and_passed_over_by_auto(
    programs: Programs, film: Path, tmp_path: Path
) -> None:
    liar = a_liar(tmp_path, programs, at_trial="has none")

    named = _run(liar, film, tmp_path)
    auto = _run(liar, film, tmp_path, QUICK.model_copy(update={"hardware": "auto"}))

    assert named.job.error is not None
    assert named.job.error["code"] == EncoderUnavailable.code
    assert "the GPU has no encoder" in named.job.error["message"]
    assert auto.job.state is JobState.COMPLETED
    assert auto.job.warnings == ()
    assert any("encoded in software" in note for note in auto.job.notes)

"""The engine with real programs on real clips; plans are made by hand."""

import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psutil
import pytest

from framemill.commands.source import read
from framemill.domain.plan import Command, Output, Promise, Role, Step, StepInput
from framemill.domain.states import JobState
from framemill.engine.events import Progress
from framemill.engine.images import read_picture
from framemill.engine.machine import Machine
from framemill.store.database import open_database
from framemill.tools.programs import Programs
from tests.conftest import Clip
from tests.engines import Bench, Clock, a_copy, a_machine, a_plan
from tests.processes import ended

pytestmark = pytest.mark.media

# Damage that is the same each time: chance might write something that decodes.
NOISE = random.Random(1).randbytes(4096)  # noqa: S311 - it protects nothing
PROMISE = Promise(
    kind="media",
    duration_us=4_000_000,
    frame_us=40_000,
    width=160,
    height=90,
    video_codec="h264",
    audio_codecs=("aac",),
    channels=(2,),
    frames=100,
)


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Iterator[Bench]:
    clock = Clock(datetime.now(UTC))
    database = open_database(f"sqlite:///{tmp_path / 'data' / 'f.db'}", clock=clock)
    yield Bench(database=database, clock=clock, folder=tmp_path)
    database.close()


@pytest.fixture(name="machine")
def _machine(programs: Programs) -> Machine:
    return a_machine(programs)


def an_encode(promise: Promise = PROMISE, *, slowly: bool = False) -> Step:
    argv = (
        "-y",
        *read("source", demuxer="mov", before=("-re",) if slowly else ()),
        *("-vf", "scale=160:90", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"),
        "file:out/film.mp4",
    )
    return Step(
        key="encode",
        operation="transcode",
        title="encode 90p",
        commands=(Command(tool="ffmpeg", argv=argv, duration_us=4_000_000),),
        inputs=(StepInput(name="source", ref="input"),),
        outputs=(Output(id="o", path="film.mp4", role=Role.CLIP, promise=promise, publish="film.mp4"),),
    )


def test_an_encode_keeps_its_promise_and_is_published_with_its_facts(
    bench: Bench, machine: Machine, film: Path
) -> None:
    job = bench.submit({"input": film})

    bench.worker(a_plan(an_encode()), machine=machine).run_job(job)

    detail = bench.jobs.show(job)
    assert detail.job.error is None
    (artifact,) = detail.artifacts
    assert bench.left_over() == ["film.mp4"]
    assert artifact.media is not None
    video = artifact.media.main_video
    assert video is not None
    assert (video.width, video.height, artifact.role) == (160, 90, "clip")
    assert str(machine.programs.ffmpeg) in artifact.provenance["commands"][0]
    assert artifact.provenance["cpu_ms"] > 0
    assert artifact.provenance["peak_memory_bytes"] > 1_000_000
    told = [event for event in bench.watcher.events if isinstance(event, Progress)]
    shown = [event.percent for event in told]
    assert shown == sorted(shown)
    assert shown[-1] == 99.0
    assert told[-1].fps is not None
    assert told[-1].speed is not None
    # The film has 25 pictures a second.
    assert told[-1].fps == pytest.approx(25 * told[-1].speed, rel=0.2)


def test_what_ffmpeg_did_not_make_as_promised_is_not_published(
    bench: Bench, machine: Machine, film: Path
) -> None:
    job = bench.submit({"input": film})

    bench.worker(a_plan(an_encode(replace(PROMISE, frames=101))), machine=machine).run_job(job)

    record = bench.jobs.get(job)
    assert record.error is not None
    assert (record.error["code"], record.error["message"]) == (
        "output_invalid",
        "'film.mp4': frames 101 promised, 100 found",
    )
    assert record.error["command"].startswith(str(machine.programs.ffmpeg))
    assert not bench.destination.exists()


def test_an_input_that_is_no_media_is_named_as_the_user_knows_it(bench: Bench, machine: Machine) -> None:
    job = bench.submit({"input": bench.an_input("holiday.mp4", "not a film" * 100)})

    bench.worker(a_plan(an_encode()), machine=machine).run_job(job)

    record = bench.jobs.get(job)
    assert record.error is not None
    assert record.error["code"] == "input_unreadable"
    assert "'holiday.mp4'" in record.error["message"]
    assert not bench.destination.exists()


class _Started:
    """Waits for ffmpeg's first report, then cancels the job from another thread, as another process would."""

    def __init__(self, bench: Bench, job: str) -> None:
        self.programs: list[psutil.Process] = []
        self.thread = threading.Thread(target=lambda: bench.jobs.cancel(job))

    def emit(self, event: object) -> None:
        if isinstance(event, Progress) and event.percent > 0 and not self.programs:
            self.programs = psutil.Process().children(recursive=True)
            self.thread.start()


def test_a_cancelled_encode_ends_at_once_and_leaves_no_process_and_no_file(
    bench: Bench, machine: Machine, film: Path
) -> None:
    job = bench.submit({"input": film})
    started = _Started(bench, job)
    worker = replace(bench.worker(a_plan(an_encode(slowly=True)), machine=machine), sink=started)

    worker.run_job(job)
    started.thread.join()

    assert started.programs != []
    assert ended(*started.programs)
    assert bench.jobs.get(job).state is JobState.CANCELLED
    assert not bench.destination.exists()


@pytest.mark.parametrize(("verify", "state"), [("light", JobState.COMPLETED), ("full", JobState.FAILED)])
def test_damage_in_the_middle_is_found_by_full_verification(
    bench: Bench, machine: Machine, film: Path, verify: Literal["light", "full"], state: JobState
) -> None:
    damaged = bench.folder / "damaged.mp4"
    damaged.write_bytes(film.read_bytes())
    with damaged.open("r+b") as file:
        file.seek(film.stat().st_size // 2)
        file.write(NOISE)
    promise = Promise(kind="media", width=320, height=180)
    job = bench.submit({"input": damaged})

    strict = replace(machine, verify=verify)
    bench.worker(a_plan(a_copy(promise=promise)), machine=strict).run_job(job)

    record = bench.jobs.get(job)
    assert record.state is state
    assert record.error is None or "does not decode to its end" in record.error["message"]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("shot.jpg", ("-frames:v", "1")),
        ("shot.png", ("-frames:v", "1")),
        ("shot.webp", ("-frames:v", "1", "-c:v", "libwebp")),
        ("lossless.webp", ("-frames:v", "1", "-c:v", "libwebp", "-lossless", "1")),
        ("moving.webp", ("-t", "0.4", "-c:v", "libwebp_anim")),
        (
            "moving.gif",
            (
                "-t",
                "0.4",
            ),
        ),
        ("shot.avif", ("-frames:v", "1", "-c:v", "libsvtav1")),
    ],
)
def test_pictures_of_every_kind_that_ffmpeg_makes_are_measured(
    clip: Clip, machine: Machine, name: str, args: tuple[str, ...]
) -> None:
    picture = clip(name, "-f", "lavfi", "-i", "testsrc2=size=322x180:rate=10", *args)

    found = read_picture(picture)
    if found.demuxer:
        machine.decode(picture, demuxer=found.demuxer, stop=lambda: False)

    assert (found.width, found.height) == (322, 180)

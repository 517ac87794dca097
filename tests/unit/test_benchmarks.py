"""What `make bench` types is what the product understands today."""

from pathlib import Path

import pytest

from benchmarks.operations import CASES, Case, Inputs
from benchmarks.rightness import Bench
from framemill.cli.catalog import find
from framemill.cli.program import built
from framemill.operations.names import SUMMARIES
from framemill.tools.programs import Programs

INPUTS = Inputs(
    bench=Bench(
        programs=Programs(ffmpeg=Path("ffmpeg"), ffprobe=Path("ffprobe")), clip=Path("/a b/clip.mp4")
    ),
    listing=Path("/a b/list.txt"),
    cues=Path("/a b/cues.srt"),
)
# Those of streams are measured by publish, those without a result of their own not at all.
ELSEWHERE = {"ladder", "package", "probe", "index"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation)
def test_the_command_that_is_timed_can_be_typed(case: Case) -> None:
    name, *words = INPUTS.words(case.ours, out=Path("/out"))
    entry = find(name)
    assert entry is not None

    context = built(entry).make_context(name, words)

    assert context.params["files"] == ("/a b/clip.mp4",) * case.ours.split(" -")[0].count("{clip}")


def test_every_operation_is_timed() -> None:
    assert {case.operation.split()[0] for case in CASES} == set(SUMMARIES) - ELSEWHERE


def test_a_page_shows_names_without_folders() -> None:
    shown = [INPUTS.shown(case.by_hand) for case in CASES]

    assert [command for command in shown if "{" in command or "/a b" in command] == []

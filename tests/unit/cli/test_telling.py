"""Words and lines: durations, hints, plans, progress, probes."""

import pytest

from framemill.cli.complaint import in_cli_words, wants
from framemill.cli.explained import without_guard
from framemill.cli.page import Section, page
from framemill.cli.progress import InLines, planning
from framemill.cli.shorthands import apply_shorthands
from framemill.cli.terminal import harmless
from framemill.cli.wording import about, clock, columns
from framemill.commands.source import guard_args
from framemill.domain.states import TaskState
from framemill.engine.events import Progress, TaskChanged
from framemill.errors import InvalidSpec


@pytest.mark.parametrize(
    ("ms", "said"),
    [(0, "under 1 s"), (1500, "2 s"), (89_000, "89 s"), (240_000, "4 min"), (7_800_000, "2 h 10 min")],
)
def test_estimates_are_said_as_exactly_as_they_are_known(ms: int, said: str) -> None:
    assert about(ms) == said


@pytest.mark.parametrize(("ms", "said"), [(0, "0:00"), (12_400, "0:12"), (3_753_000, "1:02:33")])
def test_time_left_reads_like_a_clock(ms: int, said: str) -> None:
    assert clock(ms) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("choose another name or set overwrite", "choose another name or add --overwrite"),
        ("use mode=encode to bring them to one form", "use --mode encode to bring them to one form"),
        ("use segment_type=cmaf, see below", "use --segment-type cmaf, see below"),
        ("set FRAMEMILL_SANDBOX=auto", "set FRAMEMILL_SANDBOX=auto"),
    ],
)
def test_hints_speak_the_language_of_the_command_line(written: str, said: str) -> None:
    assert in_cli_words(written) == said


def test_what_follows_two_dashes_is_no_option() -> None:
    assert wants(["info", "--json", "x"], "--json")
    assert not wants(["info", "--", "--json"], "--json")


def test_control_characters_are_shown_and_not_sent() -> None:
    assert harmless("a\x1b[31mb\n\udcff ü 日") == "a\\x1b[31mb\\n\udcff ü 日"


def test_each_guard_becomes_one_mark() -> None:
    argv = ("-y", *guard_args(), "-i", "a", *guard_args(), "-i", "b", "out")

    assert without_guard(argv) == (("-y", "<guard>", "-i", "a", "<guard>", "-i", "b", "out"), True)
    assert without_guard(("-y", "out")) == (("-y", "out"), False)


def test_columns_are_aligned_and_end_without_spaces() -> None:
    assert columns([("a", "bb", ""), ("aaa", "b", "c")]) == ["a    bb", "aaa  b   c"]


def test_a_page_wraps_and_keeps_its_columns() -> None:
    shown = page(
        usage="x",
        text="What it does.",
        sections=[Section(title="Options", rows=(("--long", "word " * 30), ("-s", "short")))],
        examples=("x --long 1",),
        width=60,
    )

    lines = shown.splitlines()
    assert max(map(len, lines)) <= 60
    assert "  -s      short" in lines
    assert lines[-2:] == ["Example:", "  x --long 1"]


@pytest.mark.parametrize(
    ("given", "every"), [("11", "11m"), ("1.5", "1.5m"), ("90s", "90s"), ("0:30", "0:30")]
)
def test_d_counts_in_minutes_unless_it_says_otherwise(given: str, every: str) -> None:
    assert apply_shorthands({"minutes": given}, {}) == {"every": every}


def test_shorthands_that_contradict_are_refused() -> None:
    assert apply_shorthands({"no_copy": True}, {"mode": "encode"}) == {"mode": "encode"}
    with pytest.raises(InvalidSpec, match="--mode"):
        apply_shorthands({"no_copy": True}, {"mode": "copy"})
    with pytest.raises(InvalidSpec, match="--every"):
        apply_shorthands({"minutes": "1"}, {"every": "2s"})


def test_progress_in_lines_comes_every_few_seconds() -> None:
    said: list[str] = []
    clock_at = iter([0.0, 1.0, 4.0, 4.0, 5.0, 9.0, 9.0])
    watching = InLines(say=said.append, now=lambda: next(clock_at))

    for percent in (10.0, 20.0, 30.0, 40.0):
        watching(
            Progress(
                job_id="j",
                task="t",
                title="encode",
                percent=percent,
                job_percent=percent,
                speed=2.0,
                fps=59.94,
                eta_ms=3000,
            )
        )

    assert said == [" 20.0 %  encode  2×  59.9 fps  0:03 left", " 40.0 %  encode  2×  59.9 fps  0:03 left"]


def test_planning_that_takes_long_tells_how_far_it_is() -> None:
    said: list[str] = []
    clock_at = iter([0.0, 4.0, 4.0])
    watching = InLines(say=said.append, now=lambda: next(clock_at))

    watching(planning(0.25))

    assert said == [" 25.0 %  plan the work"]


def test_work_that_is_tried_again_is_told_with_its_reason() -> None:
    said: list[str] = []
    watching = InLines(say=said.append, now=lambda: 0.0)

    watching(TaskChanged(job_id="j", task="t", title="encode", state=TaskState.DONE))
    watching(TaskChanged(job_id="j", task="t", title="encode", state=TaskState.READY, message="disk slow"))

    assert said == ["again: encode: disk slow"]

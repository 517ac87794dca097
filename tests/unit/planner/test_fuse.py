from framemill.commands.source import guard_args
from framemill.domain.plan import Output, Promise, Role
from framemill.domain.work import AudioPart, Tap, VideoPart
from framemill.planner.fuse import fuse
from tests.builders import a_film


def a_tap(
    key: str, *filters: str, source: str = "input", start_us: int | None = None, sound: bool = False
) -> Tap:
    return Tap(
        key=key,
        operation="test",
        title=key,
        source=source,
        media=a_film(),
        output=Output(id=key, path=f"{key}.mp4", role=Role.INTERMEDIATE, promise=Promise(kind="media")),
        video=VideoPart(stream=0, filters=filters, args=("-c:v", "libx264")) if filters else None,
        audio=(AudioPart(stream=1, filters=("aresample",), args=("-c:a:{n}", "aac")),) if sound else (),
        mux=("-f", "mp4"),
        start_us=start_us,
        end_us=None if start_us is None else start_us + 3_000_000,
    )


def test_taps_of_one_source_share_one_decode_and_their_first_filters() -> None:
    (step,) = fuse([a_tap("a", "bwdif", "scale=1", "fmt"), a_tap("b", "bwdif", "scale=2", "fmt")])

    assert step.commands[0].argv == (
        *("-nostdin", "-hide_banner", "-y"),
        *guard_args(),
        *("-f", "mov", "-i", "file:in/source"),
        *(
            "-filter_complex",
            "[0:0]bwdif,split=2[s0x0][s0x1];[s0x0]scale=1,fmt[v0];[s0x1]scale=2,fmt[v1]",
        ),
        *("-map", "[v0]", "-c:v", "libx264", "-f", "mp4", "file:out/a.mp4"),
        *("-map", "[v1]", "-c:v", "libx264", "-f", "mp4", "file:out/b.mp4"),
    )


def test_branches_that_go_on_together_split_later() -> None:
    (step,) = fuse([a_tap("a", "x", "p", "1"), a_tap("b", "x", "p", "2"), a_tap("c", "x", "q")])

    graph = step.commands[0].argv[step.commands[0].argv.index("-filter_complex") + 1]
    assert graph == (
        "[0:0]x,split=2[s0x0][s0x1];[s0x0]p,split=2[s1x0][s1x1];[s1x0]1[v0];[s1x1]2[v1];[s0x1]q[v2]"
    )


def test_the_same_picture_twice_is_filtered_once() -> None:
    (step,) = fuse([a_tap("a", "scale=1"), a_tap("b", "scale=1")])

    graph = step.commands[0].argv[step.commands[0].argv.index("-filter_complex") + 1]
    assert graph == "[0:0]scale=1,split=2[s0x0][s0x1]"


def test_sound_alone_needs_no_graph() -> None:
    (step,) = fuse([a_tap("a", sound=True)])

    assert step.commands[0].argv == (
        *("-nostdin", "-hide_banner", "-y"),
        *guard_args(),
        *("-f", "mov", "-i", "file:in/source"),
        *("-map", "0:1", "-filter:a:0", "aresample", "-c:a:0", "aac"),
        *("-f", "mp4", "file:out/a.mp4"),
    )


def test_other_sources_and_ranges_are_steps_of_their_own() -> None:
    steps = fuse([a_tap("a", "x"), a_tap("b", "x", source="input2"), a_tap("c", "x", start_us=5_000_000)])

    assert [step.key for step in steps] == ["a", "b", "c"]
    assert _pair(steps[2].commands[0].argv, "-ss") == ("-ss", "5")
    assert _pair(steps[2].commands[0].argv, "-t") == ("-t", "3")


def _pair(argv: tuple[str, ...], flag: str) -> tuple[str, str]:
    at = argv.index(flag)
    return argv[at], argv[at + 1]

from framemill.commands import joining, sound
from framemill.commands.crossfading import Voice
from framemill.commands.joining import Piece
from tests.builders import CAPABILITIES, an_audio


def voice() -> Voice:
    part = sound.encode(an_audio(), codec="aac", bitrate=128_000, capabilities=CAPABILITIES)
    return Voice(part=part, sample_rate=48_000, layout="stereo")


def test_pieces_are_brought_to_one_form_and_one_length() -> None:
    loud = Piece(opened=("-i", "a"), picture=0, filters=("setsar=1",), sounds=(1,), length_us=2_000_000)
    mute = Piece(opened=("-i", "b"), picture=0, filters=(), sounds=(None,), length_us=500_000)

    argv = joining.encoded((loud, mute), (voice(),), picture=("-c:v", "libx264"))

    form = "aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo"
    assert argv[: argv.index("-filter_complex")] == ("-i", "a", "-i", "b")
    assert argv[argv.index("-filter_complex") + 1].split(";") == [
        "[0:0]setsar=1[v0]",
        f"[0:1]aresample=async=1:first_pts=0,{form},apad=whole_dur=2,atrim=end=2[a0x0]",
        "[1:0]null[v1]",
        f"anullsrc=r=48000:cl=stereo,{form},atrim=end=0.5[a1x0]",
        "[v0][a0x0][v1][a1x0]concat=n=2:v=1:a=1[v][a0]",
    ]
    assert " ".join(argv[argv.index("-map") :]).startswith("-map [v] -c:v libx264 -map [a0] -c:a:0 aac")


def test_a_range_is_cut_out_of_what_is_read() -> None:
    piece = Piece(
        opened=(),
        picture=0,
        filters=(),
        sounds=(),
        length_us=1_000_000,
        cut=True,
        skip_us=10_000_000,
        early_us=500,
    )

    graph = joining.encoded((piece,), (), picture=())[1]

    assert graph.startswith("[0:0]trim=start=10:end=11,setpts=PTS-10.0005/TB[v0]")


def test_a_script_may_name_files_of_one_kind_only() -> None:
    argv = joining.scripted("in/parts.txt", demuxer="mov")

    assert argv[argv.index("-format_whitelist") + 1] == "concat,mov"
    assert argv[argv.index("-safe") + 1] == "1"
    assert argv[-1] == "file:in/parts.txt"


def test_what_lies_before_a_joined_files_start_falls_into_a_gap_that_is_taken_out() -> None:
    lengths = (5_000_000, 4_000_000, 3_000_000)

    assert joining.script(("part0", "part1", "part2"), lengths) == (
        "ffconcat version 1.0\nfile part0\nduration 7\nfile part1\nduration 6\nfile part2\nduration 5\n"
    )
    options = joining.closed(lengths)
    shift = r"(gte(DTS*TB\,6)+gte(DTS*TB\,12))*2/TB"
    assert options[options.index("-bsf:v") + 1] == f"setts=pts=PTS-{shift}:dts=DTS-{shift}"
    assert options[options.index("-bsf:a") + 1].startswith(
        r"noise=drop=between(pts*tb\,6\,6.999)+between(pts*tb\,12\,12.999),setts="
    )


def test_pieces_of_our_own_need_no_gap() -> None:
    assert joining.script(("piece0.mp4",)) == "ffconcat version 1.0\nfile piece0.mp4\n"

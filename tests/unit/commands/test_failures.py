import signal

import pytest

from framemill.commands.failures import classify
from framemill.errors import FramemillError, ToolFailed


def said(*tail: str, code: int = 1, tool: str = "ffmpeg") -> FramemillError:
    return classify(tool=tool, exit_code=code, tail=tail, name="holiday.mp4")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("[mov,mp4 @ 0x7f59238fa580] moov atom not found", "input_unreadable"),
        ("[hls @ 0x7fa0ad7a6580] Format not on whitelist 'mov,mp4'", "input_unreadable"),
        ("[magicyuv @ 0x7fa0ad7a6580] Codec (magicyuv) not on whitelist 'h264'", "input_unreadable"),
        ("Error opening input file file:in/source.", "input_unreadable"),
        (
            "[fc#0 @ 0x55] Cannot determine format of input 3:0 after EOF",
            "input_unreadable",
        ),
        ("file:in/source: Invalid data found when processing input", "input_unreadable"),
        ("[out#0/mp4 @ 0x55] Error writing trailer: No space left on device", "disk_full"),
        ("av_interleaved_write_frame(): Disk quota exceeded", "disk_full"),
        ("Unknown encoder 'libfoo'", "encoder_unavailable"),
        (
            "[webm @ 0x55a] Only VP8 or VP9 or AV1 video and Vorbis or Opus audio are supported",
            "codec_not_in_container",
        ),
        ("[mp4 @ 0x55a] Could not find tag for codec pcm_s16le in stream #0", "codec_not_in_container"),
        ("[matroska @ 0x55a] codec mov_text not supported in container", "codec_not_in_container"),
        (
            "[h264 @ 0x55a] Picture size 60000x60000 exceeds specified max pixel count 67108864",
            "limit_exceeded",
        ),
        (
            "[Parsed_libvmaf_4 @ 0x55b] could not load libvmaf model with version: vmaf_4k_v0.6.1",
            "not_supported",
        ),
        ("Error: Cannot allocate memory", "limit_exceeded"),
        ("av_interleaved_write_frame(): File too large", "limit_exceeded"),
        ("something nobody has seen", "tool_failed"),
    ],
)
def test_last_words_become_one_code(line: str, code: str) -> None:
    assert said(line).code == code


@pytest.mark.parametrize(
    ("exit_code", "code"),
    [
        (-signal.SIGKILL, "worker_lost"),
        (-signal.SIGTERM, "worker_lost"),
        (128 + signal.SIGKILL, "worker_lost"),
        (-signal.SIGXCPU, "limit_exceeded"),
        (-signal.SIGXFSZ, "limit_exceeded"),
        (128 + signal.SIGXFSZ, "limit_exceeded"),
        (-signal.SIGSEGV, "tool_failed"),
    ],
)
def test_signals_become_one_code(exit_code: int, code: str) -> None:
    assert said("frame= 10", code=exit_code).code == code


def test_ffmpegs_own_reason_is_kept_and_its_paths_are_not() -> None:
    error = said(
        "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x7f59238fa580] moov atom not found",
        "file:/home/ann/My Films/a b.mp4: Invalid data found when processing input",
        tool="ffprobe",
    )

    assert str(error).startswith("'holiday.mp4' cannot be read as media: moov atom not found;")
    assert "/ann" not in str(error)


@pytest.mark.parametrize(
    "line",
    [
        "/home/ann/My Films/a b.mp4: Permission denied",
        "Error opening output file '/home/ann/out.mp4'.",
        "file:/home/ann/x/y.mp4: Protocol not found",
    ],
)
def test_a_tail_holds_no_paths_of_this_machine(line: str) -> None:
    error = said(line, tool="packager")

    assert isinstance(error, ToolFailed)
    assert "ann" not in " ".join(error.tail)


def test_ratios_and_dates_are_no_paths() -> None:
    error = said("[x @ 0x1] rate 30000/1001 and/or 1/25 in in/source at out/part_001.mp4")

    assert isinstance(error, ToolFailed)
    assert error.tail == ("rate 30000/1001 and/or 1/25 in in/source at out/part_001.mp4",)


def test_a_refused_playlist_names_what_it_is() -> None:
    assert "'hls'" in str(said("[hls @ 0x7fa0ad7a6580] Format not on whitelist 'mov,mp4'"))


def test_silence_is_described() -> None:
    assert "it said nothing" in str(said())

"""Where operations encode: what is wished for, what there is, and both forms of the command."""

from dataclasses import replace

import pytest

from framemill.domain.hardware import Acceleration, Hardware, Maker, Trial, Wish, encoder_name
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Command
from framemill.domain.work import Work
from framemill.errors import EncoderUnavailable
from framemill.operations import compress, convert, ladder, transcode
from framemill.operations.planning import Planning
from framemill.operations.transcode import Transcode
from framemill.planner.fuse import fuse
from tests.builders import a_film, a_video, planning_for
from tests.unit.operations.commands import asked


def _tried(maker: Maker, codec: str = "h264", bit_depth: int = 8, reason: str | None = None) -> Trial:
    name = encoder_name(maker, codec)
    assert name is not None
    device = "/dev/dri/renderD128" if maker == "vaapi" else None
    return Trial(
        maker=maker,
        kind="encoder",
        name=name,
        codec=codec,
        bit_depth=bit_depth,
        reason=reason,
        device=device,
    )


def _planning(*trials: Trial, default: Wish = "off", film: MediaInfo | None = None) -> Planning:
    acceleration = Acceleration(default=default, found=Hardware(trials=trials))
    return replace(planning_for(film or a_film(), name="op"), acceleration=acceleration)


def _command(work: Work) -> Command:
    return fuse(work.taps)[0].commands[0]


def _encoder(command: Command) -> str:
    return command.argv[command.argv.index("-c:v") + 1]


@pytest.mark.parametrize(
    ("wish", "default", "encoder"),
    [
        (None, "off", "libx264"),
        ("off", "auto", "libx264"),
        ("auto", "off", "h264_qsv"),
        (None, "auto", "h264_qsv"),
        ("vaapi", "auto", "h264_vaapi"),
        (None, "vaapi", "h264_vaapi"),
    ],
)
def test_the_request_decides_and_else_the_setting(wish: Wish | None, default: Wish, encoder: str) -> None:
    planning = _planning(
        _tried("nvenc", reason="no NVIDIA driver"), _tried("qsv"), _tried("vaapi"), default=default
    )

    command = _command(transcode.plan(Transcode(hardware=wish), planning))

    assert _encoder(command) == encoder
    assert (command.otherwise is None) == (encoder == "libx264")


def test_software_takes_over_with_the_very_command_that_it_would_have_had() -> None:
    plain = _command(transcode.plan(Transcode(), _planning()))

    command = _command(transcode.plan(Transcode(hardware="nvenc"), _planning(_tried("nvenc"))))

    assert command.in_software() == plain
    assert plain.in_software() == plain


def test_a_named_device_that_does_not_work_is_an_error_with_the_reason() -> None:
    planning = _planning(_tried("nvenc", reason="the GPU has no encoder"))

    with pytest.raises(EncoderUnavailable, match="'h264_nvenc' cannot be used: the GPU has no encoder"):
        transcode.plan(Transcode(hardware="nvenc"), planning)


def test_a_codec_that_a_maker_never_encodes_is_refused_to_the_request_but_not_to_the_setting() -> None:
    film = a_film(container="matroska")
    to_webm = asked(convert.Convert, format="webm", copy="never")

    work = convert.plan(to_webm, _planning(_tried("nvenc"), default="nvenc", film=film))

    assert _encoder(_command(work)) == "libvpx-vp9"
    assert "op: NVIDIA has no encoder for vp9 with 8 bits: encoded in software" in work.notes
    with pytest.raises(EncoderUnavailable):
        convert.plan(to_webm.model_copy(update={"hardware": "nvenc"}), _planning(_tried("nvenc"), film=film))


def test_vaapi_opens_its_device_and_takes_pictures_in_its_own_memory() -> None:
    film = a_film(video=(a_video(bit_depth=10, pixel_format="yuv420p10le"),))
    planning = _planning(_tried("vaapi", "hevc", 10), film=film)

    argv = _command(transcode.plan(Transcode(profile="movie_1080p", hardware="vaapi"), planning)).argv

    opened = ("-init_hw_device", "vaapi=hw:/dev/dri/renderD128", "-filter_hw_device", "hw")
    assert argv[:4] == opened
    assert argv[argv.index("-filter_complex") + 1].endswith("setsar=1,format=p010le,hwupload[v0]")
    assert "-init_hw_device" not in _software(transcode.plan(Transcode(profile="movie_1080p"), planning))


def test_ten_bits_need_an_encoder_that_was_tried_with_ten() -> None:
    planning = _planning(_tried("qsv", "hevc", 8))

    work = transcode.plan(Transcode(profile="movie_1080p", hardware="auto"), planning)

    assert _encoder(_command(work)) == "libx265"
    assert "op: no hardware encoder works here for hevc with 10 bits: encoded in software" in work.notes


def test_a_ladders_keyframes_are_forced_as_idr_and_there_are_no_others() -> None:
    work = ladder.plan(ladder.Ladder(hardware="auto"), _planning(_tried("nvenc")))

    line = " ".join(_command(work).argv)

    assert line.count("-c:v h264_nvenc") == 3
    assert line.count("-forced-idr 1 -no-scenecut 1 -g 120 -force_key_frames expr:gte(") == 3
    assert "-cq 23 -b:v 0 -maxrate 2500k -bufsize 5000k" in line
    # The scaled picture is shared as before; only the last filter differs.
    assert line.count("format=nv12") == 3


def test_a_size_is_met_in_software() -> None:
    planning = _planning(_tried("nvenc"), default="auto")

    work = compress.plan(asked(compress.Compress, target_size="2M"), planning)

    assert all(command.otherwise is None for step in work.steps for command in step.commands)


def _software(work: Work) -> tuple[str, ...]:
    return _command(work).in_software().argv


def test_off_may_be_written_as_yaml_reads_it() -> None:
    assert asked(transcode.Transcode, hardware=False).hardware == "off"

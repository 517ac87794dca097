import struct
from pathlib import Path

import pytest

from framemill.domain.media import MediaInfo
from framemill.domain.plan import Output, Promise, Role
from framemill.engine.moving import Motion, read_motion, remove_still
from framemill.engine.verify import verify
from framemill.errors import OutputInvalid
from tests.engines import a_workbench


class Blind:
    """An eye that nobody needs to look with."""

    def look(self, path: Path) -> MediaInfo:
        raise AssertionError(path)

    def packets(self, path: Path, stream: int) -> int:
        raise AssertionError(path, stream)

    def decode(self, path: Path, *, demuxer: str | None) -> None:
        """Takes everything for sound."""


def a_gif(frames: int, *, repeats: int | None = None, hundredths: int = 10) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", 4, 3, 0x80, 0, 0) + bytes(6)
    loop = b"" if repeats is None else b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", repeats) + b"\0"
    control = b"\x21\xf9\x04\0" + struct.pack("<H", hundredths) + b"\0\0"
    image = b"\x2c" + struct.pack("<HHHHB", 0, 0, 4, 3, 0x81) + bytes(12) + b"\x02\x02ab\x01c\0"
    return head + loop + (control + image) * frames + b";"


def a_webp(frames: int, *, plays: int = 0, milliseconds: int = 100) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

    flags = b"\x02" if frames else b"\0"
    canvas = chunk(b"VP8X", flags + b"\0\0\0" + (3).to_bytes(3, "little") + (2).to_bytes(3, "little"))
    loop = chunk(b"ANIM", bytes(4) + struct.pack("<H", plays)) if frames else b""
    frame = chunk(b"ANMF", bytes(12) + milliseconds.to_bytes(3, "little") + b"\0" + b"odd")
    body = b"WEBP" + canvas + loop + frame * frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


def an_apng(frames: int, *, plays: int = 0, delay: tuple[int, int] = (1, 10)) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + b"crc4"

    moving = chunk(b"acTL", struct.pack(">II", frames, plays)) if frames else b""
    control = chunk(b"fcTL", bytes(20) + struct.pack(">HH", *delay) + b"\0\0")
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">II", 4, 3) + bytes(5))
        + moving
        + (control + chunk(b"IDAT", b"data")) * max(frames, 0)
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "motion"),
    [
        (a_gif(3), Motion(frames=3, duration_us=300_000, plays=None)),
        (a_gif(2, repeats=0), Motion(frames=2, duration_us=200_000, plays=0)),
        (a_gif(2, repeats=2), Motion(frames=2, duration_us=200_000, plays=3)),
        (a_gif(1), Motion(frames=1, duration_us=0, plays=None)),
        (a_webp(4, plays=2), Motion(frames=4, duration_us=400_000, plays=2)),
        (a_webp(0), Motion(frames=1, duration_us=0, plays=None)),
        (an_apng(5, plays=1), Motion(frames=5, duration_us=500_000, plays=1)),
        (an_apng(2, delay=(3, 0)), Motion(frames=2, duration_us=60_000, plays=0)),
        (an_apng(0), Motion(frames=1, duration_us=0, plays=None)),
    ],
)
def test_frames_are_counted_and_their_times_added_up(data: bytes, motion: Motion, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data)

    assert read_motion(tmp_path / "a") == motion


@pytest.mark.parametrize("data", [a_gif(3), a_webp(3), an_apng(3), b"GIF8", b"not a picture"])
def test_what_was_cut_short_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data[:-9])

    with pytest.raises(OutputInvalid, match="is not a whole"):
        read_motion(tmp_path / "a")


@pytest.mark.parametrize(
    ("data", "promise", "said"),
    [
        (a_gif(3), {"frames": 3, "duration_us": 300_000}, None),
        (a_gif(1), {"frames": 3}, "frames 3 promised, 1 found"),
        (a_webp(0), {"duration_us": 300_000}, "length 00:00:00.300 promised, 00:00:00.000 found"),
        (an_apng(2), {"duration_us": 300_000}, "length 00:00:00.300 promised, 00:00:00.200 found"),
    ],
)
def test_a_moving_picture_must_move_as_promised(
    data: bytes, promise: dict[str, int], said: str | None, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(data)
    wish = Promise(kind="image", width=4, height=3, tolerance_us=20_000, **promise)  # type: ignore[arg-type]  # its fields
    output = Output(id="a", path="a", role=Role.PREVIEW, promise=wish)

    if said is None:
        (made,) = verify(output, tmp_path, Blind())
        assert made.media is not None
        assert made.media.duration_us == 300_000
    else:
        with pytest.raises(OutputInvalid, match=said):
            verify(output, tmp_path, Blind())


def test_only_a_picture_that_stands_still_is_removed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for name, data in (("still", a_webp(0)), ("moving", a_webp(2))):
        (tmp_path / "out" / name).write_bytes(data)
        remove_still(a_workbench(tmp_path), (name,))

    assert [p.name for p in (tmp_path / "out").iterdir()] == ["moving"]

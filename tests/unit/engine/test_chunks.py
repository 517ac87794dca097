import json
from dataclasses import replace
from pathlib import Path

import pytest

from framemill.engine.chunks import fit
from tests.engines import a_workbench
from tests.unit.engine.test_boxes import a_file, avc, box

_SEEN = """#software: Lavf63
#tb 0: 1/15360
#media_type 0: video
#dimensions 0: 160x96
0,      76800,      76800,      512,    23040, 0x6b471294
"""


def _why_not(folder: Path, *entries: bytes, begin: str = _SEEN) -> str | None:
    """What is said of two chunks with these sample entries."""
    for name in ("in", "out"):
        (folder / name).mkdir()
    for number, entry in enumerate(entries):
        a_file(folder / "in" / f"{number}.mp4", entry=entry)
    (folder / "in" / "behind.txt").write_text(_SEEN)
    (folder / "in" / "begin.txt").write_text(begin)
    said: list[str] = []
    bench = replace(a_workbench(folder), say=lambda text, warning: said.append(text if warning else ""))
    names = [f"{number}.mp4" for number in range(len(entries))]

    fit(bench, ("apart.txt", json.dumps({"chunks": names, "meet": [["behind.txt", "begin.txt"]]})))

    assert (folder / "out" / "apart.txt").exists() == bool(said)
    return said[0] if said else None


def test_chunks_of_one_encoder_that_meet_are_one_stream(tmp_path: Path) -> None:
    rates = [avc(box(b"btrt", bytes(12))), avc(box(b"btrt", bytes(8), b"rate"))]
    lasting = _SEEN.replace("512,", "511,")

    assert _why_not(tmp_path, *rates, begin=lasting) is None


@pytest.mark.parametrize(
    "begin",
    [
        _SEEN.replace("76800,      76800", "77312,      77312"),
        _SEEN.replace("0x6b471294", "0x6b471295"),
        _SEEN.replace("1/15360", "1/90000"),
        "#software: Lavf63\n",
        "",
    ],
)
def test_a_chunk_must_begin_with_the_very_picture_behind_the_one_before(begin: str, tmp_path: Path) -> None:
    why = _why_not(tmp_path, avc(), avc(), begin=begin)

    assert why == "chunk 2 does not begin with the picture that follows chunk 1: encoded again as a whole"


def test_chunks_that_one_decoder_cannot_read_are_told_apart(tmp_path: Path) -> None:
    other = avc().replace(b"\x68pic", b"\x68pix")

    why = _why_not(tmp_path, avc(), other)

    assert why == "1.mp4 has other parameter sets than 0.mp4: encoded again as a whole"


@pytest.mark.parametrize("tag", [b"hev1", b"hvc1"])
def test_hevc_is_told_apart_under_both_its_names(tag: bytes, tmp_path: Path) -> None:
    same, other = (box(tag, bytes(78), box(b"hvcC", sets)) for sets in (b"sets", b"sots"))

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert _why_not(tmp_path / "a", same, same) is None
    assert _why_not(tmp_path / "b", same, other) is not None


def test_a_header_that_nobody_can_read_is_no_reason_to_fail(tmp_path: Path) -> None:
    entry = box(b"av01", bytes(78), box(b"av1C", b"sets"))

    assert _why_not(tmp_path, entry, entry) == "a chunk's header cannot be read: encoded again as a whole"

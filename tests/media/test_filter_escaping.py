"""Hostile strings against ffmpeg's own parser, and hostile texts in pictures."""

import random
import subprocess
from pathlib import Path
from statistics import fmean

import pytest

import framemill as fm
from framemill.commands.escape import filter_option
from framemill.errors import NotSupported
from framemill.operations.filter import Filter
from framemill.tools.programs import find_programs
from tests.media.pixels import Still, first

pytestmark = pytest.mark.media

_LETTERS = "\\\\\\'''\"[],;:=%{}@ \t$#é字🙂~/.-ab"
NAMED = (
    "'",
    "\\",
    "\\\\'",
    "a:b=c,d;e[f]",
    "' , movie=/etc/passwd [x]; [x]",
    "%{pts}%{metadata:x}\\n",
    "text=':enable=0",
    "  both sides  ",
    "\\:\\'\\,",
    "-i",
    "C:\\Users\\x",
)


def test_ffmpeg_reads_back_every_string_it_is_given() -> None:
    chance = random.Random(20261121)  # noqa: S311 - the same strings each time
    strings = [*NAMED, *("".join(chance.choices(_LETTERS, k=chance.randint(1, 24))) for _ in range(500))]
    graph = ",".join(f"metadata=mode=add:key=k{n}:value={filter_option(s)}" for n, s in enumerate(strings))
    argv = ("-v", "error", "-f", "lavfi", "-i", "color=s=16x16:d=0.04:r=25")

    done = subprocess.run(
        (str(find_programs().ffmpeg), *argv, "-filter_complex", f"[0:v]{graph},metadata=mode=print:file=-[v]",
         *("-map", "[v]", "-f", "null", "-")),
        capture_output=True,
        check=True,
        timeout=60,
    )  # fmt: skip

    said = dict(line.split("=", 1) for line in done.stdout.decode().splitlines()[1:])
    assert {int(key[1:]): value for key, value in said.items()} == dict(enumerate(strings))


@pytest.mark.parametrize("text", [*NAMED, "two\nlines\n", "Καλημέρα", "Привет", "🙂", "x" * 2000])
def test_any_text_is_drawn_and_changes_nothing_else(text: str, film: Path, tmp_path: Path) -> None:
    spec = Filter.model_validate({"chain": [{"filter": "text", "text": text, "size": "10%"}, "flip"]})

    made = fm.run(film, spec, output=tmp_path / "out.mp4").path

    shown, source = first(made, (320, 180)), first(film, (320, 180))
    # The upper half is the source's, mirrored; at the lower edge stands a box with letters.
    assert _apart(shown, source, range(8, 312, 8), range(8, 80, 8)) < 6
    assert _apart(shown, source, range(156, 165, 2), range(152, 168, 2)) > 20


@pytest.mark.parametrize("text", ["שלום עליכם", "عربي", "日本"])
def test_letters_that_no_font_has_are_refused_and_not_drawn_as_boxes(
    text: str, film: Path, tmp_path: Path
) -> None:
    spec = Filter.model_validate({"chain": [{"filter": "text", "text": f"abc {text}"}]})

    with pytest.raises(NotSupported, match=f"no letters .*{max(text)}"):
        fm.run(film, spec, output=tmp_path / "out.mp4")

    assert list(tmp_path.iterdir()) == []


def _apart(shown: Still, source: Still, columns: range, rows: range) -> float:
    """How far a mirrored picture is from its source in a part."""
    pairs = ((shown.at(x, y), source.at(shown.width - 1 - x, y)) for y in rows for x in columns)
    return fmean(abs(a - b) for found, wanted in pairs for a, b in zip(found, wanted, strict=True))

"""Looking at cuts picture by picture: which ones they show, when, and whether they are the source's own."""

import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import framemill as fm
from framemill.tools.programs import find_programs

_CELLS = (64, 36)


@dataclass(frozen=True)
class Shown:
    """One decoded picture: when it is shown (µs from the file's start), its exact hash and its looks."""

    time_us: int
    hash: str
    looks: bytes


def shown(path: Path, *, strict: bool = False) -> list[Shown]:
    """Every picture that the main video decodes to; `strict` ends the test at the first damage."""
    main = fm.probe(path).main_video
    assert main is not None
    argv = [str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-y", "-noautorotate", "-copyts"]
    argv += ["-xerror", "-err_detect", "explode"] if strict else []
    looks = path.parent / f"{path.name}.looks"
    graph = f"[0:{main.index}]split[m][g];[g]scale={_CELLS[0]}:{_CELLS[1]}:flags=area,format=gray[s]"
    base = ("-fps_mode", "passthrough", "-enc_time_base", str(main.time_base))
    argv += ["-i", str(path), "-filter_complex", graph, "-map", "[m]", *base, "-f", "framemd5", "-"]
    argv += ["-map", "[s]", *base, "-c:v", "rawvideo", "-f", "rawvideo", str(looks)]
    done = subprocess.run(argv, capture_output=True, text=True, check=strict)
    if strict:
        assert done.stderr == ""
    data, size = looks.read_bytes(), _CELLS[0] * _CELLS[1]
    looks.unlink()
    start = fm.probe(path).start_us
    rows = [line.split(",") for line in done.stdout.splitlines() if line and not line.startswith("#")]
    return [
        Shown(
            round(int(row[2]) * main.time_base * 1_000_000) - start,
            row[5].strip(),
            data[n * size : (n + 1) * size],
        )
        for n, row in enumerate(rows)
    ]


def within(pictures: list[Shown], start_us: int, end_us: int) -> list[Shown]:
    """Those shown from `start_us` up to `end_us`."""
    return [p for p in pictures if start_us - 500 <= p.time_us < end_us - 500]


def check_exact(made: list[Shown], wanted: list[Shown]) -> list[bool]:
    """Asserts that `made` shows what `wanted` shows at the same times; says which pictures are bit-equal."""
    assert len(made) == len(wanted)
    times = [p.time_us for p in made]
    assert all(b > a for a, b in pairwise(times))
    apart = [
        (p.time_us - made[0].time_us) - (w.time_us - wanted[0].time_us)
        for p, w in zip(made, wanted, strict=True)
    ]
    assert max(map(abs, apart)) <= 1100
    for n, (picture, own) in enumerate(zip(made, wanted, strict=True)):
        if picture.hash == own.hash:
            continue
        assert difference(picture, own) < 4, f"picture {n} is another one"
        for other in (wanted[k] for k in (n - 1, n + 1) if 0 <= k < len(wanted)):
            if difference(own, other) > 0.5:
                assert difference(picture, own) < difference(picture, other), f"picture {n} is its neighbour"
    return [p.hash == w.hash for p, w in zip(made, wanted, strict=True)]


def difference(one: Shown, other: Shown) -> float:
    """Mean difference of two pictures' brightness, of 255."""
    return sum(abs(a - b) for a, b in zip(one.looks, other.looks, strict=True)) / len(one.looks)


def packet_rows(path: Path, *filters: str) -> list[tuple[int, int, str]]:
    """PTS and DTS in ticks and checksum of each stored picture, in the order of decoding."""
    argv = [
        str(find_programs().ffmpeg),
        "-nostdin",
        "-v",
        "error",
        "-copyts",
        "-i",
        str(path),
        "-map",
        "0:v:0",
    ]
    argv += ["-c", "copy", *filters, "-f", "framehash", "-hash", "md5", "-"]
    text = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    rows = [line.split(",") for line in text.splitlines() if line and not line.startswith("#")]
    return [(int(row[2]), int(row[1]), row[5].strip()) for row in rows]

"""Finishing touches on packaged streams: measured bandwidths, the DASH folder."""

from pathlib import Path

from framemill.commands import playlists
from framemill.engine.workbench import Workbench


def hls_bandwidth(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`hls_bandwidth FOLDER`: write what was measured into `out/FOLDER/master.m3u8`.

    The packager's own figures leave container overhead out and can name a
    peak below the average.
    """
    folder = bench.scratch / "out" / argv[0]
    master = (folder / "master.m3u8").read_text("utf-8")
    measured = {
        uri: _measure(folder, uri)
        for uri in dict.fromkeys(playlists.references(master))
        if uri.endswith(".m3u8") and not uri.endswith("-iframes.m3u8")
    }
    (folder / "master.m3u8").write_text(playlists.with_bandwidths(master, measured), "utf-8")


def dash_folder(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`dash_folder MANIFEST FOLDER [BASE]`: move `out/MANIFEST` into `out/FOLDER`, relative to BASE."""
    made, folder, *base = argv
    target = bench.scratch / "out" / folder / "manifest.mpd"
    target.parent.mkdir(exist_ok=True)
    text = (bench.scratch / "out" / made).read_text("utf-8")
    target.write_text(playlists.with_base_url(text, base[0]) if base else text, "utf-8")
    (bench.scratch / "out" / made).unlink()


def remove(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`remove FILE`: take a file that nobody asked for out of `out/`."""
    (bench.scratch / "out" / argv[0]).unlink()


def whole_webvtt(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`whole_webvtt FROM TO`: subtitles with at least one cue, closed by a blank line.

    The packager refuses a file without a cue and one whose last cue is not closed.
    """
    source, target = argv
    text = (bench.scratch / source).read_text("utf-8", errors="replace").rstrip()
    cue = "" if "-->" in text else "\n\n00:00:00.000 --> 00:00:00.001\n\N{NO-BREAK SPACE}"
    (bench.scratch / target).write_text(f"{text}{cue}\n\n", "utf-8")


def _measure(folder: Path, uri: str) -> playlists.Bandwidth:
    text = (folder / uri).read_text("utf-8")
    sizes = {s.uri: (folder / uri).parent.joinpath(s.uri).stat().st_size for s in playlists.segments(text)}
    return playlists.bandwidth(text, sizes)

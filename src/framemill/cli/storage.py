"""`framemill storage`: is everything there, what is there that nobody knows, and other keys."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import FAILED, OK
from framemill.cli.opened import opened, operator
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.spans import span
from framemill.cli.terminal import err, out, out_json, painted
from framemill.cli.wording import columns, size

if TYPE_CHECKING:
    from framemill.services.keeping import Extra

_Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
_Older = Annotated[
    str, typer.Option(metavar="TIME", help="Leave alone what is younger: 90m, 24h, 7d.", show_default=True)
]
_SAY_AFTER_S = 10
_Item = TypeVar("_Item")


def build(entry: Entry) -> AnyCommand:
    """The command."""
    return group(
        entry.name,
        entry.summary,
        command(
            "verify",
            verify,
            summary="Compare all stored files with their records: missing, changed, damaged, extra.\n\n"
            "Originals and results are read to their end. Nothing is changed.",
            examples=("framemill storage verify", "framemill storage verify --quick --json"),
        ),
        command(
            "gc",
            gc,
            summary="List stored files that nothing refers to, and remove them where you say so.\n\n"
            "What belongs to a video, an upload or a job that is not over is never removed.",
            examples=(
                "framemill storage gc",
                "framemill storage gc --remove",
                "framemill storage gc --older 7d",
            ),
        ),
        command(
            "rotate",
            rotate,
            summary="Encrypt every stored file with the first of the keys that are set.\n\n"
            "It can be stopped at any time, and goes on with the rest when it is begun again.",
            examples=("framemill storage rotate",),
        ),
        command(
            "origins",
            origins,
            summary="Let web pages of these origins send files to the S3 store and read them there.\n\n"
            "This replaces the bucket's rules for other sites (CORS).",
            examples=("framemill storage origins https://mill.example.com",),
        ),
        examples=("framemill storage verify", "framemill storage gc --remove"),
    )


def verify(
    quick: Annotated[
        bool, typer.Option("--quick", help="Compare sizes only, without reading the files.")
    ] = False,
    older: _Older = "1d",
    as_json: _Json = False,
) -> int:
    """Say what is wrong."""
    far = span(older, hint="--older")
    with opened() as app:
        wrong, files, count = [], 0, 0
        for checked in _watched(app.keeping.verify(quick=quick), quiet=as_json):
            files, count = files + 1, count + checked.bytes
            if checked.outcome != "whole":
                wrong.append(checked)
        extras = list(app.keeping.extras(older=far))
    if as_json:
        out_json(
            {
                "checked": {"files": files, "bytes": count},
                "wrong": [asdict(one) for one in wrong],
                "extra": [_document(extra) for extra in extras],
            }
        )
        return FAILED if wrong else OK
    rows = [
        (one.outcome, "original" if one.original else "result", size(one.bytes), one.key) for one in wrong
    ]
    for line in columns([*rows, *(("extra", "-", size(extra.bytes), _named(extra)) for extra in extras)]):
        out(line)
    out(painted(f"{files} checked ({size(count)}), {len(wrong)} wrong, {len(extras)} extra", "bold"))
    if extras:
        err("`framemill storage gc` lists what is extra, and removes it with --remove")
    return FAILED if wrong else OK


def gc(
    remove: Annotated[bool, typer.Option("--remove", help="Remove what is listed.")] = False,
    older: _Older = "1d",
    as_json: _Json = False,
) -> int:
    """Say what nobody needs."""
    far = span(older, hint="--older")
    with opened() as app:
        found = list(app.keeping.extras(older=far, remove=remove, actor=operator()))
    count = sum(extra.bytes for extra in found)
    if as_json:
        out_json({"removed": remove, "bytes": count, "extra": [_document(extra) for extra in found]})
        return OK
    for line in columns(
        [(f"{extra.since:%Y-%m-%d %H:%M}", size(extra.bytes), _named(extra)) for extra in found]
    ):
        out(line)
    out(painted(f"{len(found)} {'removed' if remove else 'extra'} ({size(count)})", "bold"))
    if found and not remove:
        err("remove them with `framemill storage gc --remove`")
    return OK


def rotate(as_json: _Json = False) -> int:
    """Do it, and say what could not be."""
    sealed, damaged = 0, []
    with opened() as app:
        for one in _watched(app.keeping.rotate(actor=operator()), quiet=as_json):
            if one.outcome == "sealed":
                sealed += 1
            else:
                damaged.append(one.key)
        waiting = sum(1 for _ in app.blobs.unfinished(""))
    if as_json:
        out_json({"sealed": sealed, "damaged": damaged, "open_uploads": waiting})
        return FAILED if damaged else OK
    for key in damaged:
        out(f"damaged  {key}")
    out(painted(f"{sealed} sealed, {len(damaged)} damaged", "bold"))
    if waiting:
        err(f"keep the old keys for now: {waiting} uploads are under way")
    return FAILED if damaged else OK


def origins(
    allowed: Annotated[
        list[str], typer.Argument(metavar="ORIGIN...", help="https://mill.example.com, without a path.")
    ],
) -> int:
    """Tell the bucket."""
    with opened() as app:
        app.bucket.allow_origins(allowed)
    out(painted(f"{len(allowed)} allowed", "bold"))
    return OK


def _watched(items: Iterable[_Item], *, quiet: bool) -> Iterator[_Item]:
    """Say now and then how far it is."""
    said = time.monotonic()
    for number, item in enumerate(items, start=1):
        yield item
        if not quiet and time.monotonic() - said > _SAY_AFTER_S:
            said = time.monotonic()
            err(f"{number} so far")


def _named(extra: "Extra") -> str:
    return extra.key if extra.upload is None else f"{extra.key} (an upload that nobody goes on with)"


def _document(extra: "Extra") -> dict[str, object]:
    return asdict(extra) | {"since": extra.since.isoformat()}

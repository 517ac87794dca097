"""Parts of a cut as a set: titles, a thumbnail each, and a JSON index."""

import json
from typing import Literal

from pydantic import Field

from framemill.commands import muxing, picture, source, still
from framemill.domain.capabilities import Capabilities
from framemill.domain.containers import CONTAINERS, Container
from framemill.domain.estimates import copying
from framemill.domain.media import VideoStream
from framemill.domain.plan import Command, Output, Promise, Role, Step, StepInput
from framemill.domain.work import Product, Work
from framemill.errors import InvalidSpec
from framemill.operations.building.naming import in_folder
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec


class Index(Spec):
    """Title the parts of a cut, make a thumbnail of each, and list them all in `index.json`."""

    op: Literal["index"] = "index"
    version: Literal[1] = 1
    source: str = Field("cut", description="The cut whose parts to list.")
    title: str | None = Field(
        None, max_length=200, description="Title of the whole; the file's name by default."
    )
    prefix: str = Field(
        "clip",
        pattern=r"^\w[\w-]{0,63}$",
        description="Names begin with it: clip_001.mp4, clip_002.mp4 ...",
    )
    width: int = Field(480, ge=16, le=4096, description="Width of the thumbnails.")


def plan(spec: Index, planning: Planning) -> Work:
    """One step over however many parts there turn out to be; InvalidSpec where `source` is no cut."""
    parts, report = _cut_of(spec, planning)
    container = CONTAINERS[parts.container or "mkv"]
    clips = Output(
        id=f"{planning.name}/clips",
        path=f"clip_%03d.{container.extension}",
        publish=in_folder(spec, f"{spec.prefix}_%03d.{container.extension}"),
        role=Role.CLIP,
        promise=Promise(
            kind="media",
            duration_us=parts.media.duration_us,
            tolerance_us=2_000_000,
            frame_us=100_000,
        ),
    )
    film = parts.media.main_video
    pictured = film is not None
    thumbnails = Output(
        id=f"{planning.name}/thumbnails",
        path="thumb_%03d.jpg",
        publish=in_folder(spec, "thumbnails/thumb_%03d.jpg"),
        role=Role.THUMBNAIL,
        promise=Promise(kind="image"),
    )
    listed = Output(
        id=f"{planning.name}/index.json",
        path="index.json",
        publish=in_folder(spec, "index.json"),
        role=Role.REPORT,
        promise=Promise(kind="data"),
    )
    wish = {
        "title": spec.title or planning.stem("input"),
        "source": planning.stem("input"),
        "clip": in_folder(spec, spec.prefix),
        "thumbnails": pictured,
    }
    step = Step(
        key=planning.name,
        operation=spec.op,
        title="title and list the parts",
        commands=(
            Command(tool="builtin", argv=("clip_tags", "in/report", json.dumps(wish, ensure_ascii=False))),
            Command(tool="ffmpeg", argv=_tagged(container, parts), for_each="parts"),
            *(
                (_thumbnail(spec, film, demuxer=parts.media.container, capabilities=planning.capabilities),)
                if film is not None
                else ()
            ),
            Command(tool="builtin", argv=("clip_index", "in/report", json.dumps(wish, ensure_ascii=False))),
        ),
        inputs=(StepInput(name="parts", ref=parts.ref), StepInput(name="report", ref=report.ref)),
        outputs=(clips, *((thumbnails,) if pictured else ()), listed),
        estimate=copying(parts.media.size),
    )
    return Work(steps=(step,), products=(Product(ref=clips.id, label="clips", media=parts.media),))


def _cut_of(spec: Index, planning: Planning) -> tuple[Product, Product]:
    made = {product.label: product for product in planning.group(spec.source)}
    if "parts" not in made or "report" not in made:
        raise InvalidSpec(f"{planning.name}: {spec.source!r} is no cut", hint="let `source` name a cut step")
    return made["parts"], made["report"]


def _tagged(container: Container, parts: Product) -> tuple[str, ...]:
    return (
        *("-nostdin", "-hide_banner", "-y"),
        *source.read("parts/{file}", demuxer=parts.media.container),
        *muxing.own_text_guard("ffmetadata"),
        *("-i", "file:out/{stem}.txt"),
        *("-map", "0", "-c", "copy", "-map_metadata", "1", "-map_chapters", "-1"),
        *muxing.finished(container.name),
        "file:out/clip_{number}." + container.extension,
    )


def _thumbnail(spec: Index, film: VideoStream, *, demuxer: str, capabilities: Capabilities) -> Command:
    size = picture.contained(film, spec.width, None)
    chain = (
        # The most telling of the first hundred frames: openings are often black.
        "thumbnail=n=100",
        *still.filters(film, size=size, capabilities=capabilities, image="jpg"),
    )
    argv = (
        *("-nostdin", "-hide_banner", "-y"),
        *source.read("parts/{file}", demuxer=demuxer),
        *("-map", "0:v:0", "-vf", ",".join(chain), *still.encode("jpg", capabilities=capabilities)),
        "file:out/thumb_{number}.jpg",
    )
    return Command(tool="ffmpeg", argv=argv, for_each="parts")

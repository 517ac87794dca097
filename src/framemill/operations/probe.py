"""What a file contains, as a JSON report."""

import json
from typing import Literal

from pydantic import Field

from framemill.domain.media import MediaInfo, as_data
from framemill.domain.plan import Command, Output, Promise, Role, Step, StepInput, TextFile
from framemill.domain.units import format_time
from framemill.domain.work import Work
from framemill.errors import InvalidSpec
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec


class Probe(Spec):
    """Read what a file contains and write it as JSON."""

    op: Literal["probe"] = "probe"
    version: Literal[1] = 1
    count_frames: bool = Field(
        False, description="Decode the main video to count its frames. Takes as long as decoding does."
    )


def plan(spec: Probe, planning: Planning) -> Work:
    """A step that writes what planning knows already."""
    product = planning.one(spec.source)
    if spec.output is not None and not spec.output.endswith(".json"):
        raise InvalidSpec(f"a probe writes JSON, not {spec.output!r}", hint="let the output end in .json")
    frames = planning.frames(spec.source) if spec.count_frames and product.media.main_video else None
    content = json.dumps(facts(product.media, frames=frames), indent=2, ensure_ascii=False) + "\n"
    output = Output(
        id=f"{planning.name}/report",
        path=f"{planning.name}.json",
        publish=spec.output or f"{planning.stem(spec.source)}.json",
        role=Role.REPORT,
        promise=Promise(kind="data"),
    )
    step = Step(
        key=planning.name,
        operation=spec.op,
        title="report what the file contains",
        commands=(Command(tool="builtin", argv=("copy", "in/report.json", f"out/{output.path}")),),
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=(output,),
        texts=(TextFile(name="report.json", content=content),),
    )
    return Work(steps=(step,))


def facts(media: MediaInfo, *, frames: int | None = None) -> dict[str, object]:
    """The report: everything in `media`, and what people ask for first spelled out."""
    data = as_data(media)
    assert isinstance(data, dict)
    main, sound = media.main_video, media.main_audio
    summary = {
        "duration": format_time(media.duration_us),
        "main_video": main.index if main else None,
        "main_audio": sound.index if sound else None,
        "display_width": main.display_width if main else None,
        "display_height": main.display_height if main else None,
        "hdr": main.hdr if main else None,
        "interlaced": main.interlaced if main else None,
        "variable_frame_rate": main.is_vfr if main else None,
        "counted_frames": frames,
    }
    return {"summary": summary, **data, "tags": dict(media.tags)}

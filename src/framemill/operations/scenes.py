"""Scene changes, black, silence and frozen pictures as data."""

import json
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import Field

from framemill.commands import scenes, source
from framemill.commands.scenes import Detector
from framemill.domain import promises
from framemill.domain.cuts import SCENE_THRESHOLD
from framemill.domain.estimates import decoding
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Command, Estimate, Output, Promise, Role, Step, StepInput
from framemill.domain.units import US
from framemill.domain.work import Product, Work
from framemill.errors import InvalidSpec
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec, Time

# What ffmpeg's detectors take.
_LONGEST = 24 * 3600 * US

Kind = Literal["scenes", "black", "freeze", "silence"]


class Scenes(Spec):
    """Find scene changes, black, silence and frozen pictures, and write them as JSON."""

    op: Literal["scenes"] = "scenes"
    version: Literal[1] = 1
    detect: tuple[Kind, ...] | None = Field(
        None, min_length=1, description="What to look for: all that the file can have, unless named."
    )
    scene_threshold: float = Field(
        SCENE_THRESHOLD,
        ge=1,
        le=100,
        description="By how much of 100 a frame must differ from the one before to begin a scene.",
    )
    black_min: Time = Field(US // 2, le=_LONGEST, description="Shortest black range.")
    black_level: float = Field(0.1, ge=0, le=1, description="Brightness up to which a pixel is black.")
    black_share: float = Field(0.98, gt=0, le=1, description="Share of the picture that must be black.")
    freeze_min: Time = Field(2 * US, le=_LONGEST, description="Shortest frozen range.")
    freeze_noise: float = Field(
        -60, ge=-100, le=0, description="Difference in dB up to which a picture stands still."
    )
    silence_min: Time = Field(US, le=_LONGEST, description="Shortest silent range.")
    silence_level: float = Field(-50, ge=-100, le=0, description="Level in dB below which sound is silence.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    kind: Kind
    detector: Detector
    files: tuple[str, ...]
    min_us: int


def plan(spec: Scenes, planning: Planning) -> Work:
    """One process that decodes once for all detectors, then an action that writes the report."""
    product = planning.one(spec.source)
    if spec.output is not None and not spec.output.endswith(".json"):
        raise InvalidSpec(f"scenes are JSON, not {spec.output!r}", hint="let the output end in .json")
    kinds = _kinds(spec, planning, product)
    looks = tuple(_look(spec, planning, kind) for kind in kinds)
    output = Output(
        id=f"{planning.name}/report",
        path=f"{planning.name}.json",
        publish=spec.output or f"{planning.stem(spec.source)}-{planning.name}.json",
        role=Role.REPORT,
        promise=Promise(kind="data"),
    )
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=f"look for {', '.join(kinds)}",
        commands=(
            _pass(planning, product, looks),
            Command(
                tool="builtin", argv=("scenes_report", output.path, _wish(spec, planning, product, looks))
            ),
        ),
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=(output,),
        estimate=_cost(product.media, looks),
    )
    return Work(steps=(step,))


def _kinds(spec: Scenes, planning: Planning, product: Product) -> tuple[Kind, ...]:
    """What is looked for, in a fixed order; NoVideoStream, NoAudioStream for what cannot be there."""
    media = product.media
    known: tuple[Kind, ...] = get_args(Kind)
    if spec.detect is None:
        there = {"silence"} if media.main_audio else set()
        there |= {"scenes", "black", "freeze"} if media.main_video else set()
        if not there:
            planning.video_of(product)
        return tuple(kind for kind in known if kind in there)
    if set(spec.detect) - {"silence"}:
        planning.video_of(product)
    if "silence" in spec.detect:
        planning.audio_of(product)
    return tuple(kind for kind in known if kind in spec.detect)


def _look(spec: Scenes, planning: Planning, kind: Kind) -> _Look:
    detector, min_us = {
        "scenes": (scenes.scene_changes(spec.scene_threshold), 0),
        "black": (scenes.black(level=spec.black_level, share=spec.black_share), spec.black_min),
        "freeze": (scenes.freeze(noise_db=spec.freeze_noise, min_us=spec.freeze_min), spec.freeze_min),
        "silence": (scenes.silence(level_db=spec.silence_level, min_us=spec.silence_min), spec.silence_min),
    }[kind]
    files = tuple(f"out/{planning.name}-{kind}-{n}.txt" for n in range(1, len(detector.marks()) + 1))
    return _Look(kind=kind, detector=detector, files=files, min_us=min_us)


def _pass(planning: Planning, product: Product, looks: tuple[_Look, ...]) -> Command:
    seen = [look for look in looks if look.kind != "silence"]
    heard = [look for look in looks if look.kind == "silence"]
    chains = []
    if seen:
        video = planning.video_of(product)
        pads = "".join(f"[s{n}]" for n in range(len(seen)))
        chains.append(f"[0:{video.index}]{scenes.looking(video)},split={len(seen)}{pads}")
        for n, look in enumerate(seen):
            chains.append(f"[s{n}]{scenes.printing(look.detector, look.files)}[v{n}]")
    for look in heard:
        track = planning.audio_of(product)
        chains.append(
            f"[0:{track.index}]asettb=1/{US},{scenes.printing(look.detector, look.files, sound=True)}[a]"
        )
    labels = (*(f"[v{n}]" for n in range(len(seen))), *("[a]" for _ in heard))
    return Command(
        tool="ffmpeg",
        argv=(
            *("-nostdin", "-hide_banner", "-y"),
            # Detectors do not mind how the picture lies; turning full pictures costs.
            *source.read("source", demuxer=product.media.container, before=("-noautorotate",)),
            *("-filter_complex", ";".join(chains)),
            *(arg for label in labels for arg in ("-map", label)),
            *("-fps_mode", "passthrough"),
            *("-c:v", "wrapped_avframe", "-c:a", "pcm_s16le"),
            *("-f", "null", "-"),
        ),
        duration_us=product.media.duration_us,
    )


def _wish(spec: Scenes, planning: Planning, product: Product, looks: tuple[_Look, ...]) -> str:
    media = product.media
    ends = {
        "picture": promises.end_of(media, media.main_video)[0] if media.main_video else 0,
        "sound": promises.end_of(media, media.main_audio)[0] if media.main_audio else 0,
    }
    asked = {
        "source": planning.stem(spec.source),
        "duration_us": media.duration_us,
        "looks": [
            {
                "kind": look.kind,
                "files": look.files,
                "begins": look.detector.begins,
                "ends": look.detector.ends,
                "min_us": look.min_us,
                "end_us": ends["sound" if look.kind == "silence" else "picture"],
            }
            for look in looks
        ],
        "settings": {
            name: value
            for look in looks
            for name, value in spec.model_dump(mode="json").items()
            if name.startswith(look.kind.removesuffix("s") + "_")
        },
    }
    return json.dumps(asked, ensure_ascii=False)


def _cost(media: MediaInfo, looks: tuple[_Look, ...]) -> Estimate:
    video = media.main_video
    if video is None or all(look.kind == "silence" for look in looks):
        return Estimate(cpu_ms=media.duration_us // 200_000, wall_ms=media.duration_us // 200_000)
    return decoding(size=(video.width, video.height), rate=video.frame_rate, duration_us=media.duration_us)

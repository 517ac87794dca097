"""Sound at a standard loudness, measured before and after; the picture stays untouched."""

import json
from dataclasses import asdict, replace
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from framemill.commands import sound
from framemill.commands.loudness import Target
from framemill.domain.containers import Container
from framemill.domain.left_behind import describe
from framemill.domain.media import AudioStream, MediaInfo
from framemill.domain.plan import Command, Estimate, Output, Promise, Role, Step
from framemill.domain.promises import end_of
from framemill.domain.units import US
from framemill.domain.work import Work
from framemill.operations.building.companions import default_sound
from framemill.operations.building.copying import Heard, copied, copying_container
from framemill.operations.building.naming import file_name
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec

# Stands in the command where the engine puts the sound tracks.
_SOUNDS = "{sounds}"
_BITRATE = 192_000
# loudnorm looks this far ahead.
_SHORT_US = 3 * US


def _number_in(value: object) -> object:
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    for unit in ("lufs", "dbtp", "db", "lu"):
        word = word.removesuffix(unit)
    return word.strip()


Loud = Annotated[float, BeforeValidator(_number_in), WithJsonSchema({"type": "number"})]


class NormalizeAudio(Spec):
    """Bring every sound track to a standard loudness (EBU R128), measured before and after."""

    op: Literal["normalize_audio"] = "normalize_audio"
    version: Literal[1] = 1
    target: Loud = Field(
        -23.0,
        ge=-70,
        le=-5,
        description="Loudness in LUFS: -23 for broadcast; podcasts use -16, streaming services -14.",
    )
    true_peak: Loud = Field(-1.5, ge=-9, le=0, description="Highest peak in dBTP.")
    range: Loud | None = Field(
        None,
        ge=1,
        le=50,
        description="Largest loudness range in LU, such as 7 for a car. Unset: the source's own.",
    )
    report: bool = Field(False, description="Also write the measurements as JSON beside the result.")


def plan(spec: NormalizeAudio, planning: Planning) -> Work:
    """One step that measures, encodes and measures again. Raises NoAudioStream."""
    product = planning.one(spec.source)
    media = product.media
    planning.audio_of(product)
    stream = media.main_video
    container = copying_container(spec, media, stream)
    chosen = _chosen(media, container)
    tracks = [_track(planning, media, track, container) for track in chosen]
    work = copied(
        spec,
        planning,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION if stream else Role.AUDIO,
        wish=None,
        reasons={a.index: f"{container.name} holds one track of sound" for a in media.playable_audio},
        heard=Heard(
            args=(_SOUNDS,),
            tracks=tuple(made for made, _ in tracks),
            kept=frozenset(track.index for track in chosen),
            notes=(f"loudness brought to {spec.target:g} LUFS, each track by itself",),
        ),
    )
    (step,) = work.steps
    reports = (_report(spec, planning),) if spec.report else ()
    # Measured twice and encoded once, each at a hundred times real time or more.
    cost = media.duration_us * len(tracks) // 30_000
    step = replace(
        step,
        title=f"loudness to {spec.target:g} LUFS",
        commands=(
            *step.commands[:-1],
            _command(spec, planning, media, step, container, [wish for _, wish in tracks]),
        ),
        outputs=(*step.outputs, *reports),
        estimate=step.estimate + Estimate(cpu_ms=cost, wall_ms=cost),
    )
    return replace(work, steps=(step,))


def _chosen(media: MediaInfo, container: Container) -> tuple[AudioStream, ...]:
    main = media.main_audio
    return (main,) if container.one_sound and main is not None else media.playable_audio


def _track(
    planning: Planning, media: MediaInfo, track: AudioStream, container: Container
) -> tuple[tuple[AudioStream, str, int], dict[str, object]]:
    kept = track.codec in container.audio and sound.encodable(track.codec)
    codec = track.codec if kept else default_sound(container)
    channels = sound.kept_channels(track, codec)
    part = sound.encode(
        track,
        codec=codec,
        bitrate=_BITRATE,
        capabilities=planning.capabilities,
        # Encoded once more, it should not get worse than it is.
        exact_bitrate=max(track.bit_rate or 0, sound.share(_BITRATE, channels)),
    )
    same = kept and channels == track.channels
    wish = {
        "stream": track.index,
        "label": describe(track),
        "sample_rate": sound.rate_for(codec, track.sample_rate),
        "short": end_of(media, track)[0] < _SHORT_US,
        "filters": part.filters,
        "encoded": part.args,
        # What needs no change is not encoded, where the result holds the same codec either way.
        "copied": sound.copy(track).args if same else (),
    }
    return (track, codec, channels), wish


def _command(
    spec: NormalizeAudio,
    planning: Planning,
    media: MediaInfo,
    step: Step,
    container: Container,
    tracks: list[dict[str, object]],
) -> Command:
    argv = step.commands[-1].argv
    at = argv.index(_SOUNDS)
    target = Target(integrated=spec.target, peak=spec.true_peak, range=spec.range)
    wish = {
        "name": planning.name,
        "target": asdict(target),
        "demuxer": media.container,
        "output": step.outputs[0].path,
        "read_as": container.demuxer,
        # Sound comes right after the pictures.
        "first": argv[:at].count("-map"),
        "head": argv[:at],
        "tail": argv[at + 1 :],
        "tracks": tracks,
        "report": "loudness.json" if spec.report else None,
    }
    return Command(
        tool="builtin", argv=("normalize_loudness", json.dumps(wish)), duration_us=media.duration_us
    )


def _report(spec: NormalizeAudio, planning: Planning) -> Output:
    stem = spec.output.rpartition(".")[0] if spec.output else planning.stem(spec.source)
    return Output(
        id=f"{planning.name}/report",
        path="loudness.json",
        publish=f"{stem}-loudness.json",
        role=Role.REPORT,
        promise=Promise(kind="data"),
    )

"""One range of a file, or several joined into one: by copy from keyframes, smartly, or encoded exactly."""

from dataclasses import replace
from typing import Literal

from pydantic import Field, model_validator

from framemill.domain import clipping
from framemill.domain.work import Work
from framemill.operations.building import clips_encoded, trim_smart, true_boundaries
from framemill.operations.building.clips_copied import copied
from framemill.operations.building.exact import mode_of
from framemill.operations.planning import Planning
from framemill.operations.spec import Range, Spec, Time


class Trim(Spec):
    """Keep one range, or several joined into one file."""

    op: Literal["trim"] = "trim"
    version: Literal[1] = 1
    start: Time | None = Field(None, description="Where it begins; the file's start by default.")
    end: Time | None = Field(None, description="Where it ends; the file's end by default.")
    duration: Time | None = Field(None, gt=0, description="How long it is, instead of `end`.")
    ranges: tuple[Range, ...] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Several ranges, joined in this order: 10s-25s 1m-1m30s.",
    )
    mode: Literal["copy", "smart", "encode"] | None = Field(
        None,
        description="`copy` begins at the keyframe at or before the start: fast, nothing encoded, and the "
        "plan says how much earlier that is. `smart` is exact and encodes only what lies next to the cuts. "
        "`encode` is exact. Copy by default, encode where a profile is given.",
    )
    strict: bool = Field(
        False, description="Fail where a smart cut is not possible, instead of encoding everything."
    )
    profile: str | None = Field(
        None, description="How to encode; without one the source's codec and size are kept."
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Trim":
        single = [self.start, self.end, self.duration]
        if self.ranges is not None and any(value is not None for value in single):
            raise ValueError("ranges stand alone: leave out start, end and duration")
        if self.ranges is None and all(value is None for value in single):
            raise ValueError("give start, end, duration or ranges")
        if self.end is not None and self.duration is not None:
            raise ValueError("give end or duration, not both")
        return self


def plan(spec: Trim, planning: Planning) -> Work:
    """A tap for one exact range, else one step; TimeOutOfRange where a range is not inside the file."""
    product = planning.one(spec.source)
    ranges = [clipping.checked(a, b, product.media.duration_us) for a, b in _ranges(spec)]
    return replace(
        _planned(spec, planning, ranges), boundaries=true_boundaries.of_ranges(planning, product, ranges)
    )


def _planned(spec: Trim, planning: Planning, ranges: list[tuple[int, int]]) -> Work:
    if mode_of(spec.mode, spec.profile) == "copy":
        return copied(spec, planning, ranges)
    if mode_of(spec.mode, spec.profile) == "smart":
        return trim_smart.trimmed(spec, planning, ranges, strict=spec.strict)
    if len(ranges) == 1:
        return clips_encoded.one(spec, planning, ranges[0], profile=spec.profile)
    return clips_encoded.several(spec, planning, ranges, profile=spec.profile)


def _ranges(spec: Trim) -> list[tuple[int, int | None]]:
    if spec.ranges is not None:
        return [(a, b) for a, b in spec.ranges]
    start = spec.start or 0
    return [(start, start + spec.duration if spec.duration is not None else spec.end)]

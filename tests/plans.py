"""Plans of a minute of film, as a machine with several slots makes them."""

from dataclasses import replace

from framemill.domain.capabilities import Capabilities
from framemill.domain.hardware import Acceleration
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Plan
from framemill.domain.units import US
from framemill.operations.planning import Facts, Question
from framemill.operations.profiles import load_profiles
from framemill.operations.spec import Spec
from framemill.planner.compile import compile_plan
from framemill.planner.reuse import Reuse
from tests.builders import CAPABILITIES, a_film, a_video, an_audio

_MINUTE = 60 * US


def a_minute(**changes: object) -> MediaInfo:
    film = a_film(
        duration_us=_MINUTE, video=(a_video(duration_us=_MINUTE),), audio=(an_audio(duration_us=_MINUTE),)
    )
    return replace(film, **changes)  # type: ignore[arg-type]  # the caller names MediaInfo's fields


def a_plan(
    *specs: Spec,
    media: MediaInfo | None = None,
    slots: int = 2,
    digest: str = "d1",
    keyframes: tuple[int, ...] | None = tuple(range(0, _MINUTE, US)),
    reuse: Reuse | None = None,
    capabilities: Capabilities = CAPABILITIES,
) -> Plan:
    """The plan of `specs`; `keyframes` of the input, None where nobody has read them yet."""
    known = {} if keyframes is None else {Question("keyframes", "input"): keyframes}
    return compile_plan(
        specs,
        facts=Facts(media={"input": media or a_minute()}, stems={"input": "film"}, answers=known),
        capabilities=capabilities,
        profiles=load_profiles(None),
        contents={"input": digest},
        acceleration=Acceleration(),
        slots=slots,
        reuse=reuse,
    )

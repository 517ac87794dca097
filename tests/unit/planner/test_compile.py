import pytest

from framemill.errors import InvalidSpec
from framemill.operations.planning import Facts
from framemill.operations.profiles import load_profiles
from framemill.operations.proxy import Proxy
from framemill.operations.registry import load_spec
from framemill.operations.remove_audio import RemoveAudio
from framemill.planner.compile import compile_plan
from tests.builders import CAPABILITIES, a_film, a_video


def test_a_condition_is_about_the_input_whatever_else_is_read() -> None:
    facts = Facts(media={"logo": a_film(video=(a_video(width=64, height=64),)), "input": a_film()})

    plan = compile_plan(
        [load_spec({"op": "remove_audio", "when": "height > 720"})],
        facts=facts,
        capabilities=CAPABILITIES,
        profiles=load_profiles(),
    )

    assert [step.operation for step in plan.steps] == ["remove_audio"]


def test_a_condition_without_footage_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="no input is any"):
        compile_plan(
            [RemoveAudio(when="audio"), Proxy()],
            facts=Facts(media={}),
            capabilities=CAPABILITIES,
            profiles=load_profiles(),
        )

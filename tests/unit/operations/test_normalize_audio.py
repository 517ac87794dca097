import json
from dataclasses import replace
from typing import Any

import pytest

from framemill.domain.work import Work
from framemill.errors import InvalidSpec, NoAudioStream
from framemill.operations.normalize_audio import NormalizeAudio, plan
from framemill.operations.registry import load_spec
from tests.builders import a_film, an_audio, planning_for
from tests.unit.operations.commands import asked


def wish(work: Work) -> dict[str, Any]:  # Any: JSON
    """What the engine is asked to do."""
    name, text = work.steps[0].commands[-1].argv
    assert name == "normalize_loudness"
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_engine_gets_both_halves_of_the_command_and_each_track() -> None:
    film = a_film(audio=(an_audio(), an_audio(index=2, codec="ac3", channels=6, bit_rate=640_000)))

    work = plan(NormalizeAudio(), planning_for(film, name="normalize_audio"))

    found = wish(work)
    assert found["target"] == {"integrated": -23.0, "peak": -1.5, "range": None}
    assert found["head"][-4:] == ["-map", "0:0", "-c:v", "copy"]
    assert found["tail"][-1] == "file:out/normalize_audio.mp4"
    assert (found["first"], found["report"]) == (1, None)
    assert found["tracks"] == [
        {
            "stream": 1,
            "label": "#1 audio (aac)",
            "sample_rate": 48_000,
            "short": False,
            "filters": ["aresample=async=1:first_pts=0", "aformat=channel_layouts=stereo"],
            "encoded": ["-c:a:{n}", "aac", "-b:a:{n}", "192k", "-ar:a:{n}", "48000"],
            "copied": ["-c:a:{n}", "copy"],
        },
        {
            "stream": 2,
            "label": "#2 audio (ac3)",
            "sample_rate": 48_000,
            "short": False,
            "filters": ["aresample=async=1:first_pts=0", "aformat=channel_layouts=5.1"],
            "encoded": ["-c:a:{n}", "ac3", "-b:a:{n}", "640k", "-ar:a:{n}", "48000"],
            "copied": ["-c:a:{n}", "copy"],
        },
    ]
    promise = work.steps[0].outputs[0].promise
    assert (promise.audio_codecs, promise.channels, work.dropped) == (("aac", "ac3"), (2, 6), ())


def test_a_codec_without_an_encoder_becomes_another_and_is_never_copied() -> None:
    film = a_film(container="matroska", audio=(an_audio(codec="dts", channels=6),))

    work = plan(NormalizeAudio(), planning_for(film))

    (track,) = wish(work)["tracks"]
    assert track["encoded"][1] == "aac"
    assert track["copied"] == []
    assert work.steps[0].outputs[0].promise.audio_codecs == ("aac",)


def test_sound_alone_keeps_its_container_and_a_report_lies_beside_it() -> None:
    song = a_film(container="mp3", video=(), audio=(an_audio(index=0, codec="mp3"),))

    work = plan(NormalizeAudio(report=True, output="even.mp3"), planning_for(song))

    assert [output.publish for output in work.steps[0].outputs] == ["even.mp3", "even-loudness.json"]
    assert (wish(work)["first"], wish(work)["report"]) == (0, "loudness.json")


def test_figures_may_carry_their_units_and_have_bounds() -> None:
    spec = asked(NormalizeAudio, target="-16 LUFS", true_peak="-1dBTP", range="7LU")

    assert (spec.target, spec.true_peak, spec.range) == (-16, -1, 7)
    for wrong in ({"target": 0}, {"target": "loud"}, {"target": "nan"}, {"true_peak": 1}, {"range": 0}):
        with pytest.raises(InvalidSpec):
            load_spec({"op": "normalize_audio", **wrong})
    with pytest.raises(NoAudioStream):
        plan(NormalizeAudio(), planning_for(a_film(audio=())))


@pytest.mark.parametrize(
    ("output", "report"), [(None, "episode 1.2-loudness.json"), ("a/even.v2.mp4", "a/even.v2-loudness.json")]
)
def test_the_report_is_called_after_the_result(output: str | None, report: str) -> None:
    planning = planning_for(a_film())
    named = replace(planning, facts=replace(planning.facts, stems={"input": "episode 1.2"}))

    (step,) = plan(NormalizeAudio(report=True, output=output), named).steps

    assert step.outputs[1].publish == report

import json
from fractions import Fraction

import pytest

from framemill.errors import InvalidSpec
from framemill.operations.planning import FactNeeded, Question
from framemill.operations.probe import Probe, plan
from tests.builders import a_film, a_video, planning_for


def test_the_report_holds_everything_that_planning_knows() -> None:
    film = a_film(video=(a_video(rotation=90, frame_rate=Fraction(30_000, 1001)),), tags=(("title", "Tür"),))

    (step,) = plan(Probe(), planning_for(film, name="probe")).steps

    report = json.loads(step.texts[0].content)
    assert report["summary"] == {
        "duration": "00:00:10.000",
        "main_video": 0,
        "main_audio": 1,
        "display_width": 1080,
        "display_height": 1920,
        "hdr": None,
        "interlaced": False,
        "variable_frame_rate": False,
        "counted_frames": None,
    }
    assert report["video"][0]["frame_rate"] == "30000/1001"
    assert report["tags"] == {"title": "Tür"}
    assert step.commands[0].argv == ("copy", "in/report.json", "out/probe.json")
    assert step.outputs[0].publish == "movie.json"


def test_counting_frames_is_a_fact_that_has_to_be_gathered() -> None:
    with pytest.raises(FactNeeded) as needed:
        plan(Probe(count_frames=True), planning_for(a_film()))
    assert needed.value.question == Question("frames", "input")

    (step,) = plan(Probe(count_frames=True), planning_for(a_film(), frames={"input": 300})).steps

    assert json.loads(step.texts[0].content)["summary"]["counted_frames"] == 300


def test_a_file_without_picture_has_no_frames_to_count() -> None:
    (step,) = plan(Probe(count_frames=True), planning_for(a_film(video=()))).steps

    assert json.loads(step.texts[0].content)["summary"]["counted_frames"] is None


def test_the_report_must_be_called_json() -> None:
    with pytest.raises(InvalidSpec, match="writes JSON"):
        plan(Probe(output="report.txt"), planning_for(a_film()))

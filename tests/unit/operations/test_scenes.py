import json
from typing import Any

import pytest
from pydantic import ValidationError

from framemill.domain.media import MediaInfo
from framemill.errors import InvalidSpec, NoAudioStream, NoVideoStream
from framemill.operations.scenes import Scenes, plan
from tests.builders import a_film, a_video, planning_for
from tests.unit.operations.commands import asked, line, lines

SILENT = a_film(audio=())
SOUND = a_film(video=())


def wish(spec: Scenes, film: MediaInfo | None = None) -> dict[str, Any]:  # Any: the wish as JSON
    (step,) = plan(spec, planning_for(film or a_film(), name="scenes")).steps
    found: dict[str, Any] = json.loads(step.commands[1].argv[2])
    return found


def test_all_detectors_share_one_decode_of_a_small_picture() -> None:
    (step,) = plan(asked(Scenes, scene_threshold=12), planning_for(a_film(), name="scenes")).steps

    first = step.commands[0].argv
    assert first[first.index("-filter_complex") + 1] == (
        "[0:0]scale=w=320:h=180:flags=bilinear,format=yuv420p,settb=1/1000000,split=3[s0][s1][s2];"
        "[s0]scdet=threshold=12,metadata=mode=print:key=lavfi.scd.score:value=12:function=expr:"
        r"expr='gte(VALUE1\,VALUE2)':file=out/scenes-scenes-1.txt[v0];"
        "[s1]blackdetect=black_min_duration=0:pixel_black_th=0.1:picture_black_ratio_th=0.98,"
        "metadata=mode=print:key=lavfi.black_start:file=out/scenes-black-1.txt,"
        "metadata=mode=print:key=lavfi.black_end:file=out/scenes-black-2.txt[v1];"
        "[s2]freezedetect=noise=-60dB:duration=2,"
        "metadata=mode=print:key=lavfi.freezedetect.freeze_start:file=out/scenes-freeze-1.txt,"
        "metadata=mode=print:key=lavfi.freezedetect.freeze_end:file=out/scenes-freeze-2.txt[v2];"
        "[0:1]asettb=1/1000000,silencedetect=noise=-50dB:duration=1,"
        "ametadata=mode=print:key=lavfi.silence_start:file=out/scenes-silence-1.txt,"
        "ametadata=mode=print:key=lavfi.silence_end:file=out/scenes-silence-2.txt[a]"
    )
    assert line(step.commands[0]).startswith("-nostdin -hide_banner -y GUARD -f mov -noautorotate -i ")
    assert [o.publish for o in step.outputs] == ["movie-scenes.json"]


@pytest.mark.parametrize(
    ("film", "kinds"),
    [(SILENT, ["scenes", "black", "freeze"]), (SOUND, ["silence"])],
    ids=["silent", "sound"],
)
def test_only_what_the_file_can_have_is_looked_for(film: MediaInfo, kinds: list[str]) -> None:
    assert [look["kind"] for look in wish(Scenes(), film)["looks"]] == kinds


def test_one_wish_runs_one_detector() -> None:
    (step,) = plan(asked(Scenes, detect=["silence"]), planning_for(a_film())).steps

    assert "scdet" not in lines(plan(asked(Scenes, detect=["silence"]), planning_for(a_film())))[0]
    assert wish(asked(Scenes, detect=["silence"]))["settings"] == {
        "silence_min": "1s",
        "silence_level": -50.0,
    }
    assert "-map" in step.commands[0].argv


def test_ranges_end_with_their_own_stream() -> None:
    film = a_film(video=(a_video(duration_us=7_000_000),))

    assert {look["kind"]: look["end_us"] for look in wish(Scenes(), film)["looks"]} == {
        "scenes": 7_000_000,
        "black": 7_000_000,
        "freeze": 7_000_000,
        "silence": 10_000_000,
    }


def test_what_cannot_be_there_is_refused_where_it_was_named() -> None:
    with pytest.raises(NoVideoStream):
        plan(asked(Scenes, detect=["black"]), planning_for(SOUND))
    with pytest.raises(NoAudioStream):
        plan(asked(Scenes, detect=["silence"]), planning_for(SILENT))
    with pytest.raises(InvalidSpec, match=r"\.json"):
        plan(Scenes(output="scenes.csv"), planning_for(a_film()))


@pytest.mark.parametrize(
    "fields",
    [
        {"detect": []},
        {"detect": ["cats"]},
        {"scene_threshold": 0},
        {"silence_level": 1},
        {"silence_min": "25h"},
    ],
)
def test_absurd_wishes_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        asked(Scenes, **fields)

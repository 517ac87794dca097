import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from pydantic import ValidationError

from framemill.domain.cuts import Mark, Weights
from framemill.domain.media import Chapter, MediaInfo
from framemill.domain.plan import Role, Step
from framemill.domain.work import Tap
from framemill.errors import InvalidSpec, NoVideoStream, TimeOutOfRange
from framemill.operations.cut import Cut, plan
from framemill.operations.planning import FactNeeded, Question
from framemill.operations.registry import load_spec
from tests.builders import CAPABILITIES, a_film, a_subtitle, a_video, an_audio, planning_for

S = 1_000_000


def a_cut(**fields: object) -> Cut:
    """As people write it: `every="11m"`."""
    return Cut.model_validate(fields)


def a_long_film(**changes: object) -> MediaInfo:
    """Two hours with a keyframe every two seconds."""
    length = 7200 * S
    fields: dict[str, object] = {
        "duration_us": length,
        "video": (a_video(duration_us=length, reorder_us=66_667),),
        "audio": (an_audio(duration_us=length),),
        "keyframe_interval_us": 2 * S,
    }
    return a_film(**{**fields, **changes})


def copied(spec: Cut, film: MediaInfo, **known: Mapping[str, object]) -> Step:
    (step,) = plan(spec, planning_for(film, name="cut", capabilities=CAPABILITIES, **known)).steps
    return step


def encoded(spec: Cut, film: MediaInfo) -> Tap:
    (tap,) = plan(spec, planning_for(film, name="cut")).taps
    return tap


def value(step: Step, option: str) -> str:
    argv = step.commands[0].argv
    return argv[argv.index(option) + 1]


def test_a_plain_copy_needs_no_look_at_the_keyframes() -> None:
    step = copied(a_cut(every="11m"), a_long_film())

    assert value(step, "-segment_times").startswith("659.9995,1319.9995,")
    assert value(step, "-audio_preload") == "66667"
    assert value(step, "-c:v:0") == "copy"
    assert step.outputs[0].promise.files is None


def test_scenes_are_looked_for_at_the_threshold_and_become_boundaries() -> None:
    film = a_long_film()
    with pytest.raises(FactNeeded) as needed:
        copied(a_cut(scenes=True, scene_threshold=20), film)
    assert needed.value.question == Question("scenes", "input", 20.0)

    planning = planning_for(film, name="cut")
    answers = {needed.value.question: (60 * S, 61 * S, 120 * S)}
    known = replace(planning, facts=replace(planning.facts, answers=answers))
    (step,) = plan(a_cut(scenes=True, scene_threshold=20), known).steps

    assert value(step, "-segment_times") == "59.9995,119.9995"


def test_the_parts_and_their_report_are_published_together() -> None:
    step = copied(a_cut(every="11m", prefix="film", output="night"), a_long_film())

    assert [(o.publish, o.role) for o in step.outputs] == [
        ("night/film_%03d.mp4", Role.CLIP),
        ("night/parts.json", Role.REPORT),
    ]
    name, listing, target, wish = step.commands[1].argv
    assert (name, listing, target) == ("parts_report", "cut.csv", "cut-parts.json")
    assert json.loads(wish)["wanted_us"][:2] == [660 * S, 1320 * S]


def test_boundaries_near_to_keyframes_distance_are_chosen_among_them() -> None:
    film = a_film(keyframe_interval_us=2 * S)

    with pytest.raises(FactNeeded, match="keyframes of input"):
        plan(a_cut(every="3s"), planning_for(film))

    step = copied(a_cut(every="3s"), film, keyframes={"input": (0, 2 * S, 4 * S, 8 * S)})
    # 3 s is served by 4 s; 6 s by 8 s; 9 s by none.
    assert value(step, "-segment_times") == "3.9995,7.9995"
    assert step.outputs[0].promise.files == 3


def test_a_size_is_kept_by_what_keyframes_weigh() -> None:
    marks = tuple(Mark(time_us=n * S, bytes_before=n * 500_000, packets_before=n * 30) for n in range(10))
    weights = {"input": Weights(marks=marks, total_bytes=5_000_000, total_packets=300)}

    with pytest.raises(FactNeeded, match="weights of input"):
        plan(a_cut(max_size="2M"), planning_for(a_film()))

    step = copied(a_cut(max_size="2M"), a_film(), weights=weights)
    assert value(step, "-segment_times") == "2.9995,5.9995,8.9995"
    assert step.outputs[0].promise.max_size == 2_000_000


def test_an_exact_cut_is_one_decode_with_a_keyframe_at_each_boundary() -> None:
    tap = encoded(a_cut(every="11m", profile="clip_720p"), a_long_film())

    assert tap.video is not None
    args = tap.video.args
    assert args[args.index("-c:v") + 1] == "libx265"
    assert args[args.index("-force_key_frames") + 1].startswith("659.9995,1319.9995,")
    assert args[args.index("-forced-idr") + 1] == "1"
    # x265 keeps two frames back for B-frames.
    assert tap.mux[tap.mux.index("-audio_preload") + 1] == "66667"
    promise = tap.output.promise
    assert (promise.files, promise.duration_us) == (11, 7200 * S)
    assert (promise.width, promise.height, promise.video_codec) == (1280, 720, "hevc")
    assert tap.after[0].argv[0] == "parts_report"
    assert [o.role for o in tap.reports] == [Role.REPORT]


def test_an_irregular_rate_is_cut_without_b_frames() -> None:
    film = a_film(video=(a_video(is_vfr=True),))

    tap = encoded(a_cut(parts=2, mode="encode"), film)

    assert tap.video is not None
    assert tap.video.args[-2:] == ("-bf", "0")
    assert "-audio_preload" not in tap.mux


def test_without_a_profile_the_source_keeps_its_codec_and_size() -> None:
    film = a_film(video=(a_video(codec="hevc", bit_depth=10, pixel_format="yuv420p10le"),))

    tap = encoded(a_cut(parts=2, mode="encode"), film)

    promise = tap.output.promise
    assert (promise.video_codec, promise.width, promise.height) == ("hevc", 1920, 1080)


def test_a_track_that_ends_before_the_last_part_is_not_promised_in_each() -> None:
    film = a_film(audio=(an_audio(duration_us=3 * S),))

    assert encoded(a_cut(parts=2, mode="encode"), a_film()).output.promise.audio_codecs == ("aac",)
    assert encoded(a_cut(parts=2, mode="encode"), film).output.promise.audio_codecs is None


def test_chapters_are_boundaries_and_titles() -> None:
    chapters = (
        Chapter(start_us=20_000, end_us=3600 * S, title="Day"),
        Chapter(start_us=3600 * S, end_us=7200 * S, title="Night"),
    )

    work = plan(a_cut(chapters=True), planning_for(a_long_film(chapters=chapters)))

    wish = json.loads(work.steps[0].commands[1].argv[3])
    assert (wish["wanted_us"], wish["titles"]) == ([3600 * S], ["Day", "Night"])
    assert work.dropped == ()


def test_what_parts_do_not_carry_is_said() -> None:
    cover = a_video(index=3, codec="mjpeg", is_cover=True, dispositions=("attached_pic",))
    film = a_long_film(video=(a_video(duration_us=7200 * S), cover), subtitles=(a_subtitle(),), chapters=())

    work = plan(a_cut(every="11m"), planning_for(film))

    assert work.dropped is not None
    assert [d.stream for d in work.dropped] == ["#3 video (mjpeg)"]


def test_text_subtitles_go_along() -> None:
    film = a_long_film(subtitles=(a_subtitle(codec="mov_text"),))

    step = copied(a_cut(every="11m"), film)

    assert "0:2" in step.commands[0].argv


def test_hidden_pictures_are_left_out_unless_shown_ones_need_them() -> None:
    hiding = a_long_film(video=(a_video(duration_us=7200 * S, hidden_us=S),))
    needing = a_long_film(video=(a_video(duration_us=7200 * S, hidden_us=S, opens_hidden=True),))

    assert "-bsf:v:0" in copied(a_cut(every="11m"), hiding).commands[0].argv
    assert "-bsf:v:0" not in copied(a_cut(every="11m"), needing).commands[0].argv
    assert "-bsf:v:0" not in copied(a_cut(every="11m"), a_long_film()).commands[0].argv


def test_a_profile_without_a_cap_cannot_keep_to_a_size() -> None:
    with pytest.raises(InvalidSpec, match="max_bitrate"):
        plan(a_cut(max_size="10M", mode="encode"), planning_for(a_film()))


def test_exact_parts_need_a_picture() -> None:
    with pytest.raises(NoVideoStream):
        plan(a_cut(parts=2, mode="encode"), planning_for(a_film(video=())))


def test_a_time_outside_is_refused() -> None:
    with pytest.raises(TimeOutOfRange, match="00:00:12"):
        plan(a_cut(at=("12s",)), planning_for(a_film()))


def test_a_copy_cannot_have_a_profile() -> None:
    with pytest.raises(InvalidSpec, match="mode=encode"):
        plan(a_cut(parts=2, mode="copy", profile="clip_720p"), planning_for(a_film()))


@pytest.mark.parametrize("fields", [{}, {"every": "1m", "parts": 2}, {"chapters": True, "at": ["1s"]}])
def test_exactly_one_way_to_cut(fields: dict[str, object]) -> None:
    with pytest.raises(InvalidSpec, match="give one of"):
        load_spec({"op": "cut", **fields})


@pytest.mark.parametrize("prefix", ["", "../x", "a/b", "-x", ".x", "a%03d", "a\nb", "x."])
def test_a_prefix_is_a_plain_name(prefix: str) -> None:
    with pytest.raises(ValidationError):
        a_cut(parts=2, prefix=prefix)


def test_a_stored_request_reads_back_as_itself() -> None:
    spec = a_cut(at=("1m30s", "2m"), profile="clip_720p", prefix="Teil 1")

    assert load_spec(json.loads(spec.model_dump_json())) == spec


def test_parts_of_an_earlier_operations_result_need_no_keyframes() -> None:
    planning = planning_for(a_film(), name="cut")
    earlier = replace(planning.products["input"][0], ref="trim/file", label="trim")
    planning = replace(planning, products={**planning.products, "trim": (earlier,)})

    (step,) = plan(a_cut(every="3s", source="trim"), planning).steps

    assert value(step, "-segment_times") == "2.9995,5.9995,8.9995"

from dataclasses import replace

import pytest
from pydantic import ValidationError

from framemill.commands.packaging import titles as packaging_titles
from framemill.domain.plan import Step
from framemill.errors import CodecNotInContainer, IncompatibleInputs, NotSupported
from framemill.operations import ladder, package
from framemill.operations.ladder import Ladder
from framemill.operations.package import Package
from framemill.operations.planning import Planning
from tests.builders import CAPABILITIES, a_film, a_subtitle, a_video, an_audio, planning_for


def after_a_ladder(planning: Planning) -> Planning:
    made = ladder.plan(Ladder(qualities=("720p", "360p")), replace(planning, name="ladder"))
    return replace(planning, name="package", products={**planning.products, "ladder": made.products})


def packaging(step: Step) -> list[str]:
    return [arg for command in step.commands if command.tool == "packager" for arg in command.argv]


def test_a_ladder_is_packaged_as_it_is_once_for_both() -> None:
    work = package.plan(Package(sources=("ladder",)), after_a_ladder(planning_for(a_film())))

    (step,) = work.steps
    assert [item.ref for item in step.inputs] == ["ladder/720p", "ladder/360p", "ladder/audio0"]
    assert packaging(step)[:3] == [
        _described("v0", "video", "720p") + ",iframe_playlist_name=720p-iframes.m3u8",
        _described("v1", "video", "360p") + ",iframe_playlist_name=360p-iframes.m3u8",
        _described("a0", "audio", "audio0") + ",hls_group_id=audio,hls_name=Track 1",
    ]
    assert [output.publish for output in step.outputs] == ["hls", "dash"]


def test_a_single_source_can_be_named_as_everywhere() -> None:
    planning = after_a_ladder(planning_for(a_film()))

    assert package.plan(Package(source="ladder"), planning) == package.plan(
        Package(sources=("ladder",)), planning
    )


def test_users_files_are_split_by_a_guarded_copy_before_the_packager_sees_them() -> None:
    small = a_film(video=(a_video(width=640, height=360),))

    work = package.plan(Package(), planning_for(a_film(), small, name="package"))

    *splits, packed = work.steps
    assert [step.key for step in splits] == ["package:v0", "package:v1", "package:a0"]
    assert all("-format_whitelist" in step.commands[0].argv for step in splits)
    assert [item.ref for item in packed.inputs] == ["package/v0", "package/v1", "package/a0"]


def test_names_of_tracks_cannot_add_fields_to_a_descriptor() -> None:
    film = a_film(audio=(an_audio(title="a,drm_label=x\nb"), an_audio(index=2, title="a,drm_label=x\nb")))

    work = package.plan(Package(sources=("ladder",)), after_a_ladder(planning_for(film)))

    descriptors = packaging(work.steps[0])
    assert descriptors[2].endswith("hls_name=a drm label x b".replace("drm label", "drm_label"))
    assert descriptors[3].endswith(" 2")


@pytest.mark.parametrize(
    ("language", "field"),
    [("pt-br", ",language=pt-br"), ("eng,init_segment=/tmp/x", ""), ("deu=x", ""), ("x" * 99, "")],
)
def test_languages_of_tracks_cannot_add_fields_to_a_descriptor(language: str, field: str) -> None:
    film = a_film(audio=(an_audio(language=language),))

    work = package.plan(Package(sources=("ladder",)), after_a_ladder(planning_for(film)))

    arguments = packaging(work.steps[0])
    name = packaging_titles([language])[0]
    assert arguments[2] == _described("a0", "audio", "audio0") + f",hls_group_id=audio,hls_name={name}{field}"
    assert ("--default_language" in arguments) == bool(field)


def test_two_ladders_of_the_same_sizes_have_folders_of_their_own() -> None:
    planning = after_a_ladder(planning_for(a_film()))
    again = ladder.plan(Ladder(qualities=("720p",), codec="hevc"), replace(planning, name="other"))
    both = replace(planning, products={**planning.products, "other": again.products})

    work = package.plan(Package(sources=("ladder", "other")), both)

    folders = [arg.split("init_segment=")[1].split("/")[2] for arg in packaging(work.steps[0])[:3]]
    assert folders == ["720p", "360p", "720p-2"]


def test_text_subtitles_reach_both_kinds_of_player() -> None:
    film = a_film(subtitles=(a_subtitle(),))

    work = package.plan(Package(sources=("ladder",)), after_a_ladder(planning_for(film)))

    texts = [arg for arg in packaging(work.steps[0]) if "stream=text" in arg]
    assert [("hls_only=1" in t, "dash_only=1" in t) for t in texts] == [(True, False), (False, True)]


def test_transport_streams_leave_dash_its_own_segments() -> None:
    work = package.plan(
        Package(sources=("ladder",), segment_type="ts"), after_a_ladder(planning_for(a_film()))
    )

    text = " ".join(packaging(work.steps[0]))
    assert "out/hls/720p/seg_$Number%05d$.ts" in text
    assert "out/dash/720p/seg_$Number%05d$.m4s" in text


def test_without_the_packager_ffmpeg_does_it() -> None:
    poor = replace(CAPABILITIES, packager_version=None)

    work = package.plan(
        Package(sources=("ladder",)), after_a_ladder(planning_for(a_film(), capabilities=poor))
    )

    assert [command.tool for command in work.steps[0].commands] == ["ffmpeg", "builtin", "builtin"]
    assert work.warnings == ()


def test_subtitles_that_ffmpeg_cannot_package_are_not_dropped_unsaid() -> None:
    poor = replace(CAPABILITIES, packager_version=None)
    film = a_film(subtitles=(a_subtitle(),))

    work = package.plan(Package(sources=("ladder",)), after_a_ladder(planning_for(film, capabilities=poor)))

    assert work.warnings == ("package: subtitles are left out: that needs Shaka Packager",)


def test_without_the_packager_there_are_no_transport_streams() -> None:
    poor = replace(CAPABILITIES, packager_version=None)

    with pytest.raises(NotSupported, match="Shaka Packager"):
        package.plan(
            Package(sources=("ladder",), segment_type="ts"),
            after_a_ladder(planning_for(a_film(), capabilities=poor)),
        )


def test_files_of_different_length_are_no_renditions_of_one_video() -> None:
    with pytest.raises(IncompatibleInputs, match="duration"):
        package.plan(Package(), planning_for(a_film(), a_film(duration_us=20_000_000)))


def test_a_codec_that_streams_cannot_hold_is_refused() -> None:
    with pytest.raises(CodecNotInContainer, match="cannot hold mpeg4"):
        package.plan(Package(), planning_for(a_film(video=(a_video(codec="mpeg4"),))))


def test_a_package_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="set hls or dash"):
        Package(hls=False, dash=False)


def _described(name: str, kind: str, label: str) -> str:
    folder = f"out/hls/{label}"
    return (
        f"in=in/{name},stream={kind},init_segment={folder}/init.mp4,"
        f"segment_template={folder}/seg_$Number%05d$.m4s,playlist_name={label}.m3u8"
    )

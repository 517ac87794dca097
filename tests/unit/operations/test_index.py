from dataclasses import replace
from fractions import Fraction

import pytest

from framemill.domain.media import VideoStream
from framemill.domain.plan import Role
from framemill.domain.work import Product
from framemill.errors import InvalidSpec
from framemill.operations import index
from framemill.operations.index import Index
from framemill.operations.planning import Planning
from tests.builders import a_film, a_video, planning_for


def after_a_cut(*video: VideoStream) -> Planning:
    media = a_film(video=video)
    planning = planning_for(media, name="index")
    parts = Product(ref="cut/parts", label="parts", media=media, container="mp4")
    report = Product(ref="cut/parts.json", label="report", media=media)
    return replace(planning, products={**planning.products, "cut": (parts, report)})


def test_each_part_is_copied_with_its_title_and_pictured_however_many_there_are() -> None:
    (step,) = index.plan(Index(), after_a_cut(a_video())).steps

    assert [(c.tool, c.argv[0] if c.tool == "builtin" else c.for_each) for c in step.commands] == [
        ("builtin", "clip_tags"),
        ("ffmpeg", "parts"),
        ("ffmpeg", "parts"),
        ("builtin", "clip_index"),
    ]
    assert [(o.role, o.publish) for o in step.outputs] == [
        (Role.CLIP, "clip_%03d.mp4"),
        (Role.THUMBNAIL, "thumbnails/thumb_%03d.jpg"),
        (Role.REPORT, "index.json"),
    ]
    assert "copy" in step.commands[1].argv


def test_thumbnails_have_the_shape_and_colours_that_players_show() -> None:
    video = a_video(width=720, height=576, sar=Fraction(64, 45), color_transfer="smpte2084")

    (step,) = index.plan(Index(), after_a_cut(video)).steps

    chain = step.commands[2].argv[step.commands[2].argv.index("-vf") + 1]
    assert "scale=w=480:h=270:" in chain
    assert "tonemap=" in chain


def test_sound_alone_has_no_thumbnails() -> None:
    (step,) = index.plan(Index(), after_a_cut()).steps

    assert [o.role for o in step.outputs] == [Role.CLIP, Role.REPORT]


def test_the_user_s_title_is_no_part_of_an_ffmpeg_command() -> None:
    (step,) = index.plan(Index(title="-i evil {file}"), after_a_cut(a_video())).steps

    assert all("evil" not in arg for c in step.commands if c.tool == "ffmpeg" for arg in c.argv)


def test_what_is_no_cut_cannot_be_listed() -> None:
    with pytest.raises(InvalidSpec, match="'input' is no cut"):
        index.plan(Index(source="input"), after_a_cut())

import pytest

from framemill.domain.containers import CONTAINERS, container_kept, container_named
from tests.builders import a_film, a_video, an_audio


@pytest.mark.parametrize(
    ("name", "found"), [(".M4V", "mp4"), ("mts", "ts"), ("matroska", "mkv"), ("oga", "ogg"), ("docx", None)]
)
def test_endings_name_containers(name: str, found: str | None) -> None:
    container = container_named(name)

    assert (container.name if container else None) == found


def test_sound_alone_is_kept_in_a_container_for_sound() -> None:
    assert container_kept(a_film(video=())).name == "m4a"
    assert container_kept(a_film(video=(), audio=(an_audio(codec="opus"),))).name == "mka"


def test_a_picture_that_its_container_should_not_hold_goes_to_matroska() -> None:
    assert container_kept(a_film(video=(a_video(codec="vc1"),))).name == "mkv"


def test_every_container_is_read_back_by_a_demuxer_that_we_allow() -> None:
    from framemill.commands.source import FORMATS

    assert {c.demuxer for c in CONTAINERS.values()} <= set(FORMATS.split(","))

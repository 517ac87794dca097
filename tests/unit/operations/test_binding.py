from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict

from framemill.engine.gathering import kinds_of
from framemill.errors import InputNotFound, InvalidSpec
from framemill.operations.binding import bound
from framemill.operations.spec import MediaRef, PictureRef, Spec, references
from framemill.operations.trim import Trim


class Mark(BaseModel):
    """A part of a spec that names a picture."""

    model_config = ConfigDict(frozen=True)
    image: PictureRef


class Laid(Spec):
    """A spec that names further inputs, one of them in a part."""

    op: Literal["laid"] = "laid"
    version: Literal[1] = 1
    audio: MediaRef | None = None
    marks: tuple[Mark, ...] = ()


@pytest.fixture(name="logo")
def _logo(tmp_path: Path) -> Path:
    path = tmp_path / "my logo.png"
    path.write_bytes(b"png")
    return path


def test_every_reference_is_found_wherever_it_stands() -> None:
    spec = Laid(audio="music", marks=(Mark(image="logo"),))

    assert list(references(spec)) == [("audio", "music", "media"), ("image", "logo", "picture")]


def test_a_path_becomes_an_input_called_after_its_field(logo: Path) -> None:
    specs, inputs = bound([Laid(marks=(Mark(image=str(logo)),))], {"input": Path("/film.mp4")})

    assert specs == (Laid(marks=(Mark(image="image"),)),)
    assert inputs == {"input": Path("/film.mp4"), "image": logo}


def test_names_of_inputs_and_of_earlier_operations_stay(logo: Path) -> None:
    wanted = Laid(audio="trim", marks=(Mark(image="logo"),))

    specs, inputs = bound([Trim(start=1), wanted], {"input": Path("/film.mp4"), "logo": logo})

    assert specs[1] == wanted
    assert set(inputs) == {"input", "logo"}


def test_two_files_for_one_field_get_two_names_and_the_same_file_one(logo: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.png"
    other.write_bytes(b"png")
    marks = tuple(Mark(image=str(path)) for path in (logo, other, logo))

    specs, inputs = bound([Laid(marks=marks)], {"input": Path("/film.mp4")})

    assert [m.image for m in specs[0].marks] == ["image", "image_2", "image"]  # type: ignore[attr-defined]  # Laid
    assert inputs == {"input": Path("/film.mp4"), "image": logo, "image_2": other}


def test_what_is_neither_a_name_nor_a_file_is_not_found() -> None:
    with pytest.raises(InputNotFound, match=r"nothere\.wav"):
        bound([Laid(audio="nothere.wav")], {"input": Path("/film.mp4")})


def test_an_input_is_read_as_what_specs_take_it_for() -> None:
    specs = [Laid(audio="music", marks=(Mark(image="logo"),))]

    assert kinds_of(specs, ["input", "music", "logo"]) == {
        "input": "media",
        "music": "media",
        "logo": "picture",
    }


def test_one_input_cannot_be_two_kinds_of_thing() -> None:
    with pytest.raises(InvalidSpec, match="used as media and as picture"):
        kinds_of([Laid(audio="x", marks=(Mark(image="x"),))], ["input", "x"])

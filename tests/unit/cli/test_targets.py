from pathlib import Path

import pytest

from framemill.cli.targets import Target, target, targets
from framemill.errors import InvalidSpec

_FILM = Path("/films/film.mp4")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("output", "folder", "name"),
    [
        ("scene.mp4", ".", "scene.mp4"),
        ("made/scene.MKV", "made", "scene.MKV"),
        ("made", "made", None),
        ("made.d/", "made.d", None),
        ("v1.2", "v1.2", None),
        ("poster.jpg", ".", "poster.jpg"),
        (None, ".", None),
    ],
)
def test_one_result_goes_to_a_file_or_into_a_folder(
    tmp_path: Path, output: str | None, folder: str, name: str | None
) -> None:
    found = target(output, operation="trim", first=_FILM, several=False)

    assert found == Target(folder=tmp_path / folder, name=name)


def test_a_folder_that_is_there_is_a_folder_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "odd.mp4").mkdir()

    assert target("odd.mp4", operation="trim", first=_FILM, several=False).name is None


@pytest.mark.parametrize(("output", "folder"), [(None, "film-cut"), ("x.mp4", "x.mp4")])
def test_several_results_always_go_into_a_folder(tmp_path: Path, output: str | None, folder: str) -> None:
    found = target(output, operation="cut", first=_FILM, several=True)

    assert found == Target(folder=tmp_path / folder)


def test_joined_inputs_are_one_job() -> None:
    inputs = [_FILM, Path("/films/other.mp4")]

    jobs = list(targets("all.mp4", operation="concat", inputs=inputs, several=False, joined=True))

    assert [paths for paths, _ in jobs] == [tuple(inputs)]


def test_sets_of_several_inputs_get_a_folder_each(tmp_path: Path) -> None:
    inputs = [_FILM, Path("/films/other.mp4")]

    jobs = list(targets("parts", operation="cut", inputs=inputs, several=True, joined=False))

    assert [place.folder for _, place in jobs] == [tmp_path / "parts/film", tmp_path / "parts/other"]


def test_several_jobs_cannot_write_one_file() -> None:
    inputs = [_FILM, Path("/films/other.mp4")]

    with pytest.raises(InvalidSpec, match="cannot all become"):
        list(targets("one.mp4", operation="trim", inputs=inputs, several=False, joined=False))


@pytest.mark.parametrize(
    ("names", "several"), [(("a/film.mp4", "b/film.mp4"), False), (("film.mp4", "film.mkv"), True)]
)
def test_results_of_one_input_never_take_the_place_of_anothers(names: tuple[str, str], several: bool) -> None:
    with pytest.raises(InvalidSpec, match="two inputs are called 'film"):
        list(targets("made", operation="op", inputs=[Path(n) for n in names], several=several, joined=False))

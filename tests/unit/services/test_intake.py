import os
from pathlib import Path

import pytest

from framemill.errors import InputNotFound
from framemill.services.intake import Sieve, found


def _made(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def _found(given: list[Path | str], sieve: Sieve = Sieve()) -> list[tuple[str, str]]:  # noqa: B008 - frozen
    return [(one.path.name, one.place.as_posix()) for one in found([str(name) for name in given], sieve)]


def test_a_folder_gives_its_films_by_name_and_nothing_else(tmp_path: Path) -> None:
    _made(tmp_path, "b.MTS", "a.mp4", "note.txt", "deep/c.mov", "mp4")

    assert _found([tmp_path]) == [("a.mp4", "a"), ("b.MTS", "b")]


def test_folders_below_keep_equal_names_apart(tmp_path: Path) -> None:
    _made(tmp_path, "cam1/a.mp4", "cam2/a.mp4", "cam2/deep/a.mp4")

    places = _found([tmp_path], Sieve(recursive=True))

    assert [place for _, place in places] == ["cam1/a", "cam2/a", "cam2/deep/a"]


def test_files_from_several_folders_keep_the_folders_in_which_they_differ(tmp_path: Path) -> None:
    _made(tmp_path, "cam1/a.mp4", "cam2/a.mp4")

    assert _found([tmp_path / "cam1" / "a.mp4", tmp_path / "cam2"]) == [
        ("a.mp4", "cam1/a"),
        ("a.mp4", "cam2/a"),
    ]


def test_two_files_of_one_stem_get_a_folder_each(tmp_path: Path) -> None:
    _made(tmp_path, "a.mov", "a.mp4", "b.mp4")

    assert [place for _, place in _found([tmp_path])] == ["a-mov", "a-mp4", "b"]


def test_a_stem_that_another_was_given_is_not_given_again(tmp_path: Path) -> None:
    _made(tmp_path, "a.mov", "a.mp4", "a-mov.mp4")

    places = [place for _, place in _found([tmp_path])]

    assert len(set(places)) == 3


@pytest.mark.parametrize(
    "name",
    [".hidden.mp4", "a.mp4.part", "a.mp4.tmp", "a.mp4.crdownload", "a.mp4~", "~$a.mp4", ".framemill-1"],
)
def test_what_is_still_being_written_by_its_name_is_passed_over(tmp_path: Path, name: str) -> None:
    _made(tmp_path, name)

    assert _found([tmp_path], Sieve(include=("*",))) == []


def test_include_replaces_the_usual_endings_in_any_case(tmp_path: Path) -> None:
    _made(tmp_path, "A.XYZ", "b.mp4", "cam/c.xyz")

    assert _found([tmp_path], Sieve(include=("*.xyz",), recursive=True)) == [
        ("A.XYZ", "A"),
        ("c.xyz", "cam/c"),
    ]


def test_links_are_followed_only_where_asked_and_circles_end(tmp_path: Path) -> None:
    outside = _made(tmp_path / "outside", "o.mp4")
    inside = _made(tmp_path / "inside", "a.mp4")
    (inside / "link.mp4").symlink_to(outside / "o.mp4")
    (inside / "elsewhere").symlink_to(outside)
    (inside / "circle").symlink_to(inside)

    assert [name for name, _ in _found([inside], Sieve(recursive=True))] == ["a.mp4"]
    followed = [name for name, _ in _found([inside], Sieve(recursive=True, follow=True))]
    assert followed == ["a.mp4", "link.mp4", "o.mp4"]


def test_a_pipe_is_no_film(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")

    assert _found([tmp_path]) == []


def test_results_are_not_looked_into(tmp_path: Path) -> None:
    _made(tmp_path, "a.mp4", "out/a/clip.mp4")

    assert _found([tmp_path], Sieve(recursive=True, avoid=(tmp_path / "out",))) == [("a.mp4", "a")]


def test_a_pattern_in_quotes_is_expanded_and_one_that_fits_nothing_is_told(tmp_path: Path) -> None:
    _made(tmp_path, "cam1/a.mp4", "cam2/b.mp4", "c[1].mp4")

    assert _found([f"{tmp_path}/cam*/*.mp4"]) == [("a.mp4", "cam1/a"), ("b.mp4", "cam2/b")]
    assert _found([tmp_path / "c[1].mp4"]) == [("c[1].mp4", "c[1]")]
    with pytest.raises(InputNotFound):
        _found([f"{tmp_path}/*.mkv"])


def test_names_that_are_no_text_are_found_and_their_results_have_names_that_are(tmp_path: Path) -> None:
    names = [os.fsdecode(b"f\xff.mp4"), "g\nh.mp4"]
    for name in names:
        (tmp_path / name).write_text("x")

    assert _found([tmp_path]) == list(zip(names, ["f%FF", "g%0Ah"], strict=True))

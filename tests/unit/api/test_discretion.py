import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.api.discretion import discreet


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cannot read /srv/films/a.mp4", "cannot read a.mp4"),
        ("/srv/films/a.mp4: no such file", "a.mp4: no such file"),
        ("file:/srv/films/a.mp4", "a.mp4"),
        ("'/srv/my films/of x.mp4' is a folder", "'of x.mp4' is a folder"),
        ('"/srv/films/a.mp4"', '"a.mp4"'),
        ("look into ~/films/a.mp4", "look into a.mp4"),
        ("/srv/films/", ""),
        ("(/srv/films/a.mp4)", "(a.mp4)"),
        ("from=/srv/films/a.mp4", "from=a.mp4"),
    ],
)
def test_of_a_path_only_the_name_is_told(text: str, told: str) -> None:
    assert discreet(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/films/a.mp4",
        "see /api/v1/jobs/1",
        "'/media/token/hls/master.m3u8'",
        "30000/1001 frames a second",
        "and/or, 1/2, text/html",
        "workspaces/1/2/original.mp4",
        "a sentence without any; see `framemill jobs show ID`",
    ],
)
def test_what_is_no_path_of_the_machine_stays(text: str) -> None:
    assert discreet(text) == text


@given(
    st.lists(st.from_regex(r"[a-z0-9_.-]{1,12}", fullmatch=True), min_size=2, max_size=6),
    st.sampled_from(["{}", "cannot open {}: denied", "'{}'", "`{}`", "path={} x", "{},", "[{}]", "file:{}"]),
)
def test_folders_are_never_told(parts: list[str], frame: str) -> None:
    path = "/" + "/".join(f"F{part}" for part in parts)

    assert "/F" not in discreet(frame.format(path))

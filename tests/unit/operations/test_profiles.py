from pathlib import Path

import pytest

from framemill.errors import InvalidProfile
from framemill.operations.profiles import load_profiles

BUILT_IN = [
    *("movie_2160p", "movie_1080p", "movie_720p", "clip_1080p", "clip_720p", "clip_vertical_1080p"),
    *("web_1080p", "web_720p", "web_480p", "mobile_360p", "archive_av1"),
]


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def test_eleven_profiles_are_built_in() -> None:
    assert list(load_profiles()) == BUILT_IN
    assert load_profiles()["clip_720p"].codec == "hevc"
    assert load_profiles()["archive_av1"].bit_depth == 10


def test_a_users_file_overrides_single_fields_and_adds_profiles(tmp_path: Path) -> None:
    mine = written(
        tmp_path,
        '[web_720p]\ncrf = 19\n\n[lecture]\ncodec = "h264"\nbitrate = "700k"\nwidth = 960\nheight = 540\n',
    )

    found = load_profiles(mine)

    assert (found["web_720p"].crf, found["web_720p"].max_bitrate) == (19, 2_500_000)
    assert found["lecture"].bitrate == 700_000
    assert list(found) == [*BUILT_IN, "lecture"]


def test_a_bit_rate_replaces_the_overridden_quality(tmp_path: Path) -> None:
    profile = load_profiles(written(tmp_path, '[web_720p]\nbitrate = "2M"\n'))["web_720p"]

    assert (profile.crf, profile.bitrate, profile.max_bitrate) == (None, 2_000_000, None)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('[a]\ncodec = "h264"\n\nwidth = 641\ncrf = 20\n', 4, "a.width: Input should be a multiple of 2"),
        ('\n[web_720p]\ncontainer = "webm"\n', 2, "webm cannot hold h264"),
        ('[a]\ncodec = "h265"\n', 2, "a.codec: Input should be"),
        ('[a]\ncodec = "h264"\n', 1, "give either crf or bitrate"),
        ('[a]\ncodec = "h264"\ncrf = 20\npreset = "quick"\n', 1, "unknown preset 'quick'"),
        ('[a]\ncodec = "h264"\ncrf = 20\nfps = "many"\n', 1, "'many' is not a frame rate"),
        ('[a]\ncodec = "h264"\nbitrate = "fast"\n', 3, "a.bitrate: 'fast' is not a bit rate"),
        ('[a]\ncodec = "h264"\ncrf = 20\nspeed = 3\n', 4, "a.speed: Extra inputs are not permitted"),
        ('codec = "h264"\n', 1, "'codec' stands outside of any profile"),
        ("[a]\ncodec = \n", 2, "Invalid value"),
        ('[a]\ncodec = "av1"\ncrf = 30\npreset = "14"\n', 1, "unknown preset '14'"),
        ('[a]\ncodec = "h264"\ncrf = 20\naudio_codec = "opus"\ncontainer = "mov"\n', 1, "cannot hold opus"),
    ],
)
def test_an_impossible_profile_is_refused_with_file_and_line(
    text: str, line: int, reason: str, tmp_path: Path
) -> None:
    mine = written(tmp_path, text)

    with pytest.raises(InvalidProfile) as refused:
        load_profiles(mine)

    assert str(refused.value).startswith(f"{mine}:{line}: ")
    assert reason in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidProfile, match=r"nothing\.toml cannot be read"):
        load_profiles(tmp_path / "nothing.toml")

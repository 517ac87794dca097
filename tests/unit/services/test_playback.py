import random
import string
from datetime import timedelta

import pytest
from sqlalchemy import delete

from framemill.domain.plan import Role
from framemill.errors import (
    ArtifactNotFound,
    IllegalTransition,
    InvalidSpec,
    NotSupported,
    SignatureExpired,
    SignatureInvalid,
    VideoNotFound,
)
from framemill.services.playback import Form, Playback, StreamUrl
from framemill.services.shelf_records import VideoRecord
from framemill.storage.signing import Signer
from framemill.store.tables import Job
from tests.shelves import Shelves

_HOST = "https://mill.example"


def _playback(shelves: Shelves, *secrets: str) -> Playback:
    signer = Signer(secrets or ("a secret of the tests",), now=shelves.clock)
    return Playback(shelves.database, signer, public_url=f"{_HOST}/")


@pytest.fixture(name="playback")
def _fixture(shelves: Shelves) -> Playback:
    return _playback(shelves)


def _parts(made: StreamUrl) -> tuple[str, str]:
    """Token and path."""
    token, _, path = made.url.removeprefix(f"{_HOST}/media/").partition("/")
    return token, path


def _package(shelves: Shelves, video: VideoRecord, role: Role) -> str:
    return shelves.an_artifact(video, role, f"{role}/", files=("master.m3u8", "v/seg_00001.m4s"))


def _folder(video: VideoRecord) -> str:
    return f"workspaces/{video.workspace_id}/{video.id}"


def test_a_video_with_nothing_made_from_it_plays_as_it_came(shelves: Shelves, playback: Playback) -> None:
    video = shelves.a_video(b"film")

    made = playback.stream_url(video.id)

    token, path = _parts(made)
    assert (made.form, made.artifact_id, path) == (Form.ORIGINAL, None, "original.mp4")
    assert made.expires_at == shelves.clock().replace(microsecond=0) + timedelta(hours=1)
    assert playback.permitted(token, path, method="GET").key == f"{_folder(video)}/original.mp4"


def test_the_newest_stays_the_newest_when_the_records_of_jobs_have_gone(
    shelves: Shelves, playback: Playback
) -> None:
    video = shelves.a_video()
    shelves.an_artifact(video, Role.HLS, "hls/", files=("master.m3u8",), size=1000)
    shelves.clock.pass_by(1)
    newest = _package(shelves, video, Role.HLS)
    with shelves.database.write() as session:
        session.execute(delete(Job))

    assert playback.stream_url(video.id).artifact_id == newest


def test_the_newest_stream_is_preferred_to_files_and_these_to_the_original(
    shelves: Shelves, playback: Playback
) -> None:
    video = shelves.a_video()
    forms = []
    for role, name in [
        (Role.THUMBNAIL, "thumb.jpg"),
        (Role.CLIP, "clip.mp4"),
        (Role.PROXY, "proxy.mp4"),
        (Role.RENDITION, "720p.mp4"),
        (Role.RENDITION, "720p.mkv"),
        (Role.DASH, "dash/"),
        (Role.HLS, "hls/"),
        (Role.HLS, "hls/"),
    ]:
        newest = _package(shelves, video, role) if name[-1] == "/" else shelves.an_artifact(video, role, name)
        made = playback.stream_url(video.id)
        forms.append((made.form, _parts(made)[1], made.artifact_id == newest))

    assert forms == [
        (Form.ORIGINAL, "original.mp4", False),
        (Form.ORIGINAL, "original.mp4", False),
        (Form.FILE, "proxy.mp4", True),
        (Form.FILE, "720p.mp4", True),
        (Form.FILE, "720p.mp4", False),
        (Form.DASH, "dash/manifest.mpd", True),
        (Form.HLS, "hls/master.m3u8", True),
        (Form.HLS, "hls/master.m3u8", True),
    ]


def test_a_form_or_an_artifact_can_be_asked_for(shelves: Shelves, playback: Playback) -> None:
    video = shelves.a_video()
    _package(shelves, video, Role.HLS)
    _package(shelves, video, Role.DASH)
    thumb = shelves.an_artifact(video, Role.THUMBNAIL, "thumbs/one.jpg")

    def path(**asked: object) -> str:
        return _parts(playback.stream_url(video.id, **asked))[1]  # type: ignore[arg-type]  # as given

    assert path(form=Form.DASH) == "dash/manifest.mpd"
    assert path(form=Form.ORIGINAL) == "original.mp4"
    assert path(artifact=thumb) == path(artifact="one.jpg") == path(artifact="thumbs/one.jpg") == "one.jpg"
    with pytest.raises(IllegalTransition):
        path(form=Form.FILE)
    with pytest.raises(ArtifactNotFound):
        path(artifact="two.jpg")


def test_another_videos_artifact_is_not_to_be_had(shelves: Shelves, playback: Playback) -> None:
    mine, other = shelves.a_video(), shelves.a_video()
    artifact = _package(shelves, other, Role.HLS)

    with pytest.raises(ArtifactNotFound):
        playback.stream_url(mine.id, artifact=artifact)


def test_what_has_not_arrived_or_has_gone_does_not_play(shelves: Shelves, playback: Playback) -> None:
    begun, gone = shelves.begin(), shelves.a_video()
    shelves.videos.delete(gone.id)

    with pytest.raises(IllegalTransition):
        playback.stream_url(begun.id)
    for video_id in (gone.id, "no id"):
        with pytest.raises(VideoNotFound):
            playback.stream_url(video_id)


def test_a_download_is_a_file_with_its_owners_name(shelves: Shelves, playback: Playback) -> None:
    video = shelves.a_video(filename="Mein Film.mp4")

    original = _parts(playback.stream_url(video.id, download=True))
    _package(shelves, video, Role.HLS)
    shelves.an_artifact(video, Role.RENDITION, "720p.mp4")
    smaller = _parts(playback.stream_url(video.id, form=Form.FILE, download=True))

    assert playback.permitted(*original, method="GET").filename == "Mein Film.mp4"
    assert playback.permitted(*smaller, method="GET").filename == "Mein Film 720p.mp4"
    with pytest.raises(NotSupported):
        playback.stream_url(video.id, form=Form.HLS, download=True)


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-5), timedelta(days=8)])
def test_a_lifetime_has_bounds(shelves: Shelves, playback: Playback, lifetime: timedelta) -> None:
    video = shelves.a_video()

    with pytest.raises(InvalidSpec):
        playback.stream_url(video.id, lifetime=lifetime)


def test_a_streams_token_covers_its_packages_and_nothing_beside_them(
    shelves: Shelves, playback: Playback
) -> None:
    video = shelves.a_video()
    _package(shelves, video, Role.HLS)

    token, path = _parts(playback.stream_url(video.id))

    key = playback.permitted(token, path, method="HEAD").key
    job = key.split("/")[3]
    for inside in ("hls/v/seg_00001.m4s", "dash/manifest.mpd"):
        permitted = playback.permitted(token, inside, method="GET")
        assert permitted.key == f"{_folder(video)}/{job}/{inside}"
        assert permitted.filename is None
        assert permitted.remaining == timedelta(hours=1)
    for outside in (
        "",
        "hls",
        "hls/",
        "hls.key",
        "720p.mp4",
        "/hls/master.m3u8",
        "hls//master.m3u8",
        "hls/../720p.mp4",
        "hls/../../../../x/original.mp4",
        "hls/%2e%2e/720p.mp4",
        "hls/..\\720p.mp4",
        "hls/.hidden",
        "hls/a\x00b",
        "hls/é.m4s",
        "../original.mp4",
    ):
        with pytest.raises(SignatureInvalid):
            playback.permitted(token, outside, method="GET")


def test_a_files_token_is_for_that_file(shelves: Shelves, playback: Playback) -> None:
    video = shelves.a_video()
    token, path = _parts(playback.stream_url(video.id))

    for other in ("", "other.mp4", f"{path}/", f"x/{path}", f"{path}/hls/master.m3u8"):
        with pytest.raises(SignatureInvalid):
            playback.permitted(token, other, method="GET")


def test_only_reading_is_allowed(shelves: Shelves, playback: Playback) -> None:
    token, path = _parts(playback.stream_url(shelves.a_video().id))

    for method in ("PUT", "DELETE", "POST", "get"):
        with pytest.raises(SignatureInvalid):
            playback.permitted(token, path, method=method)


def test_what_has_expired_is_said_to_have(shelves: Shelves, playback: Playback) -> None:
    token, path = _parts(playback.stream_url(shelves.a_video().id, lifetime=timedelta(seconds=90)))

    shelves.clock.pass_by(89)
    assert playback.permitted(token, path, method="GET").remaining == timedelta(seconds=1)
    shelves.clock.pass_by(1)
    with pytest.raises(SignatureExpired):
        playback.permitted(token, path, method="GET")


def test_secrets_are_replaced_one_by_one(shelves: Shelves) -> None:
    video = shelves.a_video()
    old = _parts(_playback(shelves, "the older secret of two").stream_url(video.id))

    both = _playback(shelves, "the newer secret of two", "the older secret of two")
    new = _parts(both.stream_url(video.id))

    assert both.permitted(*old, method="GET") == both.permitted(*new, method="GET")
    only_new = _playback(shelves, "the newer secret of two")
    assert only_new.permitted(*new, method="GET").key == video.key
    with pytest.raises(SignatureInvalid):
        only_new.permitted(*old, method="GET")


def test_no_mutated_token_is_accepted(shelves: Shelves, playback: Playback) -> None:
    chance = random.Random(5)  # noqa: S311 - the same tokens each time
    letters = string.ascii_letters + string.digits + "-_=.~/ %"
    tokens = []
    for _ in range(2):
        video = shelves.a_video()
        _package(shelves, video, Role.HLS)
        tokens.append(_parts(playback.stream_url(video.id))[0])
    good, other = tokens
    playback.permitted(good, "hls/master.m3u8", method="GET")
    tried = 0
    while tried < 1000:
        at, upto = sorted(chance.sample(range(len(good) + 1), 2))
        mutated = chance.choice(
            [
                good[:at] + chance.choice(letters) + good[at + 1 :],
                good[:at] + good[at + 1 :],
                good[:at] + chance.choice(letters) + good[at:],
                good[:at] + other[at:],
                good[:at] + other[at:upto] + good[upto:],
                good[at:] + good[:at],
                good[:at] + good[at:].swapcase(),
                good + chance.choice(letters),
                good[:at],
            ]
        )
        if mutated in tokens:
            continue
        tried += 1
        with pytest.raises(SignatureInvalid):
            playback.permitted(mutated, "hls/master.m3u8", method="GET")

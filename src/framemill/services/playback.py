"""Playing what is stored: what to play of a video, signed addresses to it, and who comes with one.

An address is `/media/{token}/{path}`. A stream's token covers the folder of its
package, so what a playlist names relatively inherits it; a file's covers that
file alone. Sending the bytes is `api.ranges`' work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from framemill.domain.plan import Role
from framemill.domain.videos import title_from
from framemill.errors import ArtifactNotFound, IllegalTransition, InvalidSpec, NotSupported, SignatureInvalid
from framemill.storage.signing import Grant, Signer
from framemill.store.database import Database
from framemill.store.tables import Artifact
from framemill.store.video_tables import Video
from framemill.store.videos import artifacts_of, get_video

MEDIA: Final = "media"  # the scope of signatures that open /media
LONGEST: Final = timedelta(days=7)
SHORTEST: Final = timedelta(seconds=1)
# What a package's folder holds for players. Beside it may lie its key, or results that are nobody's to see.
_MASTERS: Final = {Role.HLS: "master.m3u8", Role.DASH: "manifest.mpd"}
_PACKAGES: Final = ("hls/", "dash/")
# What browsers play as it is, the best first.
_FILES: Final = (Role.RENDITION, Role.PROXY)
_PLAYABLE: Final = (".mp4", ".m4v", ".webm", ".mov")


class Form(StrEnum):
    """How something is played."""

    HLS = "hls"
    DASH = "dash"
    FILE = "file"  # made from the original, by ranges
    ORIGINAL = "original"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamUrl:
    """An address that plays until it expires."""

    url: str
    form: Form
    expires_at: datetime
    artifact_id: str | None  # None: the original


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """A stored file that whoever asks may have."""

    key: str
    filename: str | None  # what browsers save it as; None: they show it
    remaining: timedelta  # how long


class Playback:
    """The use cases around playing."""

    def __init__(
        self,
        database: Database,
        signer: Signer,
        *,
        public_url: str,
        lifetime: timedelta = timedelta(hours=1),
    ) -> None:
        self._database = database
        self._signer = signer
        self._public_url = public_url.rstrip("/")
        self._lifetime = lifetime

    def stream_url(
        self,
        video_id: str,
        *,
        artifact: str | None = None,
        form: Form | None = None,
        lifetime: timedelta | None = None,
        download: bool = False,
    ) -> StreamUrl:
        """An address of the best there is to play: a stream, else a file made from it, else the original.

        Of the same form the newest job's. `artifact` (its id or name) or `form`
        asks for something else; `download` for a file to save. VideoNotFound,
        InvalidSpec, IllegalTransition where it is not there (yet).
        """
        kept = self._lifetime if lifetime is None else lifetime
        if not SHORTEST <= kept <= LONGEST:
            raise InvalidSpec("an address lasts from one second to seven days")
        with self._database.read() as session:
            video = get_video(session, video_id)
            made = [one for one in artifacts_of(session, video.id) if one.key]
        chosen = _chosen(made, artifact=artifact, form=form, files_only=download)
        expires = self._signer.after(kept)
        if chosen is None:
            if video.key is None or video.state != "ready":
                raise IllegalTransition(f"video {video_id} has nothing to play yet: it is {video.state}")
            found, key, path = Form.ORIGINAL, video.key, _last(video.key)
        else:
            found, key, path = _placed(chosen)
        if download and key.endswith("/"):
            raise NotSupported("a stream cannot be saved as one file", hint="ask for form=file or original")
        filename = _saved_as(video, found, path) if download else ""
        grant = Grant(scope=MEDIA, method="GET", key=key, expires=expires, filename=filename)
        return StreamUrl(
            url=f"{self._public_url}/media/{self._signer.token(grant)}/{quote(path)}",
            form=found,
            expires_at=expires,
            artifact_id=chosen.id if chosen else None,
        )

    def address_of(self, artifact: Artifact, *, lifetime: timedelta | None = None) -> StreamUrl | None:
        """Where an artifact can be had: a file to save, or a stream to play; None where it is neither."""
        if artifact.video_id is None or artifact.key is None:
            return None
        folder = artifact.key.endswith("/")
        if folder and Role(artifact.role) not in _MASTERS:
            return None
        return self.stream_url(
            artifact.video_id, artifact=artifact.id, lifetime=lifetime, download=not folder
        )

    def picture_url(self, key: str) -> str:
        """An address that shows a stored picture for one to two of our lifetimes.

        The same one for as long as a lifetime: browsers keep a picture by its address.
        """
        step_s = max(int(self._lifetime.total_seconds()), 1)
        now_s = int(self._signer.after(timedelta()).timestamp())
        expires = datetime.fromtimestamp((now_s // step_s + 2) * step_s, UTC)
        grant = Grant(scope=MEDIA, method="GET", key=key, expires=expires)
        return f"{self._public_url}/media/{self._signer.token(grant)}/{quote(_last(key))}"

    def permitted(self, token: str, path: str, *, method: str) -> Permitted:
        """The file at `path` of the token; SignatureInvalid, SignatureExpired."""
        grant = self._signer.open_token(token, scope=MEDIA, method=method)
        if not grant.key.endswith("/"):
            if path != _last(grant.key):
                raise SignatureInvalid("the address is for another file")
            return self._permitted(grant, grant.key)
        if not path.startswith(_PACKAGES):
            raise SignatureInvalid("the address is for a stream, and this is no part of one")
        return self._permitted(grant, grant.file(path))

    def permitted_by_query(
        self, key: str, params: Sequence[tuple[str, str]], *, scope: str, method: str
    ) -> Permitted:
        """The file that the signed parameters of an address are for; SignatureInvalid, SignatureExpired."""
        grant = self._signer.check_query(params, scope=scope, method=method, key=key)
        return self._permitted(grant, key)

    def _permitted(self, grant: Grant, key: str) -> Permitted:
        remaining = grant.expires - self._signer.after(timedelta())
        return Permitted(key=key, filename=grant.filename or None, remaining=remaining)


def _chosen(
    made: Sequence[Artifact], *, artifact: str | None, form: Form | None, files_only: bool
) -> Artifact | None:
    """What to play; None for the original."""
    if artifact is not None:
        named = [one for one in made if artifact in {one.id, one.path, _last(one.path)}]
        if not named:
            raise ArtifactNotFound(artifact[:80])
        return max(named, key=_newest)
    wanted = [form] if form else [Form.FILE] if files_only else [Form.HLS, Form.DASH, Form.FILE]
    for one in wanted:
        if fitting := [artifact for artifact in made if _form(artifact) is one and _plays(artifact)]:
            return max(fitting, key=_rank)
    if form in {None, Form.ORIGINAL}:
        return None
    raise IllegalTransition(
        f"the video has no {form} to play", hint="make one: submit a job with the pipeline `publish`"
    )


def _form(artifact: Artifact) -> Form:
    return {Role.HLS: Form.HLS, Role.DASH: Form.DASH}.get(Role(artifact.role), Form.FILE)


def _plays(artifact: Artifact) -> bool:
    if _form(artifact) is not Form.FILE:
        return True
    return artifact.role in _FILES and artifact.path.lower().endswith(_PLAYABLE)


def _newest(artifact: Artifact) -> tuple[datetime, str]:
    return artifact.created_at, artifact.id


def _rank(artifact: Artifact) -> tuple[int, datetime, str, int, str]:
    """The kind that is made for playing, of the newest job, the largest.

    What a job made is of one moment, and stays when the record of the job goes.
    """
    role = -_FILES.index(Role(artifact.role)) if artifact.role in _FILES else 0
    return role, artifact.created_at, artifact.job_id or "", artifact.bytes, artifact.id


def _placed(artifact: Artifact) -> tuple[Form, str, str]:
    """Form, what the token covers, and the path below it."""
    key, form = artifact.key or "", _form(artifact)
    master = _MASTERS.get(Role(artifact.role))
    if master is None or not key.endswith("/"):
        if key.endswith("/"):
            raise InvalidSpec(f"{artifact.path!r} is a folder, and nothing to play")
        return form, key, _last(key)
    folder = _last(key.removesuffix("/"))
    # DASH's segments may lie in the HLS folder beside it.
    return form, key.removesuffix(f"{folder}/"), f"{folder}/{master}"


def _saved_as(video: Video, form: Form, path: str) -> str:
    if form is Form.ORIGINAL:
        return video.filename
    return f"{title_from(video.filename)} {path}"


def _last(path: str) -> str:
    return path.rpartition("/")[2]

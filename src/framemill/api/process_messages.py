"""The messages of the job service: what a client says, and what it is told. docs/websocket.md shows them.

How binary ones lie in a frame, `api.process_frames` knows.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from framemill.api.job_views import ArtifactView, Said
from framemill.domain.orders import NAME
from framemill.domain.sources import Url
from framemill.domain.states import JobState
from framemill.domain.videos import DEFAULT_WORKSPACE
from framemill.services.order_records import Origin, Results, Sent, Stored

_MOST_INPUTS: Final = 20
_INPUT: Final = "input"


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


JobId = Annotated[str, Field(max_length=64, description="As `ack` said it.")]
RequestId = Annotated[
    str, Field(min_length=1, max_length=64, description="The client's own name for its request.")
]
InputName = Annotated[str, Field(pattern=NAME, description="Which input.")]


class Upload(_Message):
    """A file that follows in `upload_chunk`s."""

    type: Literal["upload"]
    filename: str = Field(max_length=1000, description="Its ending says what it is.", examples=["film.mp4"])
    size: int | None = Field(None, ge=1, description="Its bytes, where they are known.")

    def origin(self) -> Origin:
        """As services call it."""
        return Sent(filename=self.filename, size=self.size)


class Address(_Message):
    """A file that is fetched from an address."""

    type: Literal["url"]
    url: str = Field(max_length=4096, examples=["https://example.com/film.mp4"])

    def origin(self) -> Origin:
        """As services call it."""
        return Url(self.url)


class Video(_Message):
    """The original of a stored video. With no other input, results become artifacts of the video."""

    type: Literal["video"]
    video: str = Field(max_length=64, description="Its id.")

    def origin(self) -> Origin:
        """As services call it."""
        return Stored(video_id=self.video)


Input = Annotated[Upload | Address | Video, Field(discriminator="type")]


class StartJob(_Message):
    """Ask for work. Answered by `ack`, or by `error` with the `request_id`."""

    type: Literal["start_job"]
    request_id: RequestId
    operation: str = Field(max_length=64, examples=["trim"])
    options: dict[str, Any] = Field(
        default={},
        max_length=100,
        description="The operation's fields, as `GET /api/v1/operations/{name}` describes them. Where one "
        "names another input, it is a name of `inputs`.",
    )
    input: Input | None = Field(None, description="The same as `inputs` with one called `input`.")
    inputs: dict[InputName, Input] = Field(
        default={}, max_length=_MOST_INPUTS, description="Several, by the names that `options` call them."
    )
    results: Results = Field(
        "stream", description="stream: in `result_chunk`s; urls: as addresses in `completed`."
    )
    detach: bool = Field(False, description="The job goes on when the connection is lost.")
    priority: int = Field(5, ge=1, le=10, description="10 is the most urgent; more than 5 needs admin.")
    workspace: str = Field(
        DEFAULT_WORKSPACE, max_length=64, description="Whose job it is: a name or an id. Ignored with videos."
    )

    @model_validator(mode="after")
    def _one_way(self) -> "StartJob":
        if (self.input is None) == (not self.inputs):
            raise ValueError("give either input or inputs")
        if "op" in self.options:
            raise ValueError("the operation is no option")
        return self

    def origins(self) -> dict[str, Origin]:
        """All inputs by their names."""
        given = self.inputs if self.input is None else {_INPUT: self.input}
        return {name: one.origin() for name, one in given.items()}


class UploadChunk(_Message):
    """A piece of a file; its bytes are the frame's payload."""

    type: Literal["upload_chunk"]
    job_id: JobId
    input: InputName = _INPUT
    seq: int = Field(ge=0, lt=1 << 53, description="0, 1, 2 ... for each input.")
    last: bool = Field(False, description="The file ends with this one.")


class CancelJob(_Message):
    """End a job; answered by an `error` with the code `cancelled`."""

    type: Literal["cancel_job"]
    job_id: JobId


class Attach(_Message):
    """Go on with a job that was detached, or whose connection was lost; answered by `ack`."""

    type: Literal["attach"]
    request_id: RequestId
    job_id: JobId


class ResultAck(_Message):
    """How many bytes of a job's results have arrived in all; without it only a window of them is sent."""

    type: Literal["result_ack"]
    job_id: JobId
    bytes: int = Field(ge=0, lt=1 << 63)


class Release(_Message):
    """The results are needed no more, and are removed."""

    type: Literal["release"]
    job_id: JobId


class Ping(_Message):
    """Is anybody there? It also keeps a connection open on which nothing else is said."""

    type: Literal["ping"]
    nonce: str | None = Field(None, max_length=64, description="Comes back in `pong`.")


class Awaited(_Message):
    """A file that is to be sent, or goes on to be."""

    input: str
    next_seq: int = Field(description="The next chunk's.")
    bytes: int = Field(description="How many have arrived.")
    complete: bool


class Ack(_Message):
    """The job was taken on, or found again."""

    type: Literal["ack"] = "ack"
    request_id: str
    job_id: str
    state: Literal["receiving"] | JobState
    results: Results
    uploads: tuple[Awaited, ...] = Field(description="What is to be sent; empty: nothing.")
    max_chunk: int = Field(description="Bytes of one chunk's payload at most.")
    window: int = Field(description="Bytes that may be on their way before they are acknowledged.")


class UploadAck(_Message):
    """A chunk is on the disk."""

    type: Literal["upload_ack"] = "upload_ack"
    job_id: str
    input: str
    seq: int
    bytes: int = Field(description="Of the file, in all.")


class Progress(_Message):
    """How far a job is; only the newest is told to who reads slowly."""

    type: Literal["progress"] = "progress"
    job_id: str
    state: JobState
    percent: float
    step: Said | None
    fps: float | None = Field(description="Pictures a second, where that is known.")
    speed: float | None = Field(description="Times real time.")
    eta_s: float | None


class ResultView(_Message):
    """One file of an artifact."""

    index: int = Field(description="As `result_chunk` calls it.")
    name: str
    bytes: int
    url: str | None = Field(description="Where it is fetched from, where addresses were asked for.")


class MadeView(_Message):
    """One artifact: a file, or a folder with several."""

    artifact: ArtifactView
    files: tuple[ResultView, ...]


class Completed(_Message):
    """The job is done. Where they were asked for as a stream, the files of the results follow."""

    type: Literal["completed"] = "completed"
    job_id: str
    results: Results
    artifacts: tuple[MadeView, ...]
    bytes: int = Field(description="Of all files: so many come, and are to be acknowledged.")
    notes: tuple[Said, ...]
    warnings: tuple[Said, ...]
    expires_at: datetime | None = Field(description="When the addresses end.")


class ResultChunk(_Message):
    """A piece of a result; its bytes are the frame's payload."""

    type: Literal["result_chunk"] = "result_chunk"
    job_id: str
    index: int = Field(description="The file's, of `completed`.")
    seq: int = Field(description="0, 1, 2 ... for each file.")
    last: bool = Field(description="The file ends with this one.")


class Error(_Message):
    """Something went wrong: with a request, with a job, which has ended then, or with a message."""

    type: Literal["error"] = "error"
    code: str = Field(description="Never changes its meaning; docs/errors explains each.")
    message: Said
    hint: Said | None = None
    job_id: str | None = None
    request_id: str | None = None


class Pong(_Message):
    """Somebody is there."""

    type: Literal["pong"] = "pong"
    nonce: str | None = None


ClientText = Annotated[
    StartJob | CancelJob | Attach | ResultAck | Release | Ping, Field(discriminator="type")
]
ServerText = Ack | UploadAck | Progress | Completed | Error | Pong
CLIENT_TEXT: Final[TypeAdapter[StartJob | CancelJob | Attach | ResultAck | Release | Ping]] = TypeAdapter(
    ClientText
)
CLIENT: Final[tuple[type[_Message], ...]] = (
    *(StartJob, UploadChunk, CancelJob, Attach, ResultAck, Release, Ping),
)
SERVER: Final[tuple[type[_Message], ...]] = (
    *(Ack, UploadAck, Progress, Completed, ResultChunk, Error, Pong),
)
BINARY: Final[tuple[type[_Message], ...]] = (UploadChunk, ResultChunk)

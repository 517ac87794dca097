"""What clients say about uploads, and what they are told."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from framemill.api.job_views import ErrorView
from framemill.api.moments import Moment
from framemill.api.texts import WHOLE, Notes, PipelineOfNew, Sha256, Title
from framemill.domain.sniffing import OTHERS
from framemill.domain.uploads import MAX_PARTS
from framemill.domain.videos import DEFAULT_COLLECTION, DEFAULT_WORKSPACE, UploadState, VideoState
from framemill.errors import InvalidSpec
from framemill.services.upload_records import PartUrl, UploadRecord

Place = Annotated[str, Field(max_length=64, description="The workspace, by its name or id.")]
Shelf = Annotated[str, Field(max_length=128, description="The collection, by its name or id.")]
NUMBER: Final = "^[1-9][0-9]{0,4}$"
_Number = Annotated[int, Field(ge=1, le=MAX_PARTS), WHOLE]


class Frozen(BaseModel):
    """Never changes, and takes nothing that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Metadata(Frozen):
    """What is kept with the video."""

    title: Title | None = Field(None, description="Default: the file's name.")
    recorded_at: Moment | None = Field(None, description="When it was recorded, with its time zone.")
    notes: Notes = ""


class NewUpload(Frozen):
    """A file that is to be uploaded."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"filename": "interview.mp4", "size": 52428800, "metadata": {"title": "Interview"}}]
        }
    )

    filename: str = Field(max_length=1000, examples=["interview.mp4"], json_schema_extra={"minLength": 1})
    size: Annotated[int, WHOLE] = Field(
        description="Its length in bytes.", examples=[52428800], json_schema_extra={"minimum": 1}
    )
    sha256: Sha256 | None = Field(
        None,
        description="Its SHA-256 in hex. With it a file that the collection has needs no upload.",
    )
    content_type: str | None = Field(
        None, max_length=200, description="Not needed: the ending and the content decide."
    )
    kind: Literal["media", "subtitles", "picture", "font"] = Field(
        "media",
        description="What operations read it as. What is no film and no sound has 64 MiB at most, and "
        "nothing is made of it.",
    )
    metadata: Metadata = Metadata()
    pipeline: PipelineOfNew | None = Field(
        None, description="What is made of it; `none`: it is only kept. Default: the workspace's."
    )


class NewUploadThere(NewUpload):
    """A file that is to be uploaded, and where to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "filename": "interview.mp4",
                    "size": 52428800,
                    "workspace": "default",
                    "collection": "uploads",
                }
            ]
        }
    )

    workspace: Place = DEFAULT_WORKSPACE
    collection: Shelf = DEFAULT_COLLECTION


class Where(Frozen):
    """Where one part goes."""

    number: int
    url: str = Field(description="Takes the part by PUT, with nothing but its bytes.")
    bytes: int


class Arrived(Frozen):
    """A part that has arrived."""

    number: int
    bytes: int
    etag: str


class UploadView(Frozen):
    """How an upload stands."""

    id: str | None = Field(description="null where nothing needs to be uploaded: the content is there.")
    video_id: str
    workspace_id: str
    collection_id: str
    filename: str
    state: UploadState
    video_state: VideoState
    size: int
    part_size: int = Field(description="Every part but the last has this many bytes.")
    part_count: int
    sha256: str | None
    duplicate: bool = Field(description="The collection had this content: `video_id` is the one that has it.")
    job_id: str | None = Field(description="The first job on the video.")
    error: ErrorView | None
    expires_at: datetime
    parts: tuple[Where, ...] = Field(description="Where the first hundred parts go; ask for more.")
    received: tuple[Arrived, ...] = ()
    missing: tuple[int, ...] = Field(description="Numbers of parts that have not arrived.")


class Limits(Frozen):
    """Which files are taken in."""

    max_bytes: int = Field(description="The largest file.", examples=[2147483648])
    types: tuple[str, ...] = Field(
        description="Endings of films and sound, of the kind `media`.", examples=[["mp4", "mov"]]
    )
    others: dict[str, tuple[str, ...]] = Field(
        default=dict(OTHERS),
        description="Endings of what else operations read, by its `kind`; 64 MiB each at most.",
        examples=[{"subtitles": ["srt", "vtt"]}],
    )


class Wanted(Frozen):
    """Parts whose addresses are wanted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"parts": [1, 2, 3]}]})

    parts: tuple[_Number, ...] = Field(min_length=1, max_length=1000)
    sha256: dict[str, Sha256] = Field(
        default={},
        json_schema_extra={"propertyNames": {"pattern": NUMBER}},
        description="Digests of parts in hex, by number: the store refuses other bytes. What is PUT to such "
        "an address carries its digest as the header x-amz-content-sha256.",
    )


class Urls(Frozen):
    """Where parts go."""

    parts: tuple[Where, ...]


class Sent(Frozen):
    """A part as its sender knows it."""

    number: _Number
    etag: str | None = Field(
        None, max_length=200, description="What the store answered; checked where given."
    )


class Completion(Frozen):
    """What the sender knows at the end."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"parts": [{"number": 1}]}]})

    parts: tuple[Sent, ...] = Field((), max_length=10_000)
    sha256: Sha256 | None = Field(None, description="Of the whole file; checked where given.")


NOTHING_MORE = Completion()


class Form(Frozen):
    """What is said of a file that comes in a form, in the address or in fields before the file."""

    workspace: Place = DEFAULT_WORKSPACE
    collection: Shelf = DEFAULT_COLLECTION
    title: Title | None = Field(None, description="Default: the file's name.")
    recorded_at: Moment | None = Field(None, description="When it was recorded, with its time zone.")
    notes: Notes = ""
    pipeline: PipelineOfNew | None = Field(
        None, description="What is made of it; `none`: it is only kept. Default: the workspace's."
    )
    sha256: Sha256 | None = Field(None, description="Its SHA-256 in hex; checked where given.")

    @classmethod
    def of(cls, fields: dict[str, str], *, beside: "Form") -> "Form":
        """The fields as they came, over what the address says; InvalidSpec names what is wrong."""
        try:
            return cls.model_validate({**beside.model_dump(exclude_unset=True), **fields})
        except ValidationError as error:
            issue = error.errors(include_url=False, include_context=False, include_input=False)[0]
            name = ".".join(str(part) for part in issue["loc"])
            raise InvalidSpec(f"the form's field {name[:80]!r}: {issue['msg']}") from error


FORM: dict[str, Any] = {  # Any: JSON
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "With its name."}
                },
                "additionalProperties": False,
            }
        }
    },
}


def where(url: PartUrl) -> Where:
    """The address for a client."""
    return Where(number=url.number, url=url.url, bytes=url.bytes)


def view(record: UploadRecord) -> UploadView:
    """The record for a client."""
    same = (
        *("id", "video_id", "workspace_id", "collection_id", "filename", "state", "video_state"),
        *("part_count", "sha256", "duplicate", "job_id", "expires_at", "missing"),
    )
    return UploadView(
        **{name: getattr(record, name) for name in same},
        size=record.bytes,
        part_size=record.part_bytes,
        error=ErrorView.of(record.error),
        parts=tuple(map(where, record.urls)),
        received=tuple(Arrived(number=p.number, bytes=p.bytes, etag=p.etag) for p in record.received),
    )

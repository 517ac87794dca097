"""What can be wrong with stored videos, and on their way in and out."""

from framemill.errors.base import FramemillError


class StorageUnavailable(FramemillError):
    """The store of files does not answer as it should."""

    code = "storage_unavailable"
    transient = True


class BlobNotFound(FramemillError):
    """The store has no such file."""

    code = "blob_not_found"

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"the store has no file {key!r}", hint="run `framemill storage verify`")


class BlobDamaged(FramemillError):
    """A file in the store is not as it was written."""

    code = "blob_damaged"

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"the file {key!r} in the store is not as it was written", hint="bring it back from a backup"
        )


class UploadNotFound(FramemillError):
    """There is no such upload, or it has ended."""

    code = "upload_not_found"

    def __init__(self, upload_id: str) -> None:
        self.upload_id = upload_id
        super().__init__(f"there is no open upload {upload_id!r}", hint="begin the upload anew")


class InvalidUpload(FramemillError):
    """What was uploaded is not what was announced."""

    code = "invalid_upload"


class WorkspaceNotFound(FramemillError):
    """There is no such workspace."""

    code = "workspace_not_found"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no workspace {name!r}", hint="see `framemill workspaces list`")


class CollectionNotFound(FramemillError):
    """There is no such collection in the workspace."""

    code = "collection_not_found"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no collection {name!r}", hint="see `framemill collections list`")


class VideoNotFound(FramemillError):
    """There is no such video."""

    code = "video_not_found"

    def __init__(self, video_id: str) -> None:
        self.video_id = video_id
        super().__init__(f"there is no video {video_id!r}", hint="see `framemill videos list`")


class ArtifactNotFound(FramemillError):
    """There is no such artifact."""

    code = "artifact_not_found"

    def __init__(self, artifact_id: str) -> None:
        self.artifact_id = artifact_id
        super().__init__(
            f"there is no artifact {artifact_id!r}", hint="a job and a video each list what they made"
        )


class VideoExists(FramemillError):
    """The collection has a video of the same content."""

    code = "video_exists"

    def __init__(self, collection: str) -> None:
        self.collection = collection
        super().__init__(
            f"the collection {collection!r} has a video of the same content", hint="delete one of the two"
        )


class NameTaken(FramemillError):
    """The name is in use."""

    code = "name_taken"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the name {name!r} is in use", hint="choose another name")


class QuotaExceeded(FramemillError):
    """The workspace has no room for this."""

    code = "quota_exceeded"


class SourceChanged(FramemillError):
    """What is downloaded changed on its server while it came."""

    code = "source_changed"


class AddressRefused(FramemillError):
    """The address may not be fetched from."""

    code = "address_refused"


class DownloadFailed(FramemillError):
    """The server did not give the file."""

    code = "download_failed"

    def __init__(self, message: str, *, reason: str, hint: str | None = None) -> None:
        self.reason = reason  # a word of fetch.reasons
        super().__init__(message, hint=hint)


class DownloadInterrupted(DownloadFailed):
    """The server does not give the file now."""

    transient = True

    def __init__(self, message: str, *, reason: str, hint: str | None = None, asked_s: float = 0.0) -> None:
        self.asked_s = asked_s  # how long the server asks us to wait
        super().__init__(message, reason=reason, hint=hint)


class SignatureInvalid(FramemillError):
    """The signed address was changed, or is for something else."""

    code = "signature_invalid"


class SignatureExpired(FramemillError):
    """The signed address has expired."""

    code = "signature_expired"


class KeyNotFound(FramemillError):
    """There is no such key."""

    code = "key_not_found"

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"there is no key {key[:80]!r}", hint="`framemill keys list` shows them")


class UserNotFound(FramemillError):
    """There is no such user."""

    code = "user_not_found"

    def __init__(self, user: str) -> None:
        self.user = user
        super().__init__(f"there is no user {user[:80]!r}", hint="`framemill users list` shows them")


class WebhookNotFound(FramemillError):
    """There is no such webhook."""

    code = "webhook_not_found"

    def __init__(self, webhook_id: str) -> None:
        self.webhook_id = webhook_id
        super().__init__(
            f"there is no webhook {webhook_id[:80]!r}", hint="`framemill webhooks list` shows them"
        )


class DeliveryNotFound(FramemillError):
    """There is no such message to a webhook, or it is forgotten by now."""

    code = "delivery_not_found"

    def __init__(self, delivery_id: str) -> None:
        self.delivery_id = delivery_id
        super().__init__(
            f"there is no delivery {delivery_id[:80]!r}", hint="`framemill webhooks deliveries` lists them"
        )


class SessionNotFound(FramemillError):
    """There is no such session."""

    code = "session_not_found"

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        super().__init__(f"there is no session {session_id[:80]!r}", hint="/api/v1/auth/sessions lists them")


class TooManyAttempts(FramemillError):
    """Somebody tried to sign in too often."""

    code = "too_many_attempts"

    def __init__(self, *, wait_s: int) -> None:
        self.wait_s = wait_s
        super().__init__(
            "there were too many attempts to sign in", hint=f"wait {wait_s} seconds, then try once more"
        )


class Unauthenticated(FramemillError):
    """Nobody is signed in."""

    code = "unauthenticated"


class Forbidden(FramemillError):
    """Whoever asks may not do this."""

    code = "forbidden"

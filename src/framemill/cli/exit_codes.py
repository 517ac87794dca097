"""What the program's exit code means, for scripts: the one table from error codes to numbers."""

from typing import Final

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
INPUT: Final = 3
OUTPUT: Final = 4
TOOLS: Final = 5
INTERRUPTED: Final = 130  # 128 + SIGINT
BROKEN_PIPE: Final = 141  # 128 + SIGPIPE
TERMINATED: Final = 143  # 128 + SIGTERM

MEANINGS: dict[int, str] = {
    OK: "It worked.",
    FAILED: "The work failed, or something unforeseen happened.",
    USAGE: "The request is wrong: an option, a name, or a combination that cannot be.",
    INPUT: "An input is missing, unreadable, or not fit for this.",
    OUTPUT: "An output could not be written, exists already, or is not what was promised.",
    TOOLS: "A program, encoder, database or server that the work needs is not there.",
    INTERRUPTED: "You interrupted it, or the job was cancelled.",
    BROKEN_PIPE: "Whoever read its output stopped reading.",
    TERMINATED: "It was asked to end (SIGTERM), or its terminal closed.",
}

# `usage` and `internal_error` come from this room; all others from framemill.errors.
BY_CODE: dict[str, int] = {
    "framemill_error": FAILED,
    "internal_error": FAILED,
    "tool_failed": FAILED,
    "timeout": FAILED,
    "worker_lost": FAILED,
    "alert_not_sent": FAILED,
    "lease_lost": FAILED,
    "usage": USAGE,
    "invalid_spec": USAGE,
    "range_refused": USAGE,
    "weak_password": USAGE,
    "no_rules": USAGE,
    "part_not_found": USAGE,
    "invalid_profile": USAGE,
    "invalid_settings": USAGE,
    "profile_not_found": USAGE,
    "codec_not_in_container": USAGE,
    "job_not_found": USAGE,
    "batch_not_found": USAGE,
    "illegal_transition": USAGE,
    "idempotency_conflict": USAGE,
    "request_in_progress": USAGE,
    "answer_not_kept": USAGE,
    "changed_meanwhile": USAGE,
    "artifact_not_found": USAGE,
    "malformed_message": USAGE,
    "upload_not_found": USAGE,
    "workspace_not_found": USAGE,
    "collection_not_found": USAGE,
    "video_not_found": USAGE,
    "video_exists": USAGE,
    "name_taken": USAGE,
    "signature_invalid": USAGE,
    "signature_expired": USAGE,
    "key_not_found": USAGE,
    "webhook_not_found": USAGE,
    "delivery_not_found": USAGE,
    "session_not_found": USAGE,
    "user_not_found": USAGE,
    "too_many_attempts": USAGE,
    "unauthenticated": USAGE,
    "forbidden": USAGE,
    "server_refused": USAGE,
    "input_not_found": INPUT,
    "input_unreadable": INPUT,
    "no_video_stream": INPUT,
    "no_audio_stream": INPUT,
    "no_subtitle_stream": INPUT,
    "time_out_of_range": INPUT,
    "incompatible_inputs": INPUT,
    "upscale_refused": INPUT,
    "limit_exceeded": INPUT,
    "not_supported": INPUT,
    "quality_unreachable": INPUT,
    "blob_not_found": INPUT,
    "blob_damaged": INPUT,
    "invalid_upload": INPUT,
    "quota_exceeded": INPUT,
    "source_changed": INPUT,
    "address_refused": INPUT,
    "download_failed": INPUT,
    "output_exists": OUTPUT,
    "output_invalid": OUTPUT,
    "disk_full": OUTPUT,
    "destination_unwritable": OUTPUT,
    "tool_missing": TOOLS,
    "encoder_unavailable": TOOLS,
    "database_unavailable": TOOLS,
    "storage_unavailable": TOOLS,
    "server_unavailable": TOOLS,
    "cancelled": INTERRUPTED,
}


def exit_code(code: str) -> int:
    """The number for an error's stable code."""
    return BY_CODE.get(code, FAILED)

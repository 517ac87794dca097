"""What a finished job made: a list for people, one document for programs."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from framemill.cli.reports import REPORTS, Report, read_report
from framemill.cli.terminal import shown_path
from framemill.cli.wording import columns, media_line, size
from framemill.domain.media import as_data

if TYPE_CHECKING:
    from framemill.services.records import ArtifactRecord, JobDetail

_ENTRANCES = {"hls": "master.m3u8", "dash": "manifest.mpd"}


def told(detail: "JobDetail") -> Iterator[str]:
    """One line for each thing made: where, how large, how long, what size; then what reports say."""
    yield from columns([_row(artifact) for artifact in detail.artifacts])
    for artifact in detail.artifacts:
        operation = str(artifact.provenance.get("operation"))
        if (report := _report(artifact)) is not None:
            yield from REPORTS[operation](report)


def as_document(detail: "JobDetail") -> dict[str, object]:
    """The whole result as JSON data."""
    job = detail.job
    return {
        "job": job.id,
        "kind": job.kind,
        "state": str(job.state),
        "destination": str(job.destination),
        "artifacts": [_artifact(artifact) for artifact in detail.artifacts],
        "notes": list(job.notes),
        "warnings": list(job.warnings),
        "dropped": list(job.dropped),
        "estimate": job.estimate,
        "actual": job.actual,
        "fingerprint": job.fingerprint,
    }


def _row(artifact: "ArtifactRecord") -> tuple[str, str, str]:
    path = artifact.path
    if artifact.key is None and artifact.path.is_dir():
        entrance = path / _ENTRANCES.get(artifact.role, "")
        path = entrance if entrance.is_file() else path
    media = as_data(artifact.media)
    return shown_path(path), size(artifact.bytes), media_line(media if isinstance(media, dict) else None)


def _artifact(artifact: "ArtifactRecord") -> dict[str, object]:
    return {
        "role": artifact.role,
        "path": str(artifact.path),
        "relative_path": _relative(artifact.path),
        "key": artifact.key,
        "bytes": artifact.bytes,
        "digest": artifact.digest,
        "media": as_data(artifact.media),
        "report": _report(artifact),
        "provenance": artifact.provenance,
    }


def _report(artifact: "ArtifactRecord") -> Report | None:
    if artifact.key is not None:
        return None  # in the store, and not on this machine by that name
    return read_report(artifact.provenance.get("operation"), artifact.path)


def _relative(path: Path) -> str:
    return shown_path(path)

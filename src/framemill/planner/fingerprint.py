"""What makes two plans the same work: their commands, the content they read, the tools' versions."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

from framemill.domain.capabilities import Capabilities
from framemill.domain.plan import Step


def fingerprint(
    steps: tuple[Step, ...], *, capabilities: Capabilities, contents: Mapping[str, str] | None = None
) -> str:
    """SHA-256 hex over the steps; `contents` gives each job input's digest where it is known."""
    data = {
        "steps": [asdict(step) for step in steps],
        "tools": [capabilities.ffmpeg_version, capabilities.packager_version],
        "inputs": dict(sorted((contents or {}).items())),
    }
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()

from collections.abc import Iterable
from pathlib import Path

import pytest

from framemill.domain.media_types import OCTETS
from framemill.engine import transfer
from framemill.storage.blobs import Blob
from framemill.storage.disk import Disk
from framemill.storage.local import LocalStore
from framemill.storage.signing import Signer


@pytest.mark.parametrize(
    ("name", "expected"), [("chart.svg", OCTETS), ("index.html", OCTETS), ("720p.mp4", "video/mp4")]
)
def test_nothing_is_stored_as_what_a_browser_would_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, expected: str
) -> None:
    told = []
    store = LocalStore(
        Disk(tmp_path / "store", floor=0), signer=Signer(["a secret of the tests"]), public_url="http://h"
    )
    put = store.put

    def watched(key: str, source: Path | Iterable[bytes], *, content_type: str) -> Blob:
        told.append(content_type)
        return put(key, source, content_type=content_type)

    monkeypatch.setattr(store, "put", watched)
    (tmp_path / name).write_text("x")

    transfer.put(store, tmp_path / name, f"work/{name}", check=lambda: None)

    assert told == [expected]

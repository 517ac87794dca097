from pathlib import Path

from pydantic import SecretStr

from framemill.app import open_app
from framemill.cli.doctor import _store, _telemetry
from framemill.settings import Settings


def test_the_store_is_looked_at_and_not_made(tmp_path: Path) -> None:
    app = open_app(Settings(data_dir=tmp_path / "data"))

    before = _store(app)
    assert not (tmp_path / "data" / "storage").exists()
    app.blobs.put("a/b", [b"x"])

    assert [(f.name, f.state, "made when" in f.said) for f in (*before, *_store(app))] == [
        ("storage", "ok", True),
        ("storage", "ok", False),
    ]


def test_a_store_without_a_bucket_is_missing(tmp_path: Path) -> None:
    (found,) = _store(open_app(Settings(data_dir=tmp_path, storage="s3")))

    assert (found.name, found.state, found.hint) == ("storage", "missing", "set FRAMEMILL_S3_BUCKET")


def test_what_is_logged_counted_and_reported_is_said_without_the_dsn(tmp_path: Path) -> None:
    dsn = SecretStr("https://secret-of-sentry@sentry.example.com/1")
    app = open_app(Settings(data_dir=tmp_path, metrics_port=9464, sentry_dsn=dsn, log_format="json"))

    said = {finding.name: finding.said for finding in _telemetry(app)}

    assert said == {
        "logs": "from info on, json",
        "metrics": "/metrics and /health at 127.0.0.1, port 9464",
        "sentry": "on, as production",
    }

"""Pipelines from the command line, and one request through every door."""

import json

import pytest

import framemill as fm
from framemill.settings import Settings
from tests.e2e.conftest import Cli

pytestmark = pytest.mark.e2e

# One request of each kind, as options, as fields, and as a step.
REQUESTS: dict[str, tuple[list[str], dict[str, object]]] = {
    "compress": (["compress", "--preset", "low"], {"preset": "low"}),
    "cut": (["cut", "--every", "2s", "--prefix", "clip"], {"every": "2s", "prefix": "clip"}),
    "trim": (["trim", "--start", "1s", "--end", "00:00:02.5", "--no-copy"], {"start": "1s", "end": 2.5}),
    "thumbnails": (["thumbnails", "--at", "1s,2s"], {"at": ["1s", "2s"]}),
}


@pytest.mark.parametrize("op", REQUESTS)
def test_a_request_is_the_same_plan_through_every_door(cli: Cli, film: str, op: str) -> None:
    words, fields = REQUESTS[op]
    if "--no-copy" in words:
        fields = {**fields, "mode": "encode"}
    (cli.folder / "mine.json").write_text(json.dumps({"steps": [{"op": op, **fields}]}))
    spec = getattr(fm, op.title()).model_validate(fields)

    by_command = json.loads(cli(*words, film, "--explain", "--json").stdout)["fingerprint"]
    by_pipeline = json.loads(cli("run", "mine.json", film, "--explain", "--json").stdout)["fingerprint"]
    # As the command has it: here in the tests nothing is kept for later jobs.
    settings = Settings(reuse_bytes=1 << 30, cache_dir=cli.folder / "cache")
    by_library = fm.plan(cli.folder / film, spec, settings=settings).fingerprint
    by_file = fm.plan(cli.folder / film, cli.folder / "mine.json", settings=settings).fingerprint

    assert by_command
    assert {by_pipeline, by_library, by_file} == {by_command}


def test_another_request_is_another_plan(cli: Cli, film: str) -> None:
    plans = [fm.plan(cli.folder / film, fm.Compress(preset=preset)) for preset in ("low", "high")]

    assert plans[0].fingerprint != plans[1].fingerprint


def test_a_shown_template_is_a_file_that_runs(cli: Cli, film: str) -> None:
    shown = cli("pipelines", "show", "for_the_phone")
    (cli.folder / "mine.yaml").write_text(shown.stdout)

    assert cli("pipelines", "check", "mine.yaml").returncode == 0
    done = cli("pipelines", "run", "mine.yaml", film, "-o", "out", "--set", "transcode.preset=ultrafast")

    assert done.returncode == 0, done.stderr
    assert {"out/phone.mp4", "out/poster/thumb_001.jpg"} <= cli.files()
    assert "preview: left out" in done.stderr


def test_check_lists_every_mistake_and_fails(cli: Cli) -> None:
    (cli.folder / "mine.yaml").write_text("steps:\n  - op: fly\n  - op: trim\n    start: soon\n")

    done = cli("pipelines", "check", "mine.yaml")
    as_json = json.loads(cli("pipelines", "check", "mine.yaml", "--json").stdout)

    assert done.returncode == 2
    assert "mine.yaml, line 2: fly" in done.stderr
    assert "mine.yaml, line 4: trim: start" in done.stderr
    assert [m["line"] for m in as_json["mistakes"]] == [2, 4]
    assert not as_json["ok"]


def test_list_names_pipelines_and_templates(cli: Cli) -> None:
    listed = json.loads(cli("pipelines", "list", "--json").stdout)

    kinds = {p["name"]: p["kind"] for p in listed}
    assert (kinds["publish"], kinds["podcast"]) == ("built-in", "template")


def test_an_unknown_pipeline_suggests_the_nearest(cli: Cli) -> None:
    done = cli("pipelines", "show", "publsh")

    assert done.returncode == 2
    assert "did you mean 'publish'?" in done.stderr


@pytest.mark.parametrize("value", ["@", "a: b: c", "[", "yes", "2026-11-21"])
def test_a_set_value_is_taken_as_it_is_written(cli: Cli, film: str, value: str) -> None:
    (cli.folder / "mine.yaml").write_text("steps: [{op: transcode, profile: web_480p}]")

    done = cli("run", "mine.yaml", film, "--explain", "--set", f"transcode.profile={value}")

    assert done.returncode == 2, done.stderr
    assert f"there is no profile {value!r}" in done.stderr


def test_off_is_off_in_a_pipeline_and_in_what_is_set(cli: Cli, film: str) -> None:
    (cli.folder / "mine.yaml").write_text("steps:\n  - op: proxy\n    hardware: off\n")

    assert cli("pipelines", "check", "mine.yaml").returncode == 0
    assert cli("run", "proxy", film, "--explain", "--set", "proxy.hardware=off").returncode == 0

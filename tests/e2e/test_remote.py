"""The command line against a server: the same commands, and the same results, as without one."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import framemill as fm
from framemill.domain.access import Scope
from framemill.domain.states import JobState
from framemill.services.records import JobRecord
from tests.e2e.conftest import Cli, make_clip
from tests.servers.faults import Lose, Once, in_front_of
from tests.servers.serving import Serving
from tests.uploading import look

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_PATIENCE_S = 120.0


def _key_file(folder: Path, key: str) -> Path:
    file = folder / "key"
    file.write_text(f"{key}\n")
    file.chmod(0o600)
    return file


@pytest.fixture(scope="module", name="mill")
def _mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = Serving(tmp_path_factory.mktemp("mill"), arguments=("--workers", "1")).start()
    _key_file(serving.folder, serving.key())
    yield serving
    serving.stop()


@pytest.fixture(name="idle")
def _idle(tmp_path: Path) -> Iterator[Serving]:
    """A server where nobody works yet."""
    folder = tmp_path / "idle"
    folder.mkdir()
    serving = Serving(folder).start()
    _key_file(folder, serving.key())
    yield serving
    serving.stop()


def _at(serving: Serving, *, url: str | None = None) -> dict[str, str]:
    return {
        "FRAMEMILL_SERVER": url or serving.url,
        "FRAMEMILL_API_KEY_FILE": str(serving.folder / "key"),
    }


def _jobs(serving: Serving) -> list[JobRecord]:
    app = look(serving)
    try:
        return list(app.jobs.list(limit=50))
    finally:
        app.close()


def _until(holds: Callable[[], bool], client: "subprocess.Popen[str]") -> None:
    limit = time.monotonic() + _PATIENCE_S
    while not holds():
        assert client.poll() is None, client.communicate()
        assert time.monotonic() < limit
        time.sleep(0.1)


def _start(cli: Cli, serving: Serving, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        cli.argv(*words),
        cwd=cli.folder,
        env={**cli.env, **_at(serving)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background may have it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one system call
    )


def test_several_inputs_are_joined_there_and_the_film_comes_here(cli: Cli, mill: Serving) -> None:
    one, two = make_clip(cli.folder / "one.mp4", seconds=2), make_clip(cli.folder / "two.mp4", seconds=3)
    words = ("--server", mill.url, "--api-key-file", str(mill.folder / "key"), "concat", one.name, two.name)

    done = cli(*words, "-o", "both.mp4", "--json")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [made["path"] for made in told["artifacts"]] == [str(cli.folder / "both.mp4")]
    assert told["state"] == "completed"
    duration = fm.probe(cli.folder / "both.mp4").duration_us
    assert duration is not None
    assert abs(duration - 5_000_000) < 200_000
    assert cli.files() == {"one.mp4", "two.mp4", "both.mp4"}


def test_a_file_beside_the_film_goes_along_and_nothing_is_sent_twice(cli: Cli, mill: Serving) -> None:
    make_clip(cli.folder / "holiday.mp4", seconds=2)
    (cli.folder / "words.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nhello\n")
    before = len(_originals(mill))

    for number in ("1", "2"):
        done = cli(
            *("subtitles", "holiday.mp4", "--action", "add", "--file", "words.srt", "--quiet"),
            *("-o", f"{number}.mp4"),
            env=_at(mill),
        )
        assert done.returncode == 0, done.stderr

    assert len(fm.probe(cli.folder / "2.mp4").subtitles) == 1
    # The clip may be one that another test sent.
    assert len(_originals(mill)) - before in {1, 2}


def _originals(serving: Serving) -> list[str]:
    app = look(serving)
    try:
        return [blob.key for blob in app.blobs.list("") if "/original." in blob.key]
    finally:
        app.close()


def test_a_job_that_is_left_there_is_found_and_fetched_later(cli: Cli, mill: Serving, film: str) -> None:
    job = cli("package", film, "--no-dash", "--async", env=_at(mill)).stdout.strip()

    watched = cli("jobs", "watch", job[-12:], "-o", "stream", "--quiet", env=_at(mill))
    listed = cli("jobs", "list", "--kind", "package", "--json", env=_at(mill))
    explained = cli("trim", film, "--start", "1", "--end", "2", "--explain", "--json", env=_at(mill))

    assert watched.returncode == 0, watched.stderr
    assert (cli.folder / "stream" / "hls" / "master.m3u8").is_file()
    assert [one["id"] for one in json.loads(listed.stdout)] == [job]
    assert len(json.loads(explained.stdout)["steps"]) == 1


def test_an_answer_that_is_lost_submits_no_second_job(cli: Cli, mill: Serving, film: str) -> None:
    lost = Once(Lose(), Lose(), concerns=lambda method, path: (method, path) == ("POST", "/api/v1/jobs"))
    before = len(_jobs(mill))

    with in_front_of(int(mill.url.rpartition(":")[2]), lost) as door:
        done = cli("gif", film, "--duration", "1s", "-o", "m.gif", env=_at(mill, url=door.url))

    assert lost.over
    assert done.returncode == 0, done.stderr
    assert (cli.folder / "m.gif").is_file()
    assert len(_jobs(mill)) == before + 1


def test_a_key_that_is_wrong_or_too_weak_and_commands_of_this_machine_are_refused(
    cli: Cli, mill: Serving, film: str, tmp_path: Path
) -> None:
    words, file = ("trim", film, "--end", "1", "--json"), _key_file(tmp_path, "fm_" + "x" * 43)
    there = {**_at(mill), "FRAMEMILL_API_KEY_FILE": str(file)}
    wrong = cli(*words, env=there)
    _key_file(tmp_path, mill.key("reader", Scope.READ))
    weak = cli(*words, env=there)
    file.chmod(0o644)
    seen = cli("jobs", "list", "--json", env=there)
    here = cli("--server", mill.url, "worker", "start")

    codes = [json.loads(one.stdout)["error"]["code"] for one in (wrong, weak, seen)]
    assert codes == ["unauthenticated", "forbidden", "invalid_settings"]
    assert (here.returncode, "code: not_supported" in here.stderr) == (3, True)
    assert "xxx" not in wrong.stdout + wrong.stderr
    assert cli.files() == {film}


def test_a_server_that_is_killed_meanwhile_costs_nothing_but_time(cli: Cli, idle: Serving, film: str) -> None:
    client = _start(cli, idle, "trim", film, "--end", "2", "-o", "part.mp4")
    _until(lambda: len(_jobs(idle)) == 1, client)
    idle.kill()
    idle.arguments = ("--workers", "1")
    idle.start()

    out, errors = client.communicate(timeout=_PATIENCE_S)

    assert client.returncode == 0, errors
    assert out.startswith("part.mp4")
    assert (cli.folder / "part.mp4").is_file()
    assert [job.state for job in _jobs(idle)] == [JobState.COMPLETED]


def test_ctrl_c_cancels_the_job_there(cli: Cli, idle: Serving, film: str) -> None:
    client = _start(cli, idle, "trim", film, "--end", "2")
    _until(lambda: len(_jobs(idle)) == 1, client)
    client.send_signal(signal.SIGINT)

    _, errors = client.communicate(timeout=_PATIENCE_S)

    assert client.returncode == 130
    assert "code: cancelled" in errors
    assert [job.state for job in _jobs(idle)] == [JobState.CANCELLED]
    assert cli.files() == {film}

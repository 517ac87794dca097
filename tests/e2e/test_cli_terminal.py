"""The program and its surroundings: names, locales, terminals, pipes, signals, start-up time."""

import contextlib
import json
import os
import pty
import resource
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import Cli, make_clip
from tests.processes import ended

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("fünf Minuten 日本.mp4".encode(), "fünf Minuten 日本-out.mp4".encode()),
        (b'it\'s "quoted" $HOME; rm.mp4', b'it\'s "quoted" $HOME; rm-out.mp4'),
        (b"%03d [a].mp4", b"%03d [a]-out.mp4"),
        (b"-i.mp4", b"-o.mp4"),
        # Results have names that are text on one line; inputs may have any.
        (b"bytes \xff\xfe.mp4", b"out.mp4"),
        (b"new\nline.mp4", b"out.mp4"),
    ],
)
def test_any_file_name_works(cli: Cli, film: str, name: bytes, result: bytes) -> None:
    os.rename(cli.folder / film, os.fsencode(cli.folder) + b"/" + name)  # noqa: PTH104 - bytes
    given = b"./" + name if name.startswith(b"-") else name

    assert cli("info", given).returncode == 0
    done = cli("preview", given, "-o", b"made/" + result)

    assert done.returncode == 0, done.stderr
    assert os.fsencode(done.stdout).startswith(b"made/" + result)
    assert json.loads(cli("info", given, "--json").stdout)["file"] == os.fsdecode(given)


def test_what_strangers_wrote_cannot_speak_to_the_terminal(cli: Cli, film: str) -> None:
    (cli.folder / film).rename(cli.folder / "evil\x1b]0;title\x07.mp4")

    seen = _on_a_terminal(cli, "info", "evil\x1b]0;title\x07.mp4")

    assert "\x1b]0;" not in seen
    assert "\\x1b]0;title" in seen


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_the_locale_does_not_matter(cli: Cli, film: str, locale: str) -> None:
    (cli.folder / film).rename(cli.folder / "Frühling.mp4")

    done = cli("info", "Frühling.mp4", env={"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})

    assert done.returncode == 0, done.stderr
    assert "320" in done.stdout


def test_output_that_is_not_watched_has_no_colours(cli: Cli, film: str) -> None:
    for args in (("--help",), ("info", film), ("cut", "--help"), ("preview", film), ("doctor",)):
        done = cli(*args)
        assert "\x1b" not in done.stdout + done.stderr, args


def test_a_terminal_sees_bars_and_colours(cli: Cli, film: str) -> None:
    seen = _on_a_terminal(cli, "ladder", film, "--qualities", "240p", "-o", "made")

    assert "ladder" in seen
    assert "━" in seen
    assert "\x1b[32mdone\x1b[0m" in seen


def test_no_color_is_honoured_on_a_terminal(cli: Cli, film: str) -> None:
    seen = _on_a_terminal(cli, "preview", film, env={"NO_COLOR": "1"})

    assert "\x1b[3" not in seen
    assert "done in" in seen


def test_a_reader_that_leaves_is_no_error(cli: Cli) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    with subprocess.Popen(
        cli.argv("profiles", "list"),
        stdout=writing,
        stderr=subprocess.PIPE,
        env=dict(cli.env),
        cwd=cli.folder,
    ) as process:
        os.close(writing)
        _, said = process.communicate(timeout=60)

    assert process.returncode == 141
    assert said == b""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_an_interrupted_job_leaves_no_process_and_no_file(
    cli: Cli, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    make_clip(cli.folder / "long.mp4", seconds=40, size="1280x720")
    with subprocess.Popen(
        cli.argv("ladder", "long.mp4", "--preset", "veryslow", "-o", "made"),
        cwd=cli.folder,
        env=dict(cli.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests may ignore hangups, and children inherit that.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509 - one system call
    ) as process:
        tools = _encoding(process, cli.folder / "made")
        process.send_signal(number)
        out, said = process.communicate(timeout=30)  # left alone it takes minutes

    assert process.returncode == code, said
    assert "code: cancelled" in said
    assert "Traceback" not in said
    assert out == ""
    assert tools
    assert ended(*tools)
    assert [path.name for path in cli.folder.iterdir()] == ["long.mp4"]
    (job,) = json.loads(cli("jobs", "list", "--json").stdout)
    assert job["state"] == "cancelled"


def test_it_starts_quickly(cli: Cli, film: str) -> None:
    assert _starts_within(0.2, cli, "--version")
    assert _starts_within(0.2, cli, "--help")
    quick = Cli(folder=cli.folder, env={k: v for k, v in cli.env.items() if not k.startswith("FRAMEMILL_")})
    assert _starts_within(0.4, quick, "info", film)


def _starts_within(seconds: float, cli: Cli, *args: str) -> bool:
    """Processor time, one of several times: other work on the machine must not fail this."""
    return any(_processor_s(cli, *args) < seconds for _ in range(20))


def _processor_s(cli: Cli, *args: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert cli(*args).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _encoding(process: "subprocess.Popen[str]", folder: Path) -> list[psutil.Process]:
    """The programs that a run has started, once the encoder has opened its file."""
    end = time.monotonic() + 60
    while not any(folder.glob(".framemill-*/*/out/*.mp4")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "no encoder began"
        time.sleep(0.05)
    return psutil.Process(process.pid).children(recursive=True)


def _on_a_terminal(cli: Cli, *args: str, env: dict[str, str] | None = None) -> str:
    """What a person at a terminal sees."""
    main, side = pty.openpty()
    surroundings = {**cli.env, "TERM": "xterm-256color", "COLUMNS": "100", **(env or {})}
    with subprocess.Popen(
        cli.argv(*args),
        stdin=side,
        stdout=side,
        stderr=side,
        env=surroundings,
        cwd=cli.folder,
        close_fds=True,
    ) as process:
        os.close(side)
        seen = b""
        with contextlib.suppress(
            OSError
        ):  # so Linux says that the other side was closed; others send nothing
            while data := os.read(main, 65536):
                seen += data
        process.wait(timeout=60)
    os.close(main)
    assert process.returncode == 0, seen
    return seen.decode("utf-8", "replace")


@pytest.mark.parametrize("name", ["a" * 5000 + ".mp4", "~nobody-here/film.mp4"])
def test_a_name_that_no_file_can_have_is_not_found(cli: Cli, name: str) -> None:
    done = cli("preview", name)

    assert done.returncode == 3
    assert "code: input_not_found" in done.stderr


def test_a_name_that_begins_like_a_home_is_a_name(cli: Cli, film: str) -> None:
    (cli.folder / film).rename(cli.folder / "~$film.mp4")

    assert cli("preview", "~$film.mp4", "--explain").returncode == 0


def test_what_strangers_wrote_cannot_speak_to_the_terminal_in_plans(cli: Cli, film: str) -> None:
    (cli.folder / film).rename(cli.folder / "evil\x1b]0;title\x07.mp4")

    assert "\x1b" not in cli("preview", "evil\x1b]0;title\x07.mp4", "--explain").stdout


@pytest.mark.parametrize(
    ("output", "code"),
    [("n" * 300 + ".mp4", "invalid_spec"), ("film.mp4/x/", "destination_unwritable")],
)
def test_a_destination_that_cannot_be_is_said_plainly(cli: Cli, film: str, output: str, code: str) -> None:
    done = cli("preview", film, "-o", output)

    assert f"code: {code}" in done.stderr
    assert cli.files() == {film}


def test_a_percent_sign_in_a_name_is_no_number(cli: Cli, film: str) -> None:
    assert "%03d.mp4  " in cli("preview", film, "-o", "%03d.mp4", "--explain").stdout

"""The entry point: answers `--version` and `--help` at once, hands the rest to Typer.

Errors become messages and exit codes here.
"""

import gc
import os
import sys
from collections.abc import Sequence

from framemill.cli.terminal import set_up

_HELP = frozenset({(), ("--help",), ("-h",), ("help",)})
_VERSION = frozenset({("--version",), ("-V",), ("version",)})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    set_up()
    # Nothing that is imported is garbage, and looking for some costs a quarter of a small cut
    # (0.99 s with, 0.75 without). Runs turn it on again.
    gc.disable()
    try:
        code = _answer(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        from framemill.cli.exit_codes import INTERRUPTED

        return INTERRUPTED
    except BrokenPipeError:
        from framemill.cli.exit_codes import BROKEN_PIPE
        from framemill.cli.terminal import silence_stdout

        silence_stdout()
        return BROKEN_PIPE
    return code


def _answer(arguments: list[str]) -> int:
    completing = "_FRAMEMILL_COMPLETE" in os.environ
    if tuple(arguments) in _VERSION and not completing:
        return _say(f"framemill {version()}\n")
    if tuple(arguments) in _HELP and not completing:
        from framemill.cli.front_page import front_page

        return _say(front_page())
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    return _dispatch(arguments)


def _dispatch(arguments: list[str]) -> int:
    from framemill.cli.complaint import complain_about, complain_about_the_unforeseen, wants
    from framemill.errors import FramemillError

    as_json, verbose = wants(arguments, "--json"), wants(arguments, "--verbose", "-v")
    try:
        return _run(arguments, as_json=as_json)
    except FramemillError as error:
        return complain_about(error, as_json=as_json)
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - the edge: whatever it is, a person must be told in a few words
        return complain_about_the_unforeseen(error, as_json=as_json, verbose=verbose)


def _run(arguments: list[str], *, as_json: bool) -> int:
    import typer

    from framemill.cli.complaint import complain_about_usage
    from framemill.cli.program import program, usage_of

    try:
        code = program().main(arguments, prog_name="framemill", standalone_mode=False)
    except typer.TyperException as error:
        usage, hint = usage_of(error)
        return complain_about_usage(error.format_message(), usage=usage, hint=hint, as_json=as_json)
    except typer.Abort:
        raise KeyboardInterrupt from None
    return code if isinstance(code, int) else 0


def _say(text: str) -> int:
    sys.stdout.write(text)
    return 0


def version() -> str:
    """The installed version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("framemill")
    except PackageNotFoundError:
        return "unknown (not installed)"

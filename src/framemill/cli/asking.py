"""The options that every working command has, and a signature that holds them beside its own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Annotated, Any, Literal

import typer

from framemill.cli.completion import profile_names, rung_names
from framemill.cli.fields import Field
from framemill.cli.server_choice import Named

FILES = "Input and output"
QUEUE = "In the queue"
SERVER = "On a server"
TELLING = "What is told"
Kind = Any  # a type or union, for Typer
Words = Mapping[str, Any]  # Any: what Typer parsed: str, bool, a list of str, or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The common options of one call."""

    inputs: tuple[str, ...]
    output: str | None
    overwrite: bool
    verify: Literal["light", "full"] | None
    explain: bool
    reuse: bool  # of what earlier jobs made
    queued: bool  # left to the workers
    priority: int
    as_json: bool
    quiet: bool
    verbose: bool
    there: Named  # the server that is to do it


def common(*, inputs: str = "INPUT", explains: bool = False) -> list[Parameter]:
    """The parameters of `Asked`; `explains` is for commands that only explain."""
    given = [
        _parameter(
            "given",
            list[str] | None,
            "--input",
            "-i",
            metavar="FILE",
            help=f"The same as {inputs}.",
            panel=FILES,
        ),
        _parameter(
            "output_path",
            str | None,
            "--output",
            "-o",
            metavar="PATH",
            help="Where results go: a file name with its ending, or a folder.",
            panel=FILES,
        ),
        _parameter("overwrite", bool, "--overwrite", "-y", help="Replace results that exist.", panel=FILES),
    ]
    reuse = _parameter(
        "no_reuse",
        bool,
        "--no-reuse",
        help="Make everything anew, also what an earlier job made of the same.",
        panel=FILES,
    )
    telling = [
        _parameter(
            "verify",
            str | None,
            "--verify",
            metavar="light|full",
            help="How results are checked: light probes, full decodes them to the end.",
            panel=TELLING,
        ),
        _parameter(
            "explain",
            bool,
            "--explain",
            help="Show the plan and what it would cost; do nothing.",
            panel=TELLING,
        ),
        _parameter("as_json", bool, "--json", help="One JSON document on stdout.", panel=TELLING),
        _parameter("quiet", bool, "--quiet", "-q", help="Errors only, and the results.", panel=TELLING),
        _parameter(
            "verbose",
            bool,
            "--verbose",
            "-v",
            help="Whole commands; tracebacks of the unforeseen.",
            panel=TELLING,
        ),
    ]
    queue = [
        _parameter(
            "queued",
            bool,
            "--async",
            help="Leave the work to `framemill worker`: print the job's id and return.",
            panel=QUEUE,
        ),
        _parameter(
            "priority",
            str | None,
            "--priority",
            metavar="1-10",
            help="How urgent it is in the queue; 10 is the most urgent. Default: 5.",
            panel=QUEUE,
        ),
    ]
    files = Parameter(
        "files",
        Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[
            list[str] | None, typer.Argument(metavar=inputs, help="What to read.", rich_help_panel=FILES)
        ],
    )
    if explains:
        return [files, *given, reuse, *_THERE, *(p for p in telling if p.name not in {"explain", "verify"})]
    return [files, *given, reuse, *queue, *_THERE, *telling]


def asked(words: Words, *, explains: bool = False) -> Asked:
    """The common options out of everything that was parsed; typer.BadParameter where there is no input."""
    inputs = (*(words["given"] or ()), *(words["files"] or ()))
    if not inputs:
        raise typer.BadParameter("give a file to work on", param_hint="INPUT")
    verify = words.get("verify")
    if verify not in {None, "light", "full"}:
        raise typer.BadParameter(f"{verify!r} is neither light nor full", param_hint="--verify")
    queued = bool(words.get("queued"))
    if queued and verify is not None:
        raise typer.BadParameter("workers check as their own settings say", param_hint="--verify")
    return Asked(
        inputs=inputs,
        output=words["output_path"],
        overwrite=words["overwrite"],
        verify=verify,
        explain=explains or bool(words.get("explain")),
        reuse=not words["no_reuse"],
        queued=queued,
        priority=_priority(words.get("priority")),
        as_json=words["as_json"],
        quiet=words["quiet"],
        verbose=words["verbose"],
        there=Named(
            server=words["server"],
            key_file=words["api_key_file"],
            workspace=words["workspace_there"],
            collection=words["collection_there"],
        ),
    )


def _priority(text: str | None) -> int:
    if text is None:
        return 5
    if text.isdecimal() and 1 <= int(text) <= 10:
        return int(text)
    raise typer.BadParameter(f"{text!r} is not a number from 1 to 10", param_hint="--priority")


def option(field: Field, *, name: str, panel: str | None = None) -> Parameter:
    """The parameter of a spec's field; None where the user says nothing: the spec's default holds."""
    flag = "--" + name.replace("_", "-")
    text = field.help + (f" Default: {field.default}." if field.default is not None else "")
    if field.kind == "flag":
        negative = f"--no-{flag.removeprefix('--')}"
        return _parameter(name, bool | None, f"{flag}/{negative}", help=text, panel=panel)
    complete = _completer(field)
    kind = list[str] | None if field.kind in {"list", "items"} else str | None
    return _parameter(name, kind, flag, metavar=field.metavar, help=text, panel=panel, complete=complete)


def function(body: Callable[[Words], int], parameters: Iterable[Parameter]) -> Callable[..., int]:
    """`body` as a function with these keyword parameters, as Typer reads them."""

    def called(**words: object) -> int:
        return body(words)

    called.__signature__ = Signature(list(parameters))  # type: ignore[attr-defined]  # how inspect is told
    called.__annotations__ = {}
    return called


def extra(
    name: str,
    *flags: str,
    metavar: str | None = None,
    help: str,  # noqa: A002 - Typer's word
    panel: str | None = None,
) -> Parameter:
    """An option that no field has."""
    kind = str | None if metavar else bool
    return _parameter(name, kind, *flags, metavar=metavar, help=help, panel=panel)


def _completer(field: Field) -> Callable[[str], list[str]] | None:
    if field.choices:
        return lambda incomplete: [c for c in field.choices if c.startswith(incomplete)]
    return {"profile": profile_names, "qualities": rung_names}.get(field.name)


def _parameter(
    name: str,
    kind: Kind,
    *flags: str,
    help: str,  # noqa: A002 - Typer's word
    metavar: str | None = None,
    panel: str | None = None,
    complete: Callable[[str], list[str]] | None = None,
) -> Parameter:
    info = typer.Option(*flags, help=help, metavar=metavar, rich_help_panel=panel, autocompletion=complete)
    return Parameter(
        name,
        Parameter.KEYWORD_ONLY,
        default=False if kind is bool else None,
        annotation=Annotated[kind, info],
    )


_THERE = (
    _parameter(
        "server",
        str | None,
        "--server",
        metavar="URL",
        help="Have a Framemill server do it: files go there, results come here.",
        panel=SERVER,
    ),
    _parameter(
        "api_key_file",
        str | None,
        "--api-key-file",
        metavar="FILE",
        help="A file with a key of that server, which nobody else may read.",
        panel=SERVER,
    ),
    _parameter(
        "workspace_there",
        str | None,
        "--workspace",
        metavar="NAME",
        help="Where files go there. Default: the only one that the key sees, or default.",
        panel=SERVER,
    ),
    _parameter(
        "collection_there",
        str | None,
        "--collection",
        metavar="NAME",
        help="Default: uploads.",
        panel=SERVER,
    ),
)

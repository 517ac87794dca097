"""The Typer program: every command is a stand-in that becomes the real one when it is used."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from inspect import cleandoc
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from framemill.cli.catalog import Entry, entries, nearest
from framemill.cli.front_page import front_page
from framemill.cli.page import Section, colourful, page
from framemill.cli.server_choice import Named, must_be_here, say

HELP = frozenset({"-h", "--help"})
CONTEXT = {"help_option_names": sorted(HELP)}

# Click's own classes are vendored by some versions of Typer and not by others, so none is named here.
AnyContext = Any
AnyCommand = Any
AnyParameter = Any
AnyError = Any


class UnknownCommand(typer.TyperException):
    """There is no such command."""

    exit_code = 2

    def __init__(self, name: str) -> None:
        near = nearest(name)
        self.hint = f"`framemill {near}`" if near else "`framemill --help` lists them"
        super().__init__(f"there is no command {name!r}" + (f"; did you mean {near!r}?" if near else ""))


class _PlainHelp:
    """Mixed into every command: `--help` itself takes its word as it is."""

    def get_help_option(self, ctx: AnyContext) -> AnyParameter:
        """The option that shows help."""
        option = super().get_help_option(ctx)  # type: ignore[misc]  # of the class that this is mixed into
        return option and _plain(option)


class Command(_PlainHelp, TyperCommand):
    """A command whose help is one of our pages; its epilog is a list of examples."""

    def get_help(self, ctx: AnyContext) -> str:
        """The help page."""
        return _help(self, ctx)


class Group(_PlainHelp, TyperGroup):
    """A command with commands below it."""

    def get_help(self, ctx: AnyContext) -> str:
        """The help page."""
        rows = tuple(
            (name, str(command.short_help or command.help or "").partition("\n")[0])
            for name, command in self.commands.items()
            if not command.hidden
        )
        return _help(self, ctx, Section(title="Commands", rows=rows))


class _Program(_PlainHelp, TyperGroup):
    def get_help(self, ctx: AnyContext) -> str:  # noqa: ARG002 - the base class names it
        return front_page().rstrip("\n")

    def resolve_command(self, ctx: AnyContext, args: list[str]) -> AnyCommand:
        if args and args[0] not in self.commands and not ctx.resilient_parsing:
            raise UnknownCommand(args[0])
        return super().resolve_command(ctx, args)


class StandIn(TyperCommand):
    """Knows a command's name and summary; the rest is loaded when somebody uses it."""

    def __init__(self, entry: Entry, **options: bool) -> None:
        super().__init__(name=entry.name, short_help=entry.summary, help=entry.summary, hidden=entry.hidden)
        self._entry = entry
        self._options = options  # for the builder

    def make_context(
        self, info_name: str | None, args: list[str], parent: AnyContext = None, **extra: object
    ) -> AnyContext:
        """A context of the real command, which then runs."""
        if not self._entry.asks_servers and not HELP & {*args}:
            must_be_here(f"`framemill {self._entry.name}`")
        return built(self._entry, **self._options).make_context(info_name, args, parent, **extra)


def built(entry: Entry, **options: bool) -> AnyCommand:
    """The real command of an entry."""
    module, _, function = entry.builder.partition(":")
    return getattr(import_module(module), function)(entry, **options)


@cache
def program() -> AnyCommand:
    """The whole program."""
    app = typer.Typer(rich_markup_mode=None, cls=_Program, context_settings=CONTEXT)

    @app.callback()
    def root(
        version: Annotated[bool, typer.Option("--version", "-V", help="Show the version.")] = False,
        server: Annotated[str | None, typer.Option(metavar="URL", help="Ask a server.")] = None,
        api_key_file: Annotated[str | None, typer.Option(metavar="FILE", help="Its key.")] = None,
    ) -> None:
        say(Named(server=server, key_file=api_key_file))
        if version:
            from framemill.cli.main import version as installed

            typer.echo(f"framemill {installed()}")
            raise typer.Exit

    group = as_written(typer.main.get_command(app))
    for entry in entries():
        group.add_command(StandIn(entry))
    return group


def command(
    name: str,
    function: Callable[..., int | None],
    *,
    summary: str,
    examples: tuple[str, ...] = (),
) -> AnyCommand:
    """A command that calls `function`, with its parameters read from the signature."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(
        name, cls=Command, help=summary, epilog="\n".join(examples) or None, context_settings=CONTEXT
    )(function)
    return as_written(typer.main.get_command(app))


def group(name: str, summary: str, *commands: AnyCommand, examples: tuple[str, ...] = ()) -> AnyCommand:
    """A command that holds others."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False, context_settings=CONTEXT)

    @app.callback(cls=Group, help=summary, epilog="\n".join(examples) or None)
    def _nothing() -> None:
        pass

    made: AnyCommand = typer.main.get_command(app)
    made.name = name
    for member in commands:
        made.add_command(member)
    return as_written(made)


class _AsWritten:
    """Hands the words on as they were typed."""

    def coerce(self, value: object, **_: object) -> object:
        return value


def as_written(made: AnyCommand) -> AnyCommand:
    """`made`, whose parameters take words as they are: the specs check them.

    Typer would load pydantic for the simplest option, which costs more than all of `framemill info`.
    """
    for param in made.params:
        _plain(param)
    return made


def _plain(param: AnyParameter) -> AnyParameter:
    if hasattr(param, "get_runtime_param"):  # older Typers convert without pydantic
        param.get_runtime_param = _AsWritten
    return param


def usage_of(error: AnyError) -> tuple[str, str | None]:
    """The usage line and the next move that belong to a usage error."""
    context = getattr(error, "ctx", None)
    if context is None:
        return "", getattr(error, "hint", None)
    path = context.command_path
    return context.command.get_usage(context), f"`{path} --help`"


def _help(made: AnyCommand, ctx: AnyContext, *more: Section) -> str:
    panels: dict[str, list[tuple[str, str]]] = {}
    for param in made.get_params(ctx):
        panel = getattr(param, "rich_help_panel", None)
        if param.param_type_name == "argument":
            panels.setdefault(panel or "Arguments", []).append((param.metavar, param.help or ""))
        elif (record := param.get_help_record(ctx)) is not None:
            panels.setdefault(panel or "Options", []).append(record)
    # `--help` itself is the last thing that a reader of help needs.
    helped = panels["Options"].pop()
    panels.setdefault(next((t for t in reversed(panels) if panels[t]), "Options"), []).append(helped)
    pieces = " ".join(made.collect_usage_pieces(ctx))
    return page(
        usage=f"{ctx.command_path} {pieces}",
        text=cleandoc(made.help or ""),
        sections=(*more, *(Section(title=title, rows=tuple(rows)) for title, rows in panels.items())),
        examples=tuple(filter(None, (made.epilog or "").splitlines())),
        colour=colourful(),
    ).rstrip("\n")

"""`framemill plan`: every operation and pipeline again, only explaining."""

import typer

from framemill.cli.catalog import OPERATIONS, PIPELINES, Entry, entries
from framemill.cli.program import CONTEXT, AnyCommand, AnyContext, Group, StandIn, as_written


class _Plans(Group):
    """Offers what `framemill` offers, and takes a pipeline's file as a name too."""

    def get_command(self, ctx: AnyContext, cmd_name: str) -> AnyCommand | None:
        """The command that explains `cmd_name`."""
        found = super().get_command(ctx, cmd_name)
        if found is None and cmd_name.endswith((".yaml", ".yml", ".json")):
            from framemill.cli.run import build_for

            return build_for(cmd_name)
        return found


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False, context_settings=CONTEXT)
    examples = (
        "framemill plan publish movie.mp4",
        "framemill plan cut movie.mp4 -d 11 --json",
        "framemill plan my-pipeline.yaml movie.mp4",
    )

    @app.callback(cls=_Plans, help=f"{entry.summary}\n\nThe same as --explain.", epilog="\n".join(examples))
    def _nothing() -> None:
        pass

    made: AnyCommand = typer.main.get_command(app)
    made.name = entry.name
    for other in entries():
        if other.section in {OPERATIONS, PIPELINES}:
            made.add_command(StandIn(other, explains=True))
    return as_written(made)

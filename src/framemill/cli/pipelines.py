"""`framemill pipelines`: what there are, what is in one, whether one's own is right, and running it."""

from pathlib import Path
from typing import Annotated

import typer

from framemill.cli import run
from framemill.cli.catalog import Entry
from framemill.cli.completion import pipeline_names
from framemill.cli.exit_codes import OK, exit_code
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.server_choice import chosen
from framemill.cli.terminal import err, harmless, out, out_json, painted, shown_path
from framemill.cli.wording import columns

_Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
_Which = Annotated[
    str,
    typer.Argument(metavar="PIPELINE", help="A name, or a YAML or JSON file.", autocompletion=pipeline_names),
]


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command("list", list_pipelines, summary="List the built-in pipelines and the templates."),
        command(
            "show",
            show_pipeline,
            summary="Show a pipeline as YAML, to read or to start one's own from.",
            examples=("framemill pipelines show publish > mine.yaml",),
        ),
        command(
            "check",
            check_pipeline,
            summary="Check a pipeline; every mistake is named with its line.",
            examples=("framemill pipelines check mine.yaml",),
        ),
        run.build(Entry(name="run", summary=_RUN, section=entry.section, builder="")),
        command(
            "schema",
            show_schema,
            summary="Print the JSON schema of pipelines, for editors and forms.",
            examples=("framemill pipelines schema > pipeline.schema.json",),
        ),
        examples=(
            "framemill pipelines list",
            "framemill pipelines show for_the_phone > mine.yaml",
            "framemill pipelines check mine.yaml",
            "framemill pipelines run mine.yaml movie.mp4 -o results",
        ),
    )


_RUN = "Run a pipeline."


def list_pipelines(as_json: _Json = False) -> None:
    """One line each."""
    if (choice := chosen()) is not None:
        from framemill.cli import remote_views

        there = remote_views.pipelines(choice)
        if as_json:
            out_json(there)
            return
        for line in columns([(harmless(one["name"]), harmless(one["summary"])) for one in there]):
            out(line)
        return
    from framemill.planner.pipelines import PIPELINES, TEMPLATES

    kinds = {"built-in": PIPELINES, "template": TEMPLATES}
    if as_json:
        out_json(
            [
                {"name": name, "kind": kind, "summary": summary}
                for kind, found in kinds.items()
                for name, summary in found.items()
            ]
        )
        return
    rows = [(name, kind, text) for kind, found in kinds.items() for name, text in found.items()]
    for line in columns(rows):
        out(line)


def show_pipeline(which: _Which, as_json: _Json = False) -> None:
    """The text; as JSON every step with all its fields."""
    from framemill.operations.binding import path_of
    from framemill.planner.pipelines import PIPELINES, TEMPLATES, load_pipeline, pipeline_text

    if as_json:
        out_json({"steps": [spec.model_dump(mode="json") for spec in load_pipeline(which)]})
        return
    load_pipeline(which)
    known = which in PIPELINES or which in TEMPLATES
    text = pipeline_text(which) if known else path_of(which).read_text("utf-8", "replace")
    out(text.rstrip("\n"))


def check_pipeline(which: _Which, as_json: _Json = False) -> int:
    """All mistakes, not only the first."""
    from framemill.planner.pipelines import check_pipeline as checked

    specs, mistakes = checked(which)
    if as_json:
        faults = [{"line": m.line, "message": m.text} for m in mistakes]
        out_json({"pipeline": which, "ok": not mistakes, "steps": len(specs), "mistakes": faults})
    elif mistakes:
        for mistake in mistakes:
            err(f"{painted('wrong', 'red')}  {mistake}")
    else:
        name = shown_path(Path(which).absolute()) if Path(which).is_file() else which
        out(f"{painted('ok', 'green')}  {name}: {', '.join(spec.name or spec.op for spec in specs)}")
    return exit_code("invalid_spec") if mistakes else OK


def show_schema() -> None:
    """The schema that docs/schemas/pipeline.schema.json holds too."""
    from framemill.planner.schema import pipeline_schema

    out_json(pipeline_schema())

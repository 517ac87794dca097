"""`framemill run`: a pipeline from a file of one's own, or a built-in one by name."""

from functools import partial
from inspect import Parameter
from pathlib import Path
from typing import Annotated

import typer

from framemill.cli.asking import Words, asked, common, function
from framemill.cli.catalog import Entry
from framemill.cli.program import AnyCommand, command
from framemill.cli.server_choice import chosen, finder
from framemill.cli.targets import targets
from framemill.operations.spec import Spec

_EXAMPLES = (
    "framemill run my-pipeline.yaml movie.mp4 -o results",
    "framemill run publish movie.mp4 --set ladder.crf=20",
)


def build(entry: Entry) -> AnyCommand:
    """The command."""
    which = Parameter(
        "pipeline",
        Parameter.KEYWORD_ONLY,
        annotation=Annotated[
            str,
            typer.Argument(metavar="PIPELINE", help="A YAML or JSON file, or the name of a built-in one."),
        ],
    )
    body = function(partial(_run, None), [which, *_parameters()])
    return command(entry.name, body, summary=entry.summary, examples=_EXAMPLES)


def build_for(pipeline: str) -> AnyCommand:
    """The command that explains one pipeline's file."""
    body = function(partial(_run, pipeline), _parameters(explains=True))
    return command(pipeline, body, summary=f"Show what {pipeline} would do.")


def _parameters(*, explains: bool = False) -> list[Parameter]:
    setting = Parameter(
        "settings",
        Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[
            list[str] | None,
            typer.Option(
                "--set", metavar="STEP.FIELD=VALUE", help="Change a field of a step; may be given again."
            ),
        ],
    )
    return [setting, *common(explains=explains)]


def _run(fixed: str | None, words: Words) -> int:
    from framemill.cli.running import Request, run
    from framemill.planner.pipelines import load_pipeline

    wish = asked(words, explains=fixed is not None)
    find = finder(chosen(wish.there))
    name = fixed or str(words["pipeline"])
    specs = load_pipeline(name, dict(setting(text) for text in words["settings"] or ()))
    title = Path(name).stem
    requests = [
        Request.of(specs, inputs=inputs, destination=place.folder, title=title, find=find)
        for inputs, place in targets(
            wish.output,
            operation=title,
            inputs=tuple(map(find, wish.inputs)),
            several=True,
            joined=any(map(takes_all, specs)),
        )
    ]
    return run(requests, wish)


def takes_all(spec: Spec) -> bool:
    """True for an operation that reads more than the first input."""
    return getattr(spec, "sources", None) == () or spec.source.startswith("input_")


def setting(text: str) -> tuple[str, object]:
    """The field and value that a `--set` says; typer.BadParameter."""
    import yaml

    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise typer.BadParameter(f"{text!r} is not STEP.FIELD=VALUE", param_hint="--set")
    # To YAML 1:30 is a number and off is false, so only lists are taken from it.
    try:
        loaded = yaml.safe_load(value) if value.lstrip().startswith("[") else None
    except (yaml.YAMLError, ValueError):
        loaded = None
    return key.strip(), loaded if isinstance(loaded, list) else value

"""A built-in pipeline as a command: every field of its steps is an option."""

from functools import partial

from framemill.cli.asking import Words, asked, common, function
from framemill.cli.catalog import Entry
from framemill.cli.examples import EXAMPLES
from framemill.cli.fields import Field, data_of, fields_of
from framemill.cli.program import AnyCommand, command
from framemill.cli.server_choice import chosen, finder
from framemill.cli.shorthands import apply_shorthands, with_shorthands
from framemill.cli.targets import targets
from framemill.planner.pipelines import load_pipeline

# Steps whose fields speak for the whole; `--duration` of a preview would be taken for something else.
_MAIN = frozenset({"ladder", "package", "cut"})


def build(entry: Entry, *, explains: bool = False) -> AnyCommand:
    """The command of a pipeline."""
    steps: dict[str, dict[str, Field]] = {}
    for name, (key, field) in choices_of(entry.subject).items():
        steps.setdefault(key.partition(".")[0], {})[name] = field
    options = [
        parameter
        for step, fields in steps.items()
        for parameter in with_shorthands(fields, panel=f"Step {step.replace('_', '-')}")
    ]
    return command(
        entry.name,
        function(partial(_run, entry.subject, explains), [*options, *common(explains=explains)]),
        summary=entry.summary,
        examples=EXAMPLES.get(entry.subject, (f"framemill {entry.name} movie.mp4",)),
    )


def choices_of(name: str) -> dict[str, tuple[str, Field]]:
    """Every field of every step by its option's name, with the key that load_pipeline takes for it."""
    found = [
        (spec.name or spec.op, field)
        for spec in load_pipeline(name)
        for field in fields_of(type(spec), filled=spec)
    ]
    return {
        field.name if step in _MAIN else f"{step}_{field.name}": (f"{step}.{field.name}", field)
        for step, field in found
    }


def _run(name: str, explains: bool, words: Words) -> int:
    from framemill.cli.running import Request, run

    wish = asked(words, explains=explains)
    find = finder(chosen(wish.there))
    choices = choices_of(name)
    given = {
        option: data_of(field, words[option])
        for option, (_, field) in choices.items()
        if words.get(option) not in (None, [], ())
    }
    settings = {choices[option][0]: value for option, value in apply_shorthands(words, given).items()}
    requests = [
        Request.of(
            load_pipeline(name, settings), inputs=inputs, destination=place.folder, title=name, find=find
        )
        for inputs, place in targets(
            wish.output, operation=name, inputs=tuple(map(find, wish.inputs)), several=True, joined=False
        )
    ]
    return run(requests, wish)

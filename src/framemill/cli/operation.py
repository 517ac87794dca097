"""One command per operation, made from its spec when it is used."""

from collections.abc import Mapping
from functools import partial

from framemill.cli.asking import Words, asked, common, function
from framemill.cli.catalog import Entry
from framemill.cli.examples import EXAMPLES
from framemill.cli.fields import data_of, fields_of
from framemill.cli.program import AnyCommand, command
from framemill.cli.server_choice import chosen, finder
from framemill.cli.shorthands import apply_shorthands, with_shorthands
from framemill.cli.targets import targets
from framemill.errors import InvalidSpec
from framemill.operations.names import SETS
from framemill.operations.registry import Operation, load_spec, operation
from framemill.operations.spec import Spec


def build(entry: Entry, *, explains: bool = False) -> AnyCommand:
    """The command of an operation; one that only explains where `explains`."""
    made = operation(entry.subject)
    options = {field.name: field for field in fields_of(made.spec)}
    parameters = [*with_shorthands(options), *common(explains=explains)]
    return command(
        entry.name,
        function(partial(_run, made, explains), parameters),
        summary=_help_of(made),
        examples=EXAMPLES.get(made.name, (f"framemill {entry.name} movie.mp4",)),
    )


def spec_data(made: Operation, words: Words) -> dict[str, object]:
    """The fields that the user gave."""
    fields = fields_of(made.spec)
    data = {f.name: data_of(f, words[f.name]) for f in fields if words.get(f.name) not in (None, [], ())}
    return apply_shorthands(words, data)


def checked(data: Mapping[str, object]) -> Spec:
    """The spec; InvalidSpec speaks of options instead of fields."""
    try:
        return load_spec(data)
    except InvalidSpec as error:
        op, _, said = error.message.partition(": ")
        field, colon, fault = said.partition(": ")
        name = field.partition(".")[0]
        if colon and name in data:
            said = f"--{name.replace('_', '-')}: {fault[:1].lower()}{fault[1:]}"
        raise InvalidSpec(said or op, hint=f"`framemill {op.replace('_', '-')} --help`") from error


def _run(made: Operation, explains: bool, words: Words) -> int:
    from framemill.cli.running import Request, run

    wish = asked(words, explains=explains)
    data = {"op": made.name, **spec_data(made, words)}
    find = finder(chosen(wish.there))
    paths = tuple(map(find, wish.inputs))
    joined = "sources" in made.spec.model_fields
    requests = [
        Request.of(
            (checked(data if place.name is None else {**data, "output": place.name}),),
            inputs=inputs,
            destination=place.folder,
            title=made.name,
            find=find,
        )
        for inputs, place in targets(
            wish.output, operation=made.name, inputs=paths, several=made.name in SETS, joined=joined
        )
    ]
    return run(requests, wish)


def _help_of(made: Operation) -> str:
    said = (made.spec.__doc__ or "").strip()
    return said if said and said.rstrip(".") != made.summary.rstrip(".") else made.summary

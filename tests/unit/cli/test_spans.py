from datetime import timedelta

import pytest
import typer

from framemill.cli.spans import span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1h30m", 5400), ("7d", 604_800), ("0s", 0), (" 2H ", 7200)],
)
def test_a_span_is_read_as_people_type_it(text: str, seconds: int) -> None:
    assert span(text, hint="--since") == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", " ", "7", "d", "-1d", "1w", "1d 2h x", "99999999d", "99999999h", "1.5h"]
)
def test_what_is_no_span_is_a_mistake_of_the_option(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not a time"):
        span(text, hint="--since")

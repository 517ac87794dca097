"""Times as clients write them: with a date, a time and a zone. A number could be seconds of anything."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator


def _written(value: object) -> object:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or value.lstrip("+-").replace(".", "", 1).isdecimal():
        raise ValueError("give a time with its zone, such as 2026-11-02T12:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]

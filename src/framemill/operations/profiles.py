"""The built-in profiles and a user's own, read from TOML and checked whole.

What a profile may say is domain.profiles'; choosing one is planning's.
"""

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from framemill.domain.profiles import Profile
from framemill.domain.units import parse_rate
from framemill.errors import FramemillError, InvalidProfile, InvalidSpec

_RATES = ("bitrate", "max_bitrate", "audio_bitrate")
# Ways to control the rate: naming one replaces the others of an overridden profile.
_CONTROL = ("crf", "bitrate", "max_bitrate")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)$")


def load_profiles(user_file: Path | None = None) -> Mapping[str, Profile]:
    """The built-in profiles by name, extended and overridden by `user_file`.

    A table of a built-in's name changes only the fields that it gives.
    InvalidProfile names file and line of what is impossible.
    """
    source = files("framemill.operations").joinpath("profiles.toml")
    built_in = _tables(source.read_text(encoding="utf-8"), "profiles.toml")
    found = {
        name: _profile(name, table, "profiles.toml", source.read_text(encoding="utf-8"))
        for name, table in built_in.items()
    }
    if user_file is None:
        return found
    try:
        text = user_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidProfile(f"{user_file} cannot be read: {error}") from error
    for name, table in _tables(text, str(user_file)).items():
        merged = _over(built_in.get(name, {}), table)
        found[name] = _profile(name, merged, str(user_file), text)
    return found


def make_profile(**fields: object) -> Profile:
    """A profile that an operation puts together from its fields; InvalidSpec where it is impossible."""
    try:
        return Profile.model_validate({"name": "own", **fields})
    except ValidationError as error:
        issue = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in issue["loc"])
        said = str(issue["msg"]).removeprefix("Value error, ")
        raise InvalidSpec(f"{where}: {said}" if where else said) from error


def changed(profile: Profile, **fields: object) -> Profile:
    """`profile` with the fields that are not None; InvalidSpec where that is impossible."""
    given = {key: value for key, value in fields.items() if value is not None}
    return make_profile(**_over(profile.model_dump(), given))


def _tables(text: str, file: str) -> dict[str, dict[str, object]]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
        at = _AT_LINE.search(reason)
        raise InvalidProfile(
            f"{file}:{at[1] if at else text.count(chr(10)) + 1}: {_AT_LINE.sub('', reason).strip()}"
        ) from error
    for name, table in data.items():
        if not isinstance(table, dict):
            raise InvalidProfile(
                f"{file}:{_key_line(text, 1, name)}: {name!r} stands outside of any profile",
                hint="write [name_of_profile] above it",
            )
    return data


def _over(base: Mapping[str, object], table: Mapping[str, object]) -> dict[str, object]:
    kept = dict(base)
    if "bitrate" in table or "crf" in table:
        lost = _CONTROL if "bitrate" in table else ("bitrate",)
        kept = {key: value for key, value in kept.items() if key not in lost}
    return {**kept, **table}


def _profile(name: str, table: Mapping[str, object], file: str, text: str) -> Profile:
    line = _table_line(text, name)
    data: dict[str, object] = {**table, "name": name}
    for key in _RATES:
        if key in data:
            try:
                data[key] = parse_rate(data[key])  # type: ignore[arg-type]  # refuses what is no rate
            except FramemillError as error:
                raise InvalidProfile(f"{file}:{_key_line(text, line, key)}: {name}.{key}: {error}") from error
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        issue = error.errors(include_url=False, include_context=False)[0]
        key = str(issue["loc"][0]) if issue["loc"] else ""
        said = str(issue["msg"]).removeprefix("Value error, ")
        where = _key_line(text, line, key) if key else line
        raise InvalidProfile(
            f"{file}:{where}: {name}{'.' + key if key else ''}: {said}",
            hint="see docs/profiles.md for what a profile may say",
        ) from error


def _table_line(text: str, name: str) -> int:
    """The line of the table's header: tomllib does not say it."""
    header = re.compile(rf"""\s*\[\s*["']?{re.escape(name)}["']?\s*\]""")
    for number, line in enumerate(text.splitlines(), start=1):
        if header.match(line):
            return number
    return _key_line(text, 1, name)  # written as name = {...} or name.codec = ...


def _key_line(text: str, after: int, key: str) -> int:
    """The line below `after` that sets `key` in the same table, else `after` itself."""
    setter = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[.=]""")
    for number, line in enumerate(text.splitlines()[after - 1 :], start=after):
        if setter.match(line):
            return number
        if number > after and line.lstrip().startswith("["):
            break
    return after

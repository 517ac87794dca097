"""`framemill profiles`: what encoding profiles there are, and whether a file of one's own is right."""

from typing import Annotated

import typer

from framemill.cli.catalog import Entry
from framemill.cli.completion import profile_names
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.terminal import out, out_json, painted, shown_path
from framemill.cli.wording import columns
from framemill.domain.profiles import Profile
from framemill.domain.units import format_rate

_Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command("list", list_profiles, summary="List every profile.", examples=("framemill profiles list",)),
        command(
            "show",
            show_profile,
            summary="Show everything that a profile says.",
            examples=("framemill profiles show web_720p",),
        ),
        command(
            "check",
            check_profiles,
            summary="Check a file of profiles; every fault is named with its line.",
            examples=("framemill profiles check my-profiles.toml",),
        ),
        examples=("framemill profiles list", "framemill transcode movie.mov --profile web_720p"),
    )


def list_profiles(as_json: _Json = False) -> None:
    """One line each."""
    found = _profiles()
    if as_json:
        out_json([profile.model_dump(mode="json") for profile in found.values()])
        return
    rows = [(name, _size(p), p.codec, _control(p), p.container, p.description) for name, p in found.items()]
    for line in columns(rows):
        out(line)


def show_profile(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which profile.", autocompletion=profile_names)],
    as_json: _Json = False,
) -> None:
    """All fields of one."""
    from framemill.errors import ProfileNotFound

    found = _profiles()
    if name not in found:
        from difflib import get_close_matches

        near = get_close_matches(name, found, n=1, cutoff=0.4)
        raise ProfileNotFound(name, nearest=near[0] if near else None)
    data = found[name].model_dump(mode="json")
    if as_json:
        out_json(data)
        return
    fields = Profile.model_fields
    rows = [
        (key, _shown(key, value), fields[key].description or "")
        for key, value in data.items()
        if value is not None
    ]
    for line in columns(rows):
        out(line)


def check_profiles(
    file: Annotated[str, typer.Argument(metavar="FILE", help="TOML file with profiles.")],
    as_json: _Json = False,
) -> None:
    """Load it on top of the built-in ones; InvalidProfile names the line."""
    from framemill.errors import InputNotFound
    from framemill.operations.binding import path_of
    from framemill.operations.profiles import load_profiles

    path = path_of(file)
    if not path.is_file():
        raise InputNotFound(file)
    built_in = load_profiles()
    found = load_profiles(path)
    own = [name for name, profile in found.items() if built_in.get(name) != profile]
    if as_json:
        out_json({"file": file, "ok": True, "profiles": own})
        return
    said = ", ".join(own) or "nothing that differs from the built-in profiles"
    out(f"{painted('ok', 'green')}  {shown_path(path)}: {said}")


def _profiles() -> dict[str, Profile]:
    from framemill.app import open_app

    return dict(open_app().profiles)


def _size(profile: Profile) -> str:
    return (
        f"{profile.width or '…'}×{profile.height or '…'}" if profile.width or profile.height else "any size"
    )


def _control(profile: Profile) -> str:
    if profile.bitrate is not None:
        return format_rate(profile.bitrate)
    cap = f" ≤{format_rate(profile.max_bitrate)}" if profile.max_bitrate else ""
    return f"crf {profile.crf}{cap}"


def _shown(key: str, value: object) -> str:
    if key.endswith("bitrate") and isinstance(value, int):
        return format_rate(value)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)

"""`/profiles`: how videos can be encoded here, the built-in ways and the installation's own."""

from difflib import get_close_matches
from typing import Annotated

from fastapi import APIRouter

from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.domain.profiles import Profile
from framemill.errors import ProfileNotFound

router = APIRouter(prefix="/profiles", tags=["profiles"])
_Reader = Annotated[Caller, may(Action.CATALOGUE_READ)]


@router.get("")
def list_all(app: TheApp, _: _Reader) -> tuple[Profile, ...]:
    """Every profile."""
    return tuple(app.profiles.values())


@router.get("/{name}")
def show(name: str, app: TheApp, _: _Reader) -> Profile:
    """One profile."""
    if name not in app.profiles:
        near = get_close_matches(name, app.profiles, n=1, cutoff=0.4)
        raise ProfileNotFound(name, nearest=near[0] if near else None)
    return app.profiles[name]

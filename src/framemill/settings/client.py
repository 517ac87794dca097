"""Settings of whoever has work done elsewhere: the server that is asked, and how."""

from pydantic import BaseModel, Field

from framemill.settings.kinds import HomePath


class OfClient(BaseModel):
    """Of the command line, where a server works."""

    server: str | None = Field(
        None,
        max_length=2000,
        description="A Framemill server that commands ask instead of working here: https://mill.example.com.",
    )
    api_key_file: HomePath | None = Field(
        None, description="A file with a key of that server, which nobody but its owner may read."
    )
    server_workspace: str | None = Field(
        None,
        max_length=64,
        description="The workspace there that files go into. Unset: the only one that the key sees, or "
        "`default`.",
    )
    server_collection: str = Field(
        "uploads", max_length=128, description="The collection there that files go into."
    )

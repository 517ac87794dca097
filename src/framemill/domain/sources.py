"""Where an input comes from: a file of this machine, or an address that it is fetched from first."""

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

_LONGEST = 100  # characters of a name


@dataclass(frozen=True, slots=True)
class Url:
    """An address. Only `label` of it is ever shown: the rest may hold a secret."""

    text: str = field(repr=False)

    @property
    def name(self) -> str:
        """What the file there is called, as far as its address tells: a name for people and folders."""
        rest = re.split(r"[?#]", self.text.partition("://")[2], maxsplit=1)[0]
        place, _, last = rest.rstrip("/").rpartition("/")
        name = "".join(
            c if c.isprintable() and c not in "/\\" else "_" for c in unquote(last, errors="replace")
        )
        return (name.strip(" .")[-_LONGEST:].strip(" .") if place else "") or "download"

    @property
    def stem(self) -> str:
        """`name` without its ending."""
        return PurePosixPath(self.name).stem

    @property
    def label(self) -> str:
        """The host and the name."""
        host = re.split(r"[/?#]", self.text.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
        return f"{host}/…/{self.name}" if self.name != "download" else host

    def __str__(self) -> str:
        return self.text


Source = Path | Url


def is_url(text: str) -> bool:
    """True for what is meant as an address, allowed or not; every other text is a path."""
    return re.match(r"https?://", text, re.IGNORECASE) is not None

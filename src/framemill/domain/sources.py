"""Where an input comes from: a file of this machine, or an address that it is fetched from first."""

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Url:
    """An address. Only `label` of it is ever shown: the rest may hold a secret."""

    text: str = field(repr=False)

    @property
    def name(self) -> str:
        """What the file there is called, as far as its address tells."""
        rest = re.split(r"[?#]", self.text.partition("://")[2], maxsplit=1)[0]
        place, _, name = rest.rstrip("/").rpartition("/")
        return unquote(name, errors="replace").replace("/", "_") if place and name else "download"

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

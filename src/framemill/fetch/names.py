"""What a downloaded file is called: as the server or the URL says, made safe for every disk."""

import re
import unicodedata
from email.message import Message
from urllib.parse import unquote

from framemill.fetch.addresses import Target

_MOST_BYTES = 150
_ODD = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
_EXTENDED = re.compile(r"filename\*\s*=\s*utf-8''([^;\s]+)", re.IGNORECASE)
_PLAIN = re.compile(r'filename\s*=\s*(?:"([^"]*)"|([^;\s]+))', re.IGNORECASE)


def name_of(target: Target, headers: Message) -> str:
    """The name that the server gives, else the URL's last part."""
    said = headers.get("Content-Disposition") or ""
    if found := _EXTENDED.search(said):
        return safe(unquote(found[1], errors="replace"))
    if found := _PLAIN.search(said):
        return safe(found[1] or found[2] or "")
    return safe(unquote(target.path.partition("?")[0].rpartition("/")[2], errors="replace"))


def safe(name: str) -> str:
    """`name` without folders, hidden beginnings and characters that some disk takes amiss."""
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(
        c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c) not in {"Cc", "Cf", "Cs"}
    )
    name = _ODD.sub("_", name).strip(" .-~")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    room = _MOST_BYTES - len(ending.encode()[:20]) - 1
    stem = stem.encode()[:room].decode("utf-8", "ignore")
    return f"{stem}.{ending[:20]}" if ending else stem or "download"

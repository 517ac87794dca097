"""Which addresses may be fetched from: reading a URL strictly, and judging hosts and numbers.

Pure: no name is resolved here and nothing is connected, that is fetch.guard's.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import idna

from framemill.errors import AddressRefused, InvalidSettings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PORTS = {"http": 80, "https": 443}
_LONGEST = 8192
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
# What browsers take for a number, and so for an IPv4 address however it is written.
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*", re.ASCII)
# A space and control characters, which parsers drop or keep as they like, and the other slash.
_NEVER = re.compile(r"[\x00-\x20\x7f\\]")

# An entry of the allow-list: [IPv6 or its network], bare IPv6, or anything else without a colon.
_ENTRY = re.compile(
    r"(?:\[(?P<six>[0-9a-f:./]+)\]|(?P<host>[^\s:@\[\]]+))(?::(?P<port>\d{1,5}))?|(?P<bare>[0-9a-f:./]+)",
    re.ASCII | re.IGNORECASE,
)

# IPv4 addresses that are not the public internet's; `is_global` has the rest.
_NOT_PUBLIC_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "192.0.0.0/24",  # of protocols, with exceptions that nobody serves videos from
        "192.88.99.0/24",  # once the anycast of 6to4 relays
        "168.63.129.16/32",  # Azure's host, seen from inside its machines
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# The one block of IPv6 that is given to the public internet, and what in it is not:
# everything that holds an IPv4 address (mapped, NAT64, 6to4, Teredo) is outside or listed.
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocols: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL taken apart: what is connected to, and what is asked for there."""

    scheme: str
    host: str  # lower case and ASCII; an address without brackets
    port: int
    path: str  # with the query, never with the fragment

    @property
    def literal(self) -> Address | None:
        """The host as an address, where it is one."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """What a Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole, as it was understood; it may hold a secret."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def label(self) -> str:
        """The host and the last part of the path: what may be shown and logged."""
        name = self.path.partition("?")[0].rstrip("/").rpartition("/")[2]
        return f"{self.host}/…/{name}" if name else self.host


def label_of(url: str) -> str:
    """What may be shown of a URL: no query, no user, no path but its end."""
    try:
        return parse(url).label
    except AddressRefused:
        return "an address"


def parse(url: str) -> Target:
    """`url` understood in the one way that everything here shares; AddressRefused for all that is odd."""
    if len(url) > _LONGEST or _NEVER.search(url):
        raise AddressRefused("the address has characters that no address has, or is too long")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        # What Python says of it may repeat a password.
        raise AddressRefused("this is no address", hint="check the address") from error
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        raise AddressRefused("only http and https addresses are fetched", hint="check the address")
    if "@" in parts.netloc:
        raise AddressRefused("the address names a user", hint="leave out what stands before the @")
    if parts.netloc.endswith(":") or port == 0:
        raise AddressRefused("the address has no usable port")
    host = _host(parts.netloc)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    return Target(scheme=scheme, host=host, port=port or PORTS[scheme], path=_ascii(path))


def redirected(base: Target, location: str) -> Target:
    """Where a redirect leads; AddressRefused where it may not: to anything odd, or from https to http."""
    try:
        target = parse(urljoin(base.url, location.strip()))
    except ValueError as error:
        raise AddressRefused(f"{base.host} redirects to what is no address") from error
    if base.scheme == "https" and target.scheme == "http":
        raise AddressRefused(f"{base.host} redirects from https to http, which anybody could read and change")
    return target


def is_public(address: Address) -> bool:
    """True for addresses of the public internet, and for nothing that leads elsewhere."""
    if isinstance(address, ipaddress.IPv4Address):
        return (
            address.is_global
            and not address.is_multicast
            and not address.is_reserved
            and not any(address in network for network in _NOT_PUBLIC_4)
        )
    return (
        address.scope_id is None
        and address in _PUBLIC_6
        and address.is_global
        and not any(address in network for network in _NOT_PUBLIC_6)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """One entry of the allow-list."""

    host: str | None  # a name, exactly
    network: _Network | None
    port: int | None  # None: the usual ones

    def port_ok(self, port: int) -> bool:
        """True where this entry permits `port`."""
        return port in PORTS.values() if self.port is None else port == self.port


@dataclass(frozen=True, slots=True)
class AllowList:
    """What an operator permits beyond the public internet's ports 80 and 443."""

    entries: tuple[Allowed, ...] = ()

    @classmethod
    def of(cls, texts: Sequence[str], *, setting: str = "fetch_allow") -> "AllowList":
        """`host`, `host:port`, an address or a network, either with `:port`; InvalidSettings."""
        return cls(tuple(_entry(text.strip(), setting) for text in texts if text.strip()))

    def permits(self, *, host: str, address: Address, port: int) -> bool:
        """True where `host`, being at `address`, may be connected to on `port`."""
        if port in PORTS.values() and is_public(address):
            return True
        # A mapped address is the IPv4 one; an entry of that kind means it, not this writing of it.
        return any(
            entry.port_ok(port)
            and (entry.host == host if entry.network is None else address in entry.network)
            for entry in self.entries
        )

    def port_possible(self, *, host: str, port: int) -> bool:
        """False where no answer of the resolver could make `port` right, so that nobody need ask it."""
        return port in PORTS.values() or any(
            entry.port_ok(port) and entry.host in {host, None} for entry in self.entries
        )


def _host(netloc: str) -> str:
    if netloc.startswith("["):
        inner, _, rest = netloc[1:].partition("]")
        if rest and not rest.startswith(":"):
            raise AddressRefused("this is no address")
        try:
            found = ipaddress.IPv6Address(inner)
        except ValueError as error:
            raise AddressRefused(f"[{inner}] is no address") from error
        if found.scope_id is not None:
            raise AddressRefused("an address with a zone is one of this network")
        return str(found)
    name = netloc.partition(":")[0]
    if netloc.count(":") > 1 or not name:
        raise AddressRefused("the address names no host")
    if "%" in name:
        raise AddressRefused("the host is hidden behind % signs")
    name = _plain(name)
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))  # four plain decimals, nothing else
        except ValueError as error:
            raise AddressRefused(f"{name} is an address in disguise", hint="write it plainly") from error
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressRefused("this is no host's name")
    return name


def _plain(name: str) -> str:
    """The name in lower-case ASCII without the dot that may end it: full-width digits and dots are gone."""
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True, transitional=False).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise AddressRefused("this is no host's name") from error
    return name.lower().removesuffix(".")


def _ascii(path: str) -> str:
    """The path as it goes over the line."""
    return "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in path)


def _entry(text: str, setting: str) -> Allowed:
    wrong = InvalidSettings(
        f"setting {setting!r}: {text!r} is neither a host, host:port nor a network",
        hint="write for example nas.lan, nas.lan:8080, 10.1.2.3:9000 or 192.168.7.0/24",
    )
    found = _ENTRY.fullmatch(text)
    if found is None:
        raise wrong
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65_536:
        raise wrong
    place = found["six"] or found["bare"] or found["host"]
    try:
        return Allowed(host=None, network=ipaddress.ip_network(place, strict=False), port=port)
    except ValueError:
        if not found["host"] or "/" in place:
            raise wrong from None
    try:
        return Allowed(host=_host(place), network=None, port=port)
    except AddressRefused:
        raise wrong from None

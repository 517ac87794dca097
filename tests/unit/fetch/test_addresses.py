import ipaddress
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.domain.sources import is_url
from framemill.errors import AddressRefused, InvalidSettings
from framemill.fetch.addresses import AllowList, Target, is_public, label_of, parse, redirected

REFUSED = [
    # schemes
    "file:///etc/passwd",
    "ftp://example.com/a.mp4",
    "gopher://example.com/",
    "data:text/plain,hello",
    "//example.com/a.mp4",
    "example.com/a.mp4",
    "",
    # who
    "http://user@example.com/",
    "http://user:secret@example.com/",
    "http://@example.com/",
    "http://example.com%40127.0.0.1/",
    "http://example.com@127.0.0.1/",
    # numbers that browsers and C libraries read as 127.0.0.1
    "http://2130706433/",
    "http://0x7f000001/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0x7f.1/",
    "http://0x7F.0x0.0x0.0x1/",
    "http://127.0.0.01/",
    "http://127.0.0.1.1/",
    "http://0x/",
    "http://127.0.0.0x1/",
    "http://1/",
    "http://example.com.1/",
    "http://１２７.１/",
    # brackets and zones
    "http://[::1/",
    "http://[::1]x/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[v1.x]/",
    "http://[127.0.0.1]/",
    "http://::1/",
    # ports
    "http://example.com:0/",
    "http://example.com:/",
    "http://example.com:65536/",
    "http://example.com:-80/",
    "http://example.com:8o/",
    "http://example.com:80:80/",
    # characters
    "http://example.com\\@127.0.0.1/",
    "http://exam ple.com/",
    "http://example.com/a\r\nHost: 127.0.0.1",
    "http://example.com/a b",
    " http://example.com/",
    "http://exam\tple.com/",
    "http://\x00example.com/",
    "http://example.com\n/",
    "http://%31%32%37.0.0.1/",
    "http://exa%6dple.com/",
    # names
    "http:///a.mp4",
    "http://./",
    "http://../",
    "http://.example.com/",
    "http://example..com/",
    "http://example.com../",
    "http://-example.com/",
    "http://exa_mple-.com-/",
    "http://exam!ple.com/",
    "http://" + "a" * 64 + ".com/",
    "http://" + "a." * 130 + "com/",
    "http://xn--\u2603.com\u3000/",
    "http://example.com/" + "a" * 9000,
]


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_odd_is_refused_before_anything_is_looked_up(url: str) -> None:
    with pytest.raises(AddressRefused):
        parse(url)


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://example.com", "example.com", 80, "/"),
        ("HTTPS://EXAMPLE.com/A.mp4?b=c#d", "example.com", 443, "/A.mp4?b=c"),
        ("http://example.com./a", "example.com", 80, "/a"),
        ("http://bücher.example/ü", "xn--bcher-kva.example", 80, "/%C3%BC"),
        ("http://faß.example/", "xn--fa-hia.example", 80, "/"),
        ("http://example。com/", "example.com", 80, "/"),
        ("http://１２７.0.0.1/", "127.0.0.1", 80, "/"),
        ("http://ｅxample.com/", "example.com", 80, "/"),
        ("http://127.0.0.1./", "127.0.0.1", 80, "/"),
        ("http://[::FFFF:127.0.0.1]:81/", "::ffff:7f00:1", 81, "/"),
        ("http://[2606:4700::1111]/a", "2606:4700::1111", 80, "/a"),
        ("https://a_b.example.com:8443/?x", "a_b.example.com", 8443, "/?x"),
    ],
)
def test_a_url_is_understood_in_one_way(url: str, host: str, port: int, path: str) -> None:
    found = parse(url)

    assert (found.host, found.port, found.path) == (host, port, path)
    assert parse(found.url) == found


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.9",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:53aa:64c:0:7cfb:8080:1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_an_address_that_leads_elsewhere_than_to_the_public_internet_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "193.99.144.80", "2606:4700::1111", "2a00:1450::200e"]
)
def test_an_address_of_the_public_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_that_holds_an_ipv4_one_is_public(address: ipaddress.IPv6Address) -> None:
    holds = address.ipv4_mapped or address.sixtofour or address.teredo

    assert not (holds and is_public(address))


@given(st.ip_addresses(v=4))
def test_what_python_calls_private_is_never_public(address: ipaddress.IPv4Address) -> None:
    assert not (is_public(address) and (address.is_private or not address.is_global))


@given(st.text(alphabet=ascii_letters + digits + ".:[]@%/\\?# xX-_１。ß", max_size=40))
def test_whatever_is_understood_is_understood_the_same_again(text: str) -> None:
    try:
        found = parse(f"http://{text}")
    except AddressRefused:
        return

    assert parse(found.url) == found
    assert found.host.isascii()


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/b.mp4", "https://example.com/b.mp4"),
        ("b.mp4?c", "https://example.com/dir/b.mp4?c"),
        ("//other.example/x", "https://other.example/x"),
        ("https://other.example:8443/x", "https://other.example:8443/x"),
    ],
)
def test_a_redirect_leads_where_it_says(location: str, expected: str) -> None:
    assert redirected(parse("https://example.com/dir/a.mp4"), location).url == expected


@pytest.mark.parametrize(
    "location",
    [
        "http://example.com/a.mp4",
        "ftp://example.com/",
        "https://u@example.com/",
        "https://2130706433/",
        "//[::1/",
    ],
)
def test_a_redirect_from_https_to_less_or_to_something_odd_is_refused(location: str) -> None:
    with pytest.raises(AddressRefused):
        redirected(parse("https://example.com/a.mp4"), location)


def _permits(entries: list[str], host: str, address: str, port: int) -> bool:
    return AllowList.of(entries).permits(host=host, address=ipaddress.ip_address(address), port=port)


@pytest.mark.parametrize(
    ("entries", "host", "address", "port", "permitted"),
    [
        ([], "example.com", "8.8.8.8", 443, True),
        ([], "example.com", "8.8.8.8", 8443, False),
        ([], "example.com", "10.1.2.3", 443, False),
        (["nas.lan"], "nas.lan", "10.1.2.3", 80, True),
        (["NAS.lan."], "nas.lan", "10.1.2.3", 80, True),
        (["nas.lan"], "nas.lan", "10.1.2.3", 8080, False),
        (["nas.lan:8080"], "nas.lan", "10.1.2.3", 8080, True),
        (["nas.lan:8080"], "nas.lan", "10.1.2.3", 80, False),
        (["nas.lan"], "x.nas.lan", "10.1.2.3", 80, False),
        (["10.1.2.0/24"], "anything", "10.1.2.3", 80, True),
        (["10.1.2.0/24"], "anything", "10.1.3.3", 80, False),
        (["10.1.2.3:9000"], "10.1.2.3", "10.1.2.3", 9000, True),
        (["10.1.2.3:9000"], "anything", "10.1.2.4", 9000, False),
        (["[fd00::1]:9000"], "x", "fd00::1", 9000, True),
        (["fd00::/8"], "x", "fd12::1", 443, True),
        (["10.0.0.0/8"], "x", "::ffff:10.1.2.3", 443, False),
        (["example.com:8443"], "example.com", "8.8.8.8", 8443, True),
    ],
)
def test_an_allow_list_permits_what_it_names(
    entries: list[str], host: str, address: str, port: int, permitted: bool
) -> None:
    assert _permits(entries, host, address, port) is permitted


@pytest.mark.parametrize(
    "entry", ["a b", "10.0.0.0/99", "nas:99999", "nas:0", "http://nas", "[::1", "*.lan", "1"]
)
def test_an_allow_list_with_nonsense_is_refused(entry: str) -> None:
    with pytest.raises(InvalidSettings):
        AllowList.of([entry])


def test_what_is_shown_of_a_url_holds_no_secret() -> None:
    shown = label_of("https://cdn.example.com/token-abc/films/harbour.mp4?sig=secret&expires=1")

    assert shown == "cdn.example.com/…/harbour.mp4"


@pytest.mark.parametrize(
    ("text", "meant"), [("https://x/a", True), ("HTTP://x", True), ("a.mp4", False), ("c:/x", False)]
)
def test_a_url_is_told_from_a_path(text: str, meant: bool) -> None:
    assert is_url(text) is meant


def test_the_host_header_names_odd_ports_only() -> None:
    assert [Target(scheme="http", host="a", port=p, path="/").authority for p in (80, 81)] == ["a", "a:81"]


@pytest.mark.parametrize("url", ["https://me:hunter2@ho\u2100st/film.mp4", "https://me:hunter2/film.mp4"])
def test_what_is_said_of_a_url_that_cannot_be_read_holds_no_password(url: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        parse(url)

    assert "hunter2" not in refused.value.message

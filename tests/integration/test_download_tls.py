"""Downloads over TLS: the name is kept although a number is connected to, and certificates count."""

import datetime
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from framemill.errors import AddressRefused, DownloadFailed
from framemill.fetch import guard as guarding
from framemill.fetch.addresses import AllowList
from framemill.fetch.crew import Rules
from framemill.fetch.direct import Direct
from framemill.fetch.guard import Guard
from framemill.fetch.slots import Slots
from framemill.fetch.wishes import Fetched, Reins, Wish
from tests.servers.origin import Content, Film, Origin

pytestmark = pytest.mark.integration

MIB = 1 << 20
HOST = "films.example"
Trust = Callable[[Path], None]


def _certificate(folder: Path, name: str) -> ssl.SSLContext:
    """A server's side with a certificate for `name` that signs itself, which is in `folder` too."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    (folder / "cert.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.fixture(name="trust")
def _trust(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trust]:
    """Makes a certificate one that this process believes."""

    def trust(certificate: Path) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        guarding._context.cache_clear()

    yield trust
    guarding._context.cache_clear()


def _bring(origin: Origin, folder: Path, *, allow: str = "") -> Fetched:
    guard = Guard(
        AllowList.of([f"{HOST}:{origin.port}", allow]),
        resolver=lambda _host: ["127.0.0.1"],
    )
    rules = Rules(piece=MIB, first_wait_s=0.01, tries=2)
    (done,) = Direct(guard, Slots(folder / "slots", per_host=4), rules).fetch(
        origin.url("/film.mp4", host=HOST),
        lambda name: folder / name,
        part=folder / "part",
        wish=Wish(),
        reins=Reins(),
    )
    return done


def test_a_film_comes_over_tls_by_its_name(tmp_path: Path, trust: Trust) -> None:
    content = Content(5 * MIB)
    with Origin({"/film.mp4": Film(content=content)}, tls=_certificate(tmp_path, HOST)) as origin:
        trust(tmp_path / "cert.pem")

        done = _bring(origin, tmp_path)

    assert done.sha256 == content.sha256()
    assert {asked.headers["Host"] for asked in origin.asked} == {f"{HOST}:{origin.port}"}


@pytest.mark.parametrize("name", [HOST, "other.example"])
def test_a_certificate_that_is_not_believed_or_is_anothers_ends_it(
    tmp_path: Path, trust: Trust, name: str
) -> None:
    with Origin({"/film.mp4": Film(content=Content(10))}, tls=_certificate(tmp_path, name)) as origin:
        if name != HOST:
            trust(tmp_path / "cert.pem")

        with pytest.raises(DownloadFailed) as caught:
            _bring(origin, tmp_path)

    assert (caught.value.reason, caught.value.transient) == ("tls", False)
    assert origin.asked == []


def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path, trust: Trust) -> None:
    with Origin({"/film.mp4": Film(content=Content(10))}) as plain:
        film = Film(content=Content(0), status=302, headers={"Location": plain.url("/film.mp4")})
        with Origin({"/film.mp4": film}, tls=_certificate(tmp_path, HOST)) as origin:
            trust(tmp_path / "cert.pem")

            with pytest.raises(AddressRefused):
                _bring(origin, tmp_path, allow=plain.allow)

    assert plain.asked == []

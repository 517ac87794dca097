"""What only an S3 store does: addresses that lead straight to it, encryption, pages of other sites."""

import hashlib
import secrets
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import httpx2
import pytest

from framemill.app import open_app
from framemill.cli.doctor import _store as looked_at
from framemill.cli.storage import origins
from framemill.errors import (
    BlobNotFound,
    FramemillError,
    InvalidSettings,
    InvalidSpec,
    InvalidUpload,
    NotSupported,
    UploadNotFound,
)
from framemill.settings import Settings
from framemill.storage.blobs import MIN_PART, Part
from framemill.storage.s3.connection import Sizes
from framemill.storage.s3.store import S3Store
from tests.integration.stores import Bucket, bucket
from tests.servers import rgw
from tests.servers.faults import in_front_of

pytestmark = pytest.mark.integration

MINUTE = timedelta(minutes=1)
OWN_KEY = b64encode(b"k" * 32).decode()


@pytest.fixture(name="place")
def _place(request: pytest.FixtureRequest) -> Bucket:
    return bucket(request)


@pytest.fixture(name="store")
def _store(place: Bucket) -> S3Store:
    return place.store()


def content(store: S3Store, key: str) -> bytes:
    """All of a file."""
    return b"".join(store.read(key))


def head(place: Bucket, key: str) -> dict[str, object]:
    """What the store itself says about a file."""
    client = rgw.client(place.server)
    return dict(client.head_object(Bucket=place.bucket, Key=f"{place.prefix}/{key}"))


# Addresses to read


def test_an_address_reads_the_file_and_ranges_of_it(store: S3Store) -> None:
    store.put("a", [b"0123456789"], content_type="video/mp4")

    url = store.get_url("a", lifetime=MINUTE)
    whole, part = httpx2.get(url), httpx2.get(url, headers={"Range": "bytes=2-4"})

    assert (whole.status_code, whole.content) == (200, b"0123456789")
    assert whole.headers["Content-Type"] == "video/mp4"
    assert "Content-Disposition" not in whole.headers
    assert (part.status_code, part.content) == (206, b"234")


def test_an_address_that_was_changed_or_is_too_old_opens_nothing(store: S3Store, place: Bucket) -> None:
    store.put("a", [b"mine"])
    store.put("b", [b"another's"])
    url = store.get_url("a", lifetime=MINUTE)
    where, query = url.split("?")

    for wrong in (
        where,
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        f"{where[:-1]}b?{query}",
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        url.replace("X-Amz-Date=2", "X-Amz-Date=1"),
        url + "&response-content-type=text/html",
    ):
        assert httpx2.get(wrong).status_code == 403, wrong
    assert httpx2.put(url, content=b"x").status_code == 403
    assert httpx2.delete(url).status_code == 403
    assert content(store, "a") == b"mine"


def test_an_address_expires(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    store.put("a", [b"mine"])
    monkeypatch.setattr(
        "botocore.auth.get_current_datetime", lambda: datetime.now(UTC).replace(tzinfo=None) - 2 * MINUTE
    )

    assert httpx2.get(store.get_url("a", lifetime=timedelta(minutes=3))).status_code == 200
    assert httpx2.get(store.get_url("a", lifetime=MINUTE)).status_code == 403


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [(timedelta(microseconds=1), 1), (timedelta(days=7), 604_800), (timedelta(days=400), 604_800)],
)
def test_an_address_lives_no_longer_than_a_signature_holds(
    store: S3Store, lifetime: timedelta, seconds: int
) -> None:
    for url in (
        store.get_url("a", lifetime=lifetime),
        store.part_url("a", "u", 1, bytes=1, lifetime=lifetime),
    ):
        assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == [str(seconds)]


@pytest.mark.parametrize("lifetime", [timedelta(0), -MINUTE])
def test_an_address_that_never_lived_is_refused(store: S3Store, lifetime: timedelta) -> None:
    with pytest.raises(InvalidSpec):
        store.get_url("a", lifetime=lifetime)
    with pytest.raises(InvalidSpec):
        store.part_url("a", "u", 1, bytes=1, lifetime=lifetime)


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("film.mp4", "film.mp4"),
        ("Ünïcödé – 映画.mp4", "Ünïcödé – 映画.mp4"),
        ('a"; filename="evil.exe', 'a"; filename="evil.exe'),
        ("a\r\nSet-Cookie: a=b", "aSet-Cookie: a=b"),
        ("100%.mp4", "100%.mp4"),
        ("../../etc", "etc"),
    ],
)
def test_a_browser_saves_the_file_under_the_name_that_is_given(store: S3Store, name: str, saved: str) -> None:
    store.put("a", [b"x"])

    answer = httpx2.get(store.get_url("a", lifetime=MINUTE, filename=name))

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    said = answer.headers["Content-Disposition"]
    plain, _, extended = said.removeprefix('attachment; filename="').partition("; filename*=UTF-8''")
    assert (unquote(extended) or plain.removesuffix('"')) == saved


def test_an_address_leads_where_browsers_reach_the_store(place: Bucket) -> None:
    with in_front_of(place.server.port) as front:
        store = place.store(public_endpoint=front.url)
        store.put("a", [b"through the front"])
        assert front.seen == []

        url = store.get_url("a", lifetime=MINUTE)

        assert url.startswith(f"{front.url}/")
        assert httpx2.get(url).content == b"through the front"
        upload = store.start_parts("b")
        part = store.part_url("b", upload, 1, bytes=1, lifetime=MINUTE)
        assert httpx2.put(part, content=b"x").status_code == 200


def test_a_bucket_stands_where_the_addressing_says(place: Bucket) -> None:
    virtual = place.store(endpoint="https://s3.example.net", addressing="virtual")
    path = place.store(endpoint="https://s3.example.net", addressing="path")

    assert urlsplit(virtual.get_url("a", lifetime=MINUTE)).netloc == f"{place.bucket}.s3.example.net"
    assert path.get_url("a", lifetime=MINUTE).startswith(f"https://s3.example.net/{place.bucket}/")
    for store in (virtual, path):
        query = parse_qs(urlsplit(store.get_url("a", lifetime=MINUTE)).query)
        assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]


# Addresses that take parts


def test_parts_are_sent_straight_to_the_store(store: S3Store) -> None:
    data = secrets.token_bytes(MIN_PART + 99)
    pieces = [data[:MIN_PART], data[MIN_PART:]]
    upload = store.start_parts("a", content_type="video/mp4")

    for number, piece in enumerate(pieces, 1):
        url = store.part_url("a", upload, number, bytes=len(piece), lifetime=MINUTE)
        answer = httpx2.put(url, content=piece)
        assert answer.status_code == 200
        assert answer.headers["ETag"].strip('"') == store.parts("a", upload)[number - 1].etag
    store.complete_parts("a", upload, store.parts("a", upload))

    assert content(store, "a") == data


def test_an_address_takes_a_part_of_just_its_size(store: S3Store) -> None:
    upload = store.start_parts("a")
    url = store.part_url("a", upload, 1, bytes=10, lifetime=MINUTE)

    for wrong in (b"", b"123456789", b"12345678901", b"x" * 1_000_000):
        assert httpx2.put(url, content=wrong).status_code == 403
    assert httpx2.put(url.replace("partNumber=1", "partNumber=2"), content=b"1234567890").status_code == 403

    assert store.parts("a", upload) == ()
    assert httpx2.put(url, content=b"1234567890").status_code == 200
    assert httpx2.put(url, content=b"again     ").status_code == 200


def test_with_a_digest_an_address_takes_just_these_bytes(store: S3Store) -> None:
    upload = store.start_parts("a")
    good, bad = b"as announced", b"not that one"
    digest = hashlib.sha256(good).hexdigest()
    url = store.part_url("a", upload, 1, bytes=len(good), lifetime=MINUTE, sha256=digest.upper())
    header = {"x-amz-content-sha256": digest}

    assert httpx2.put(url, content=bad, headers=header).status_code == 400
    assert httpx2.put(url, content=bad).status_code == 403
    other = hashlib.sha256(bad).hexdigest()
    for claim in (other, "UNSIGNED-PAYLOAD"):
        assert httpx2.put(url, content=bad, headers={"x-amz-content-sha256": claim}).status_code == 403
    assert store.parts("a", upload) == ()

    assert httpx2.put(url, content=good, headers=header).status_code == 200
    assert store.complete_parts("a", upload, store.parts("a", upload)).bytes == len(good)


@pytest.mark.parametrize("sha256", ["", "00", "g" * 64, "0" * 63])
def test_a_digest_that_is_none_is_refused(store: S3Store, sha256: str) -> None:
    with pytest.raises(InvalidSpec):
        store.part_url("a", "u", 1, bytes=1, lifetime=MINUTE, sha256=sha256)


def test_an_address_for_a_part_of_no_upload_is_refused(store: S3Store) -> None:
    with pytest.raises(UploadNotFound):
        store.part_url("a", "", 1, bytes=1, lifetime=MINUTE)
    for number in (0, 10_001):
        with pytest.raises(InvalidUpload):
            store.part_url("a", "u", number, bytes=1, lifetime=MINUTE)


# Other sites' pages


def test_pages_of_allowed_origins_may_send_parts_and_read_their_etags(place: Bucket) -> None:
    client = rgw.client(place.server)
    own = f"cors-{secrets.token_hex(4)}"
    client.create_bucket(Bucket=own)
    store = place.store(bucket=own)
    store.allow_origins(["https://mill.example"])
    upload = store.start_parts("a")
    url = store.part_url("a", upload, 1, bytes=1, lifetime=MINUTE)
    asked = {
        "Origin": "https://mill.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type,x-amz-content-sha256",
    }

    allowed = httpx2.options(url, headers=asked)
    sent = httpx2.put(url, content=b"x", headers={"Origin": "https://mill.example"})
    refused = httpx2.options(url, headers={**asked, "Origin": "https://evil.example"})

    assert allowed.headers["Access-Control-Allow-Origin"] == "https://mill.example"
    assert "PUT" in allowed.headers["Access-Control-Allow-Methods"]
    assert "x-amz-content-sha256" in allowed.headers["Access-Control-Allow-Headers"]
    assert sent.status_code == 200
    assert "ETag" in sent.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_the_command_line_allows_origins(
    place: Bucket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = rgw.client(place.server)
    own = f"cors-{secrets.token_hex(4)}"
    client.create_bucket(Bucket=own)
    for name, value in (
        ("STORAGE", "s3"),
        ("S3_BUCKET", own),
        ("S3_ENDPOINT", rgw.url(place.server)),
        ("S3_ACCESS_KEY", rgw.ACCESS_KEY),
        ("S3_SECRET_KEY", place.server.password),
    ):
        monkeypatch.setenv(f"FRAMEMILL_{name}", value)

    monkeypatch.setenv("FRAMEMILL_PUBLIC_URL", "https://mill.example/films")
    before = looked_at(open_app())

    assert origins(["https://mill.example", "http://localhost:8000"]) == 0

    assert [(f.name, f.state, f.hint) for f in (*before, *looked_at(open_app()))] == [
        ("storage", "ok", None),
        ("pages", "warning", "framemill storage origins https://mill.example"),
        ("storage", "ok", None),
        ("pages", "ok", None),
    ]
    (rule,) = client.get_bucket_cors(Bucket=own)["CORSRules"]
    assert set(rule["AllowedOrigins"]) == {"https://mill.example", "http://localhost:8000"}
    for wrong in ("mill.example", "https://mill.example/", "*", "https://*.example", ""):
        with pytest.raises(InvalidSpec):
            origins([wrong])
    monkeypatch.setenv("FRAMEMILL_STORAGE", "local")
    with pytest.raises(InvalidSettings, match="FRAMEMILL_STORAGE"):
        origins(["https://mill.example"])


# What is kept there


def test_a_prefix_keeps_to_itself(place: Bucket) -> None:
    mine, other = place.store(prefix="one"), place.store(prefix="/one-more/")
    mine.put("a/b", [b"mine"])
    other.put("a/b", [b"other"])
    upload = other.start_parts("a/c")

    assert [blob.key for blob in mine.list("")] == ["a/b"]
    assert list(mine.unfinished("")) == []
    mine.delete(["a/b"])
    assert content(other, "a/b") == b"other"
    with pytest.raises(UploadNotFound):
        mine.parts("a/c", upload)


@pytest.mark.parametrize("in_parts", [False, True])
def test_a_type_is_kept_by_files_and_their_copies(place: Bucket, in_parts: bool) -> None:
    sizes = Sizes(part=MIN_PART, copied=1_000_000, copied_part=MIN_PART)
    store = place.store(sizes=sizes)
    data = b"x" * (MIN_PART + 1 if in_parts else 10)

    store.put("a", [data], content_type="video/webm")
    store.copy("a", "b")
    upload = store.start_parts("c", content_type="video/webm")
    store.complete_parts("c", upload, [store.put_part("c", upload, 1, [data])])

    assert {head(place, key)["ContentType"] for key in "abc"} == {"video/webm"}


def test_more_files_than_one_answer_holds_are_listed_and_deleted(store: S3Store) -> None:
    names = [f"n/{number:04}" for number in range(1005)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: store.put(name, [b"x"]), names))

    assert [blob.key for blob in store.list("n/")] == names
    store.delete(iter(names))
    assert list(store.list("")) == []


def test_a_copy_in_parts_takes_no_file_that_changed_meanwhile(
    place: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from framemill.storage.s3 import uploads

    store = place.store(sizes=Sizes(copied=1_000_000, copied_part=MIN_PART))
    store.put("a", [b"1" * (MIN_PART + 1)])
    start = uploads.start

    def replaced_first(*args: object, **named: object) -> str:
        store.put("a", [b"2" * (MIN_PART + 1)])
        return start(*args, **named)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(uploads, "start", replaced_first)

    with pytest.raises(FramemillError) as changed:
        store.copy("a", "b")

    assert changed.value.transient
    monkeypatch.undo()
    assert [blob.key for blob in store.list("")] == ["a"]
    assert list(store.unfinished("")) == []


def test_what_is_deleted_is_named_with_the_digest_that_every_store_knows(place: Bucket) -> None:
    connection = place.connection()
    sent: list[dict[str, str]] = []
    connection.client.meta.events.register(
        "before-send.s3.DeleteObjects", lambda request, **_: sent.append(dict(request.headers))
    )

    S3Store(connection).delete(["a"])

    (headers,) = sent
    assert headers["Content-MD5"]
    assert [name for name in headers if name.lower().startswith("x-amz-checksum")] == []


# Encryption


@pytest.fixture(params=["kms", "c"], name="sealed")
def _sealed(request: pytest.FixtureRequest, place: Bucket) -> S3Store:
    key = {"kms": "test-key", "c": OWN_KEY}[request.param]
    return place.store(
        sse=request.param, sse_key=key, sizes=Sizes(part=MIN_PART, copied=1_000_000, copied_part=MIN_PART)
    )


def test_an_encrypted_store_does_all_that_a_store_does(sealed: S3Store) -> None:
    data = secrets.token_bytes(MIN_PART + 12_345)
    upload = sealed.start_parts("parts")
    parts = [
        sealed.put_part("parts", upload, 1, [data[:MIN_PART]]),
        sealed.put_part("parts", upload, 2, [data[MIN_PART:]]),
    ]

    sealed.put("small", [data[:100]])
    sealed.put("large", [data])
    sealed.complete_parts("parts", upload, parts)
    # Ceph copies nothing that is encrypted, so these pass through here.
    sealed.copy("small", "small-copy")
    sealed.copy("large", "large-copy")

    assert content(sealed, "small") == content(sealed, "small-copy") == data[:100]
    assert content(sealed, "large") == content(sealed, "large-copy") == content(sealed, "parts") == data
    assert (
        b"".join(sealed.read("large", start=MIN_PART - 3, stop=MIN_PART + 3))
        == data[MIN_PART - 3 : MIN_PART + 3]
    )
    assert [blob.bytes for blob in sealed.list("")] == [len(data)] * 3 + [100] * 2


def test_files_are_encrypted_as_it_was_asked_for(place: Bucket) -> None:
    place.store(sse="kms", sse_key="test-key").put("managed", [b"x"])
    place.store(sse="c", sse_key=OWN_KEY).put("own", [b"x"])

    assert head(place, "managed")["ServerSideEncryption"] == "aws:kms"
    for other in (place.store(), place.store(sse="c", sse_key=b64encode(b"z" * 32).decode())):
        with pytest.raises(FramemillError):
            content(other, "own")


def test_with_a_key_of_ones_own_addresses_lead_through_the_api(place: Bucket) -> None:
    store = place.store(sse="c", sse_key=OWN_KEY)
    alone = S3Store(place.connection(sse="c", sse_key=OWN_KEY))

    for url in (
        store.get_url("a", lifetime=MINUTE),
        store.part_url("a", "u", 1, bytes=1, lifetime=MINUTE),
    ):
        assert url.startswith("https://mill.example/storage/")
        assert OWN_KEY not in unquote(url)
    # Without an API there is no address that would open anything.
    with pytest.raises(NotSupported):
        alone.get_url("a", lifetime=MINUTE)
    with pytest.raises(NotSupported):
        alone.part_url("a", "u", 1, bytes=1, lifetime=MINUTE)


def test_files_with_a_managed_key_are_read_by_their_address(place: Bucket) -> None:
    store = place.store(sse="kms", sse_key="test-key")
    store.put("a", [b"opened by the store"])

    assert httpx2.get(store.get_url("a", lifetime=MINUTE)).content == b"opened by the store"


# Settings


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"bucket": "there-is-none"}, "BUCKET"),
        ({"access_key": "NOBODY"}, "ACCESS_KEY"),
        ({"secret_key": "wrong"}, "SECRET_KEY"),
    ],
)
def test_a_wrong_setting_is_called_so(place: Bucket, changed: dict[str, str], said: str) -> None:
    store = place.store(**changed)

    for act in (lambda: store.put("a", [b"x"]), lambda: list(store.list("")), lambda: store.start_parts("a")):
        with pytest.raises(InvalidSettings, match=said):
            act()


@pytest.mark.parametrize(
    "changed",
    [
        {"secret_key": None},
        {"prefix": "../up"},
        {"prefix": "a//b"},
        {"sse": "c"},
        {"sse": "c", "sse_key": "c2hvcnQ="},
        {"sse": "c", "sse_key": "no base64!"},
        {"sse": "s3", "sse_key": OWN_KEY},
        {"endpoint": "not a url"},
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(place: Bucket, changed: dict[str, str | None]) -> None:
    with pytest.raises(InvalidSettings) as refused:
        place.store(**changed)

    assert OWN_KEY not in str(refused.value)


def test_the_application_opens_the_store_that_its_settings_name(place: Bucket) -> None:
    settings = Settings.model_validate(
        {
            "storage": "s3",
            "s3_bucket": place.bucket,
            "s3_endpoint": rgw.url(place.server),
            "s3_access_key": rgw.ACCESS_KEY,
            "s3_secret_key": place.server.password,
            "s3_prefix": place.prefix,
            "s3_addressing": "path",
        }
    )

    open_app(settings, in_memory=True).blobs.put("a", [b"x"])

    assert content(place.store(), "a") == b"x"
    with pytest.raises(InvalidSettings, match="FRAMEMILL_S3_BUCKET"):
        _ = open_app(Settings(storage="s3"), in_memory=True).blobs


def test_no_secret_shows_when_a_connection_is_printed(place: Bucket) -> None:
    connection = place.connection(sse="c", sse_key=OWN_KEY)

    assert place.server.password not in repr(connection)
    assert "kkkk" not in repr(connection)


def test_a_store_that_is_not_reached_with_a_wrong_part_says_which(store: S3Store) -> None:
    upload = store.start_parts("a")
    store.put_part("a", upload, 1, [b"x"])

    with pytest.raises(InvalidUpload, match="part 2"):
        store.complete_parts("a", upload, [Part(number=2, bytes=1, etag="0" * 32)])
    with pytest.raises(BlobNotFound):
        store.stat("a")

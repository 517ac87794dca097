import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.api.forms import IncomingForm
from framemill.errors import InvalidSpec

BOUNDARY = "xYz-123"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def a_form(content: bytes, *, fields: dict[str, str] | None = None, after: bytes = b"") -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in (fields or {}).items()
    ]
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n'
        "Content-Type: video/mp4\r\n\r\n"
    )
    return b"".join([*parts, head.encode(), content, b"\r\n", after, f"--{BOUNDARY}--\r\n".encode()])


@given(
    content=st.binary(max_size=400)
    | st.sampled_from([b"\r\n", b"--xYz-123", b"\r\n--xYz-12", b"\r\n--" * 9]),
    size=st.integers(1, 90),
)
def test_a_file_is_the_same_however_its_form_is_cut(content: bytes, size: int) -> None:
    whole = a_form(content, fields={"notes": "größer", "title": "a\r\nb"})
    pieces = (whole[i : i + size] for i in range(0, len(whole), size))

    form = IncomingForm(TYPE, pieces)

    assert form.fields() == {"notes": "größer", "title": "a\r\nb"}
    assert form.filename == "film.mp4"
    assert b"".join(form.content()) == content


@pytest.mark.parametrize("kept", range(0, len(a_form(b"content")) - 4, 7))
def test_a_form_that_breaks_off_is_no_file(kept: int) -> None:
    with pytest.raises(InvalidSpec):
        _read(a_form(b"content")[:kept])


@pytest.mark.parametrize(
    "whole",
    [
        a_form(
            b"x", after=f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="late"\r\n\r\nx\r\n'.encode()
        ),
        a_form(b"x", fields={f"f{n}": "x" for n in range(30)}),
        a_form(b"x", fields={"long": "x" * 70_000}),
        a_form(b"x", fields={"x" * 9000: "1"}),
        b"no form at all" * 100,
    ],
    ids=["a field after the file", "too many", "too long", "a long name", "nonsense"],
)
def test_a_form_of_another_shape_is_refused(whole: bytes) -> None:
    with pytest.raises(InvalidSpec):
        _read(whole)


@pytest.mark.parametrize(
    "kind", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=x"]
)
def test_what_is_no_form_is_refused(kind: str) -> None:
    with pytest.raises(InvalidSpec):
        IncomingForm(kind, iter(()))


def _read(whole: bytes) -> bytes:
    form = IncomingForm(TYPE, iter([whole]) if whole else iter(()))
    form.fields()
    return b"".join(form.content())

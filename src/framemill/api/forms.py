"""A form with one file, read as it comes: first its fields, then the file's bytes, none of them kept.

Frameworks put the whole file into a temporary one first.
"""

from collections import deque
from collections.abc import Iterator

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from framemill.errors import InvalidSpec

_MOST_FIELDS = 20
_LONGEST_FIELDS = 64 << 10  # bytes of all of them
_LONGEST_HEADERS = 8 << 10
_HINT = "curl -F workspace=default -F file=@FILE: the file comes last"


class IncomingForm:
    """One form; read `fields` before `content`."""

    def __init__(self, content_type: str, pieces: Iterator[bytes]) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise InvalidSpec("the request is no form with a file", hint=_HINT)
        self._pieces = pieces
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_over,
                "on_end": self._all,
            },
        )
        self._fields: dict[str, str] = {}
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self._field: str | None = None  # the one that is being read
        self._text = bytearray()
        self._read = 0
        self._file: deque[bytes] = deque()
        self._over = False
        self.filename: str | None = None

    def fields(self) -> dict[str, str]:
        """The fields before the file; InvalidSpec where there is no file."""
        while self.filename is None:
            if not self._more():
                raise InvalidSpec("the form has no file", hint=_HINT)
        return self._fields

    def content(self) -> Iterator[bytes]:
        """The file; InvalidSpec where the form breaks off, or something follows."""
        while True:
            while self._file:
                yield self._file.popleft()
            if not self._more():
                if not self._over:
                    raise InvalidSpec("the form breaks off", hint="send it again")
                return

    def _more(self) -> bool:
        piece = next(self._pieces, b"")
        if not piece:
            return False
        try:
            self._parser.write(piece)
        except MultipartParseError as error:
            raise InvalidSpec("the form is malformed", hint=_HINT) from error
        return True

    def _begin(self) -> None:
        if self.filename is not None:
            raise InvalidSpec("something follows the file in the form", hint=_HINT)
        self._headers = {}
        self._text = bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._measure()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._measure()

    def _measure(self) -> None:
        if len(self._name) + len(self._value) > _LONGEST_HEADERS or len(self._headers) > _MOST_FIELDS:
            raise InvalidSpec("the form's headers are too long")

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _headers_over(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            if name != "file":
                raise InvalidSpec(f"the file's field is called {name[:40]!r}, not 'file'", hint=_HINT)
            self.filename = options[b"filename"].decode("utf-8", "replace")
            self._field = None
        elif len(self._fields) >= _MOST_FIELDS:
            raise InvalidSpec(f"the form has more than {_MOST_FIELDS} fields")
        else:
            self._field = name

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._file.append(data[start:end])
            return
        self._read += end - start
        if self._read > _LONGEST_FIELDS:
            raise InvalidSpec(f"the form's fields have more than {_LONGEST_FIELDS} bytes")
        self._text += data[start:end]

    def _end(self) -> None:
        if self._field is not None:
            self._fields[self._field] = self._text.decode("utf-8", "replace")

    def _all(self) -> None:
        self._over = True

"""Forms with files, read as they arrive: nothing of them touches the disk here (RFC 7578)."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser
from werkzeug.http import parse_options_header

from pledge.errors import LimitError, MalformedError
from pledge.web.uploads import Upload

MAX_PARTS: Final = 300
MAX_FIELD_BYTES: Final = 500_000
OVERHEAD_BYTES: Final = 1 << 20
"""More than the boundaries, headers and fields of any form of this site."""

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")


class Part(NamedTuple):
    """A field, or a file where it has a name of one; its data is gone once the next part is asked for."""

    name: str
    filename: str | None
    chunks: Iterator[bytes]

    def text(self) -> str:
        """Read a field whole.

        Raises:
            MalformedError: It is not text in UTF-8, or has a NUL.
            LimitError: It is too long.
        """
        held = bytearray()
        for chunk in self.chunks:
            held += chunk
            if len(held) > MAX_FIELD_BYTES:
                raise LimitError("This text is too long.", code="too-long")
        try:
            text = held.decode()
        except UnicodeDecodeError:
            raise _not_text() from None
        if "\0" in text:
            raise _not_text()
        return text


def read_parts(upload: Upload, content_type: str) -> Iterator[Part]:
    """Read a form's parts one after the other, in bounded memory.

    Raises:
        MalformedError: It is no such form, or was cut off.
        LimitError: It has too many parts, or one whose head does not end.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not _BOUNDARY.fullmatch(boundary):
        raise _no_form()
    events = _events(upload, PushMultipartParser(boundary, max_segment_count=MAX_PARTS))
    for event in events:
        if isinstance(event, MultipartSegment):
            chunks = _data(events)
            yield Part(event.name or "", event.filename, chunks)
            for _ in chunks:  # what the caller did not want
                pass


def _data(events: Iterator[object]) -> Iterator[bytes]:
    while isinstance(event := next(events), bytes | bytearray):
        yield bytes(event)


def _events(upload: Upload, parser: PushMultipartParser) -> Iterator[object]:
    """Give what the parser finds, fed with the body piece by piece."""
    try:
        for chunk in upload.chunks():
            yield from parser.parse(chunk)
        yield from parser.parse(b"")
    except ParserLimitReached:
        raise LimitError("This form has too many parts.", code="too-many-parts") from None
    except MultipartError:
        raise _no_form() from None


def _no_form() -> MalformedError:
    return MalformedError("This is not a form as the page sends it. Nothing was kept.", code="not-a-form")


def _not_text() -> MalformedError:
    return MalformedError("Something in this form is not text in UTF-8. Nothing was kept.", code="not-text")

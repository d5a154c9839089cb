"""Forms that are read as they arrive, in whatever pieces."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pledge.errors import LimitError, MalformedError, PledgeError
from pledge.web.multipart import MAX_FIELD_BYTES, MAX_PARTS, read_parts
from pledge.web.uploads import Upload

KIND = "multipart/form-data; boundary=x"


class Dribble(BytesIO):
    """Gives at most so much at once, as a network does."""

    def __init__(self, data: bytes, step: int) -> None:
        super().__init__(data)
        self._step = step

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(self._step, size if size and size > 0 else self._step))


def form(*parts: tuple[str, str | None, bytes]) -> bytes:
    body = b""
    for name, filename, data in parts:
        file = "" if filename is None else f'; filename="{filename}"'
        head = f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        body += head.encode() + data + b"\r\n"
    return body + b"--x--\r\n"


def parts_of(body: bytes, step: int = 65_536, kind: str = KIND) -> list[tuple[str, str | None, bytes]]:
    upload = Upload(Dribble(body, step), len(body))
    return [(part.name, part.filename, b"".join(part.chunks)) for part in read_parts(upload, kind)]


@settings(deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=300), st.integers(1, 64))
def test_parts_come_out_as_they_went_in(first: bytes, second: bytes, step: int) -> None:
    sent = [("text", None, first), ("files", "a.bin", second)]
    body = form(*sent)
    if b"--x" not in first + second:
        assert parts_of(body, step) == sent


def test_a_large_file_is_not_held() -> None:
    body = form(("files", "a.bin", bytes(4 << 20)))
    upload = Upload(Dribble(body, 65_536), len(body))
    (part,) = [part for part in read_parts(upload, KIND) if max(map(len, part.chunks)) <= 1 << 17]
    assert part.filename == "a.bin"


def test_what_nobody_reads_is_passed_over() -> None:
    body = form(("a", None, b"1" * 100_000), ("b", None, b"2"))
    upload = Upload(BytesIO(body), len(body))
    assert [part.name for part in read_parts(upload, KIND)] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", KIND),
        (form(("a", None, b"1"))[:-8], KIND),
        (form(("a", None, b"1")), "multipart/form-data"),
        (form(("a", None, b"1")), "multipart/form-data; boundary=" + "y" * 71),
        (form(("a", None, b"1")), "multipart/form-data; boundary=z"),
        (form(("a", None, b"1")), "text/plain; boundary=x"),
        (b"--x\r\nContent-Type: text/plain\r\n\r\n1\r\n--x--\r\n", KIND),
        (b"--x\r\nX: " + b"a" * (1 << 20), KIND),
        (b"a" * (1 << 20), KIND),
        (form(*[("a", None, b"1")] * (MAX_PARTS + 1)), KIND),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(PledgeError):
        parts_of(body, kind=kind)


def test_a_body_that_ends_early_is_refused() -> None:
    body = form(("a", None, b"1"))
    with pytest.raises(MalformedError, match="did not arrive whole"):
        list(read_parts(Upload(BytesIO(body[:-1]), len(body)), KIND))


@pytest.mark.parametrize("data", [b"\xff", b"a\0b", b"x" * (MAX_FIELD_BYTES + 1)])
def test_a_field_is_text_of_bounded_length(data: bytes) -> None:
    body = form(("a", None, data))
    with pytest.raises((MalformedError, LimitError)):
        [part.text() for part in read_parts(Upload(BytesIO(body), len(body)), KIND)]

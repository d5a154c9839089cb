"""The inside of an envelope: a ZIP archive of stored entries, padded to one of a few sizes, written as a stream.

A size so tells a size class and nothing else, every language pads alike, and whoever has a current ``age`` and
``unzip`` can open a tip with these alone. ZIP as in APPNOTE 6.3.10, section 4.3, narrowed to one way of writing it:

┌──────────────────────────┬──────┬────────────────┐
│ local header[30] ‖ name  │ data │ descriptor[16] │  × entries, the last of them ``padding``
├──────────────────────────┴──────┴────────────────┤
│ central header[46] ‖ name                        │  × entries: the directory
├──────────────────────────────────────────────────┤
│ end[22]                                          │
└──────────────────────────────────────────────────┘

Sizes and CRC-32 of an entry stand in its descriptor and its central header, and are zero in its local header, because
they are not known when it begins. No times, no attributes, no comments. ``padding`` holds as many zero bytes as bring
the whole to a size class exactly.

The directory stands at the end, and a reader needs it first: ``read_directory`` takes the tail and checks names and
sizes before anything is written; ``read_entries`` then takes the whole, as a stream.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from pledge.core.filename import fit_name
from pledge.errors import LimitError, MalformedError

SIZE_CLASSES: Final[tuple[int, ...]] = tuple(1024 << n for n in (2, 4, 6, 8, *range(10, 20)))
"""4, 16, 64, 256 KiB and 1, 2, 4, … 512 MiB: all sizes in bytes that an archive may have."""

MANIFEST: Final = "manifest.json"
PADDING: Final = "padding"
MAX_FILES: Final = 100
TAIL_BYTES: Final = 65_536
"""So much of an archive's end always holds the whole directory."""

_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_DESCRIPTOR: Final = struct.Struct("<4sIII")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")
_VERSION: Final = 20  # the first that knows descriptors
_MADE_BY: Final = 3 << 8 | _VERSION  # Unix, so that unzip takes names as UTF-8
_MODE: Final = 0o100600 << 16  # a file for its owner alone
_FLAGS: Final = 0x0808  # sizes in a descriptor; names in UTF-8
_DATE: Final = 0x0021  # 1980-01-01, the first day there is; the time is midnight
_ZEROS: Final = bytes(65_536)

_FILE: Final = re.compile(r"files/([1-9][0-9]{0,2})-(.+)", re.DOTALL)


class Entry(NamedTuple):
    """An entry as the directory has it: its name, and its data's size and CRC-32."""

    name: str
    size_bytes: int
    crc32: int

    @property
    def written_bytes(self) -> int:
        """What it takes before the directory: header, name, data and descriptor."""
        return _LOCAL.size + len(self.name.encode()) + self.size_bytes + _DESCRIPTOR.size


def file_entry_name(number: int, name: str) -> str:
    """Name the entry of a file, ``files/<number>-<name>``; numbers count from 1, names are made fit."""
    return f"files/{number}-{fit_name(name)}"


def write_archive(entries: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """Write files, a manifest, the padding and the directory, in chunks that are one archive together.

    The next entry is asked for only once the one before is written, so that a manifest can tell of the files.

    Args:
        entries: Files in the order of their numbers (``file_entry_name``), then ``MANIFEST``; each with its data in
            chunks of any size.

    Raises:
        MalformedError: Other names, or another order.
        LimitError: More than the largest size class holds.
    """
    written: list[Entry] = []
    room = SIZE_CLASSES[-1]
    for name, chunks in entries:
        _check_name(name, len(written))
        yield _local(name)
        size = crc = 0
        for chunk in chunks:
            size += len(chunk)
            if size > room:
                raise LimitError("This is more than one tip can hold.", code="too-large")
            crc = zlib.crc32(chunk, crc)
            yield chunk
        yield _DESCRIPTOR.pack(b"PK\x07\x08", crc, size, size)
        room -= size
        written.append(Entry(name, size, crc))
    _check_order(written)
    yield from _finish(written)


def size_class(entries: Sequence[tuple[str, int]]) -> int:
    """Give the size in bytes to which an archive of entries, as names and sizes, is padded.

    Raises:
        LimitError: There is none that large.
    """
    return _size_class([Entry(name, size, 0) for name, size in entries])


def read_directory(tail: bytes, total_bytes: int) -> tuple[Entry, ...]:
    """Read the directory, and check that it is of an archive of exactly this size and form.

    Args:
        tail: The archive's end: ``TAIL_BYTES`` of it, or the whole.
        total_bytes: The archive's size.

    Returns:
        The files in order, then the manifest; without the padding.

    Raises:
        MalformedError: ``write_archive`` would not have written it: another size, unfit names, sizes that do not
            add up.
    """
    try:
        *_, size, start, _ = _END.unpack(tail[-_END.size :])
        directory = tail[len(tail) - _END.size - size : len(tail) - _END.size]
        entries = [*_parse_directory(directory)]
        if not entries or start != sum(entry.written_bytes for entry in entries):
            raise MalformedError("The sizes in this archive do not add up.")
        *content, padding = entries
        for place, entry in enumerate(content):
            _check_name(entry.name, place)
        _check_order(content)
        expected = [_padding(content), _size_class(content), _directory(entries)]
    except (struct.error, UnicodeDecodeError, LimitError):
        raise MalformedError("This archive has no directory of the form that is read here.") from None
    if [padding, total_bytes, directory + tail[-_END.size :]] != expected:
        raise MalformedError("This archive is not written or padded as it must be.")
    return tuple(content)


def read_entries(
    chunks: Iterable[bytes], directory: Sequence[Entry]
) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    """Read an archive as a stream, against its directory.

    Args:
        chunks: The whole archive, in chunks of any size.
        directory: What ``read_directory`` gave.

    Yields:
        Each entry, and its data in chunks. They are known to be right only once all have been taken: whoever writes
        them somewhere takes them back where this raises.

    Raises:
        MalformedError: This is not the archive that belongs to the directory.
    """
    source = _Source(chunks)
    for entry in directory:
        source.expect(_local(entry.name))
        data = _checked(source.take(entry.size_bytes), entry)
        yield entry, data
        for _ in data:  # what the caller did not want
            pass
        source.expect(_DESCRIPTOR.pack(b"PK\x07\x08", entry.crc32, entry.size_bytes, entry.size_bytes))
    for rest in _finish(directory):
        source.expect(rest)
    source.expect_end()


def _check_name(name: str, place: int) -> None:
    match = _FILE.fullmatch(name)
    is_file = match is not None and name == file_entry_name(place + 1, match[2]) and place < MAX_FILES
    if not is_file and name != MANIFEST:
        raise MalformedError("A name in this archive is not fit for a file, or not in its place.")


def _check_order(content: Sequence[Entry]) -> None:
    names = [entry.name for entry in content]
    if names[-1:] != [MANIFEST] or names.count(MANIFEST) != 1:
        raise MalformedError("An archive ends with its one manifest.")


def _size_class(content: Sequence[Entry]) -> int:
    least = _bytes([*content, Entry(PADDING, 0, 0)])
    found = next((size for size in SIZE_CLASSES if size >= least), None)
    if found is None:
        raise LimitError("This is more than one tip can hold.", code="too-large")
    return found


def _bytes(entries: Iterable[Entry]) -> int:
    size = _END.size
    for entry in entries:
        size += entry.written_bytes + _CENTRAL.size + len(entry.name.encode())
    return size


def _padding(content: Sequence[Entry]) -> Entry:
    size = _size_class(content) - _bytes([*content, Entry(PADDING, 0, 0)])
    crc = 0
    for chunk in _zeros(size):
        crc = zlib.crc32(chunk, crc)
    return Entry(PADDING, size, crc)


def _zeros(size: int) -> Iterator[bytes]:
    while size:
        yield _ZEROS[:size]
        size -= len(_ZEROS[:size])


def _finish(content: Sequence[Entry]) -> Iterator[bytes]:
    padding = _padding(content)
    yield _local(PADDING)
    yield from _zeros(padding.size_bytes)
    yield _DESCRIPTOR.pack(b"PK\x07\x08", padding.crc32, padding.size_bytes, padding.size_bytes)
    yield _directory([*content, padding])


def _local(name: str) -> bytes:
    encoded = name.encode()
    return _LOCAL.pack(b"PK\x03\x04", _VERSION, _FLAGS, 0, 0, _DATE, 0, 0, 0, len(encoded), 0) + encoded


def _directory(entries: Sequence[Entry]) -> bytes:
    headers = []
    start = 0
    for entry in entries:
        name, size, crc = entry.name.encode(), entry.size_bytes, entry.crc32
        headers.append(
            _CENTRAL.pack(
                *(b"PK\x01\x02", _MADE_BY, _VERSION, _FLAGS, 0, 0, _DATE),
                *(crc, size, size, len(name), 0, 0, 0, 0, _MODE, start),
            )
        )
        headers.append(name)
        start += entry.written_bytes
    directory = b"".join(headers)
    count = len(entries)
    return directory + _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)


def _parse_directory(data: bytes) -> Iterator[Entry]:
    """Take names, sizes and checksums out of the directory; that it is of the one form is checked by writing it."""
    place = 0
    while place < len(data):
        fields = _CENTRAL.unpack_from(data, place)
        crc, size, name_bytes = fields[7], fields[9], fields[10]
        place += _CENTRAL.size + name_bytes
        yield Entry(data[place - name_bytes : place].decode(), size, crc)


def _checked(chunks: Iterable[bytes], entry: Entry) -> Iterator[bytes]:
    crc = 0
    for chunk in chunks:
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if crc != entry.crc32:
        raise MalformedError("A file in this archive is damaged.")


class _Source:
    """Takes exact numbers of bytes from chunks of any size."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = iter(chunks)
        self._rest = b""

    def take(self, size: int) -> Iterator[bytes]:
        """Give the next ``size`` bytes, in chunks."""
        while size:
            chunk = self._rest or next(self.chunks, None)
            if chunk is None:
                raise MalformedError("This archive is cut off.")
            self._rest = chunk[size:]
            size -= len(chunk) - len(self._rest)
            yield chunk[: len(chunk) - len(self._rest)]

    def expect(self, expected: bytes) -> None:
        """Take what must come next."""
        if b"".join(self.take(len(expected))) != expected:
            raise MalformedError("This archive is not the one that its directory describes.")

    def expect_end(self) -> None:
        """Check that nothing is left."""
        if self._rest or any(self.chunks):
            raise MalformedError("Something stands behind this archive.")

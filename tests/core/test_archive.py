import base64
import io
import json
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core import archive
from pledge.core.archive import (
    MANIFEST,
    SIZE_CLASSES,
    TAIL_BYTES,
    file_entry_name,
    read_directory,
    read_entries,
    size_class,
    write_archive,
)
from pledge.errors import LimitError, MalformedError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/archive.json").read_text(encoding="utf-8"))

names = st.text(st.characters(codec="utf-8"), max_size=300)
contents = st.lists(st.tuples(names, st.lists(st.binary(max_size=200), max_size=4)), max_size=5)


def pack(*files: tuple[str, bytes], manifest: bytes = b"{}") -> bytes:
    entries = [(file_entry_name(n, name), [data]) for n, (name, data) in enumerate(files, 1)]
    return b"".join(write_archive([*entries, (MANIFEST, [manifest])]))


def unpack(data: bytes, *, chunk: int = 1000) -> dict[str, bytes]:
    directory = read_directory(data[-TAIL_BYTES:], len(data))
    chunks = (data[start : start + chunk] for start in range(0, len(data), chunk))
    return {entry.name: b"".join(content) for entry, content in read_entries(chunks, directory)}


def inflate(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["what"])
def test_archives_are_what_the_vectors_say(case: dict[str, Any]) -> None:
    files = [(file["name"], inflate(file["data"])) for file in case["files"]]
    archive = inflate(case["archive"])
    assert pack(*files, manifest=inflate(case["manifest"])) == archive
    expected = {file_entry_name(n, name): data for n, (name, data) in enumerate(files, 1)}
    assert unpack(archive) == expected | {MANIFEST: inflate(case["manifest"])}


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["what"])
def test_archives_are_refused_where_the_vectors_say(case: dict[str, str]) -> None:
    archive = inflate(case["archive"])
    if case["at"] == "entries":
        read_directory(archive[-TAIL_BYTES:], len(archive))
    with pytest.raises(MalformedError):
        unpack(archive)


@given(contents, st.binary(max_size=50), st.integers(1, 5000))
def test_what_is_written_is_read_back_whatever_the_chunks(
    files: list[tuple[str, list[bytes]]], manifest: bytes, chunk: int
) -> None:
    entries = [(file_entry_name(n, name), data) for n, (name, data) in enumerate(files, 1)]
    written = b"".join(write_archive([*entries, (MANIFEST, [manifest])]))
    expected = {name: b"".join(data) for name, data in entries} | {MANIFEST: manifest}
    assert unpack(written, chunk=chunk) == expected
    assert len(written) == size_class([(name, len(data)) for name, data in expected.items()])
    with zipfile.ZipFile(io.BytesIO(written)) as other:
        assert other.testzip() is None
        assert {name: other.read(name) for name in other.namelist() if name != "padding"} == expected
        assert not any(other.read("padding"))


@pytest.mark.skipif(shutil.which("unzip") is None, reason="the command unzip is not installed")
def test_unzip_opens_it(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(pack(("手紙.txt", b"text"), ("../../x", b"y" * 70_000)))
    subprocess.run(["unzip", "-q", "a.zip"], cwd=tmp_path, check=True, env={"LC_ALL": "C.UTF-8"})
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"a.zip", "files/1-手紙.txt", "files/2-....x", "manifest.json", "padding"}
    assert (tmp_path / "files/2-....x").read_bytes() == b"y" * 70_000


def test_sizes_are_of_a_few_classes_only() -> None:
    assert SIZE_CLASSES[:6] == (4096, 16_384, 65_536, 262_144, 1 << 20, 2 << 20)
    assert SIZE_CLASSES[-1] == 512 << 20
    room = 4096 - (len(pack(manifest=b"")) - zipfile_padding(pack(manifest=b"")))
    assert len(pack(manifest=bytes(room))) == 4096
    assert len(pack(manifest=bytes(room + 1))) == 16_384


def zipfile_padding(data: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(data)) as other:
        return other.getinfo("padding").file_size


def test_a_manifest_can_tell_of_the_files_before_it() -> None:
    taken: list[str] = []

    def entries() -> Iterator[tuple[str, Iterator[bytes]]]:
        def data() -> Iterator[bytes]:
            taken.append("file")
            yield b"content"

        yield "files/1-a", data()
        yield MANIFEST, iter([",".join(taken).encode()])

    assert unpack(b"".join(write_archive(entries())))[MANIFEST] == b"file"


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [("files/1-a", [b""])],
        [(MANIFEST, [b""]), ("files/1-a", [b""])],
        [(MANIFEST, [b""]), (MANIFEST, [b""])],
        [("files/2-a", [b""]), (MANIFEST, [b""])],
        [("files/1-a/b", [b""]), (MANIFEST, [b""])],
        [("/etc/passwd", [b""]), (MANIFEST, [b""])],
        [("padding", [b""]), (MANIFEST, [b""])],
        [*((f"files/{n}-a", [b""]) for n in range(1, 102)), (MANIFEST, [b""])],
    ],
)
def test_other_entries_make_no_archive(entries: list[tuple[str, list[bytes]]]) -> None:
    with pytest.raises(MalformedError):
        b"".join(write_archive(entries))


def test_more_than_fits_is_refused_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "SIZE_CLASSES", (4096, 16_384))
    with pytest.raises(LimitError):
        pack(("a", b"x" * 16_385))
    with pytest.raises(LimitError):
        pack(("a", b"x" * 16_300))
    with pytest.raises(LimitError):
        size_class([("files/1-a", 16_300)])


def test_any_byte_changed_is_noticed() -> None:
    data = pack(("a.txt", b"some content"), manifest=b'{"type":"tip/v1"}')
    for place in [*range(400), *range(len(data) - 400, len(data))]:
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(MalformedError):
            unpack(bytes(changed))


def test_any_byte_missing_or_added_is_noticed() -> None:
    data = pack(("a.txt", b"some content"))
    directory = read_directory(data[-TAIL_BYTES:], len(data))
    for changed in (data[:-1], data[:100], b"", data + b"\0", data[1:]):
        with pytest.raises(MalformedError):
            unpack(changed)
        with pytest.raises(MalformedError):
            list(read_entries([changed], directory))


def test_an_entry_that_is_not_taken_is_checked_all_the_same() -> None:
    data = pack(("a.txt", b"some content"), ("b.txt", b"other"))
    directory = read_directory(data, len(data))
    assert [entry.name for entry, _ in read_entries([data], directory)] == [
        "files/1-a.txt",
        "files/2-b.txt",
        MANIFEST,
    ]
    with pytest.raises(MalformedError):
        list(read_entries([data.replace(b"some content", b"same content")], directory))


def test_a_zip_that_lies_about_sizes_is_refused() -> None:
    data = pack(("a.txt", b"some content"))
    size = (12).to_bytes(4, "little")
    start = data.rindex(size * 2)
    for lie in (0, 11, 13, 2**31, 2**32 - 1):
        changed = data[:start] + lie.to_bytes(4, "little") * 2 + data[start + 8 :]
        with pytest.raises(MalformedError):
            read_directory(changed, len(changed))


@given(st.binary(max_size=300))
def test_other_bytes_have_no_directory(data: bytes) -> None:
    with pytest.raises(MalformedError):
        read_directory(data, 4096)


def test_an_archive_padded_further_than_needed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "SIZE_CLASSES", SIZE_CLASSES[1:])
    larger = pack(("a", b"x"))
    monkeypatch.undo()
    with pytest.raises(MalformedError):
        read_directory(larger, len(larger))

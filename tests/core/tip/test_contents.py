import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pledge.core.age.hybrid import HybridIdentity
from pledge.core.archive import MANIFEST, write_archive
from pledge.core.tip.contents import Found, check_files, open_contents, read_files
from pledge.core.tip.message import MAX_MANIFEST_BYTES, File, format_manifest, sign_message
from pledge.errors import MalformedError, PledgeError, VerificationError
from tests.core.tip.kit import SOURCE, STEWARD, TIP
from tests.core.tip.sealing import READER, archive_of, envelope_of, file_of

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/contents.json").read_text(encoding="utf-8"))
NAMED = tuple(File(**file) for file in VECTORS["files"])
FILES = [("../../x", bytes(range(256)) * 1000), ("手紙.txt", b"abc"), ("手紙.txt", b"")]


def _once(data: bytes) -> list[bytes]:
    return [data]


@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=lambda vector: vector["what"])
def test_files_that_a_message_names_are_taken(vector: dict[str, Any]) -> None:
    check_files([Found(**found) for found in vector["found"]], replace(TIP, files=NAMED))


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["what"])
def test_files_that_a_message_does_not_name_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(VerificationError) as caught:
        check_files([Found(**found) for found in vector["found"]], replace(TIP, files=NAMED))
    assert caught.value.code == "other-files"


def test_an_envelope_is_opened_and_its_files_read() -> None:
    envelope = envelope_of(archive_of(FILES))
    stranger = HybridIdentity.from_seed(bytes([6]) * 32)
    contents = open_contents([stranger, READER], lambda: [envelope])
    assert contents.manifest.message.text == TIP.text
    read = [(file.name, b"".join(data)) for file, data in read_files(contents, lambda: [envelope])]
    assert read == [("....x", FILES[0][1]), ("手紙.txt", b"abc"), ("手紙.txt", b"")]
    with pytest.raises(VerificationError) as caught:
        open_contents([stranger], lambda: [envelope])
    assert caught.value.code == "age-no-match"


LIES: dict[str, tuple[list[tuple[str, bytes]], list[File]]] = {
    "other names": ([("a", b"abc")], [file_of("b", b"abc")]),
    "another size": ([("a", b"abc")], [replace(file_of("a", b"abc"), size_bytes=4)]),
    "other bytes": ([("a", b"abc")], [file_of("a", b"abd")]),
    "one less": ([("a", b"abc"), ("b", b"")], [file_of("a", b"abc")]),
    "one more": ([("a", b"abc")], [file_of("a", b"abc"), file_of("b", b"")]),
    "another order": ([("a", b""), ("b", b"")], [file_of("b", b""), file_of("a", b"")]),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_manifest_that_names_other_files_is_refused(lie: str) -> None:
    files, named = LIES[lie]
    envelope = envelope_of(archive_of(files, named=named))
    with pytest.raises(VerificationError) as caught:
        open_contents([READER], lambda: [envelope])
    assert caught.value.code == "other-files"


def test_a_forged_signature_is_refused() -> None:
    manifest = sign_message(TIP, SOURCE)._replace(signature=STEWARD.sign(b"something"))
    archive = b"".join(write_archive([(MANIFEST, [format_manifest(manifest)])]))
    envelope = envelope_of(archive)
    with pytest.raises(VerificationError):
        open_contents([READER], lambda: [envelope])


def test_an_archive_that_lies_about_sizes_is_refused() -> None:
    archive = bytearray(archive_of([("a", b"abc" * 100)]))
    place = archive.rindex(b"PK\x01\x02")
    first = archive.index(b"PK\x01\x02")
    for start in (first, place):
        for field in (20, 24):  # compressed, uncompressed
            lying = bytearray(archive)
            lying[start + field] ^= 1
            envelope = envelope_of(bytes(lying))
            with pytest.raises(MalformedError):
                open_contents([READER], partial(_once, envelope))


def test_a_manifest_that_is_too_large_is_not_held() -> None:
    envelope = envelope_of(b"".join(write_archive([(MANIFEST, [bytes(MAX_MANIFEST_BYTES + 1)])])))
    with pytest.raises(MalformedError, match="too large"):
        open_contents([READER], lambda: [envelope])


def test_any_byte_changed_is_noticed() -> None:
    envelope = envelope_of(archive_of([("a", b"abc")]))
    for place in range(0, len(envelope), 211):
        changed = bytearray(envelope)
        changed[place] ^= 1
        with pytest.raises(PledgeError):
            open_contents([READER], partial(_once, bytes(changed)))


def test_an_envelope_that_changes_after_it_was_checked_is_noticed() -> None:
    """Another archive of the same form, sealed by somebody who knows the first one's sizes and sums."""
    one = envelope_of(archive_of([("a", b"abc")]))
    contents = open_contents([READER], lambda: [one])
    named = [replace(contents.manifest.message.files[0], sha256="0" * 64)]
    lying = contents._replace(
        manifest=contents.manifest._replace(
            message=replace(contents.manifest.message, files=tuple(named)),
        )
    )
    with pytest.raises(VerificationError) as caught:
        [b"".join(data) for _, data in read_files(lying, lambda: [one])]
    assert caught.value.code == "other-files"
    other = envelope_of(archive_of([("a", b"abd")]))
    with pytest.raises(MalformedError):
        [b"".join(data) for _, data in read_files(contents, lambda: [other])]


def test_memory_is_bounded() -> None:
    envelope = envelope_of(archive_of([("a", bytes(30 << 20))]))

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(envelope), 65_536):
            yield envelope[start : start + 65_536]

    tracemalloc.start()
    contents = open_contents([READER], pieces)
    for _, data in read_files(contents, pieces):
        for _chunk in data:
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20

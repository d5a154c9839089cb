"""The C2SP/CCTV vectors for age, all of them."""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from pledge.core.age.armor import decode_armor, encode_armor, is_armored
from pledge.core.age.file import decrypt
from pledge.core.age.header import format_header, parse_header, split_header
from pledge.core.age.hkdf import derive_key
from pledge.core.age.hybrid import HybridIdentity
from pledge.core.age.keytext import parse_identity
from pledge.core.age.scrypt import ScryptIdentity
from pledge.core.age.stream import encrypt_stream, payload_size
from pledge.core.age.x25519 import X25519Identity
from pledge.errors import PledgeError

CASES: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "age" / "cctv.json").read_text()
)["cases"]
OUTCOMES: Final = {
    "age-header": "header failure",
    "age-no-match": "no match",
    "age-mac": "HMAC failure",
    "age-payload": "payload failure",
    "age-armor": "armor failure",
}


def read(case: dict[str, Any]) -> bytes:
    file = base64.b64decode(case["file"])
    return zlib.decompress(file) if "compressed" in case else file


def identities_of(case: dict[str, Any]) -> list[HybridIdentity | X25519Identity | ScryptIdentity]:
    return [*map(parse_identity, case["identities"]), *map(ScryptIdentity, case["passphrases"])]


def dearmored(case: dict[str, Any], pieces: Iterable[bytes]) -> Iterable[bytes]:
    return decode_armor(pieces) if case.get("armored") else pieces


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def open_case(case: dict[str, Any], size: int) -> tuple[str, str]:
    """What became of a vector handed over in pieces of so many bytes, and the hash of what came out."""
    payload = hashlib.sha256()
    try:
        for piece in decrypt(identities_of(case), dearmored(case, cut(read(case), size))):
            payload.update(piece)
    except PledgeError as error:
        return OUTCOMES[error.code], payload.hexdigest()
    return "success", payload.hexdigest()


def test_there_are_as_many_as_were_published() -> None:
    assert len(CASES) == 143


@pytest.mark.parametrize("size", [1 << 40, 65_536, 100])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_files_open_or_fail_as_told(case: dict[str, Any], size: int) -> None:
    outcome, payload = open_case(case, size)
    assert outcome == case["expect"]
    assert "payload" not in case or payload == case["payload"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_headers_that_are_read_are_written_the_same(case: dict[str, Any]) -> None:
    if case["expect"] in {"header failure", "armor failure"}:
        return
    data, _ = split_header(dearmored(case, [read(case)]))
    assert format_header(parse_header(data)) == data


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["expect"] == "success"], ids=lambda case: case["name"]
)
def test_payloads_that_are_read_are_written_the_same(case: dict[str, Any]) -> None:
    file = b"".join(dearmored(case, [read(case)]))
    _, rest = split_header([file])
    payload = b"".join(rest)
    plaintext = b"".join(decrypt(identities_of(case), [file]))
    key = derive_key(bytes.fromhex(case["file_key"]), salt=payload[:16], info=b"payload")
    assert b"".join(encrypt_stream(key, [plaintext])) == payload[16:]
    assert payload_size(len(plaintext)) == len(payload)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.get("armored")], ids=lambda case: case["name"]
)
def test_armor_that_is_read_is_written_the_same(case: dict[str, Any]) -> None:
    if case["expect"] == "armor failure":
        return
    text = read(case)
    assert is_armored(text)
    written = b"".join(encode_armor(decode_armor([text])))
    assert written == text.strip().replace(b"\r\n", b"\n") + b"\n"

import base64
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pledge.core.age.armor import decode_armor
from pledge.core.age.file import decrypt, encrypt
from pledge.core.age.hybrid import HybridIdentity
from pledge.core.age.keytext import parse_identity
from pledge.core.age.scrypt import ScryptIdentity, ScryptRecipient
from pledge.core.age.x25519 import X25519Identity
from pledge.errors import MalformedError, PledgeError, VerificationError

CASES: Final[list[dict[str, Any]]] = [
    case
    for made_with in ("npm", "pyrage")
    for case in json.loads((Path(__file__).parents[2] / "vectors" / "age" / f"{made_with}.json").read_text())[
        "cases"
    ]
]
HYBRID: Final = [HybridIdentity.from_seed(bytes([number]) * 32) for number in range(3)]
CLASSICAL: Final = [X25519Identity.from_seed(bytes([number]) * 32) for number in range(3)]
PASSPHRASE: Final = ScryptIdentity("passphrase")
Identities = Sequence[HybridIdentity | X25519Identity]


def seal(identities: Identities, plaintext: bytes) -> bytes:
    recipients = [identity.recipient for identity in identities]
    return b"".join(encrypt(recipients, [plaintext], random_bytes=os.urandom))


def open_all(identity: HybridIdentity | X25519Identity | ScryptIdentity, file: bytes) -> bytes:
    return b"".join(decrypt([identity], [file]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_files_of_others_are_decrypted(case: dict[str, Any]) -> None:
    file = [base64.b64decode(case["file"])]
    identities = [parse_identity(text) for text in case["identities"]]
    passphrases = [ScryptIdentity(case["passphrase"])] if "passphrase" in case else []
    plaintext = decrypt([*identities, *passphrases], decode_armor(file) if case.get("armored") else file)
    assert b"".join(plaintext) == base64.b64decode(case["plaintext"])


@pytest.mark.parametrize("identities", [HYBRID, CLASSICAL], ids=["hybrid", "X25519"])
def test_each_recipient_can_decrypt_and_no_one_else(identities: Identities) -> None:
    file = seal(identities[:2], b"plaintext")
    assert [open_all(identity, file) for identity in identities[:2]] == [b"plaintext"] * 2
    assert b"".join(decrypt([identities[2], identities[0]], [file])) == b"plaintext"
    for others in ([identities[2]], []):
        with pytest.raises(VerificationError) as caught:
            decrypt(others, [file])
        assert caught.value.code == "age-no-match"


def test_a_passphrase_wraps_an_identity() -> None:
    recipient = ScryptRecipient("passphrase", work_factor=2)
    file = b"".join(encrypt([recipient], [b"AGE-SECRET-KEY-PQ-1"], random_bytes=os.urandom))
    assert open_all(PASSPHRASE, file) == b"AGE-SECRET-KEY-PQ-1"


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 400), st.integers(1, 4000))
def test_pieces_of_any_size_give_the_same(plaintext: bytes, size: int, file_size: int) -> None:
    pieces = (plaintext[start : start + size] for start in range(0, len(plaintext), size))
    file = b"".join(encrypt([HYBRID[0].recipient], pieces, random_bytes=os.urandom))
    cut = (file[start : start + file_size] for start in range(0, len(file), file_size))
    assert b"".join(decrypt([HYBRID[0]], cut)) == plaintext


def test_randomness_is_asked_for_once_each_and_never_shared() -> None:
    sizes = []

    def random_bytes(size: int) -> bytes:
        sizes.append(size)
        return bytes([len(sizes)]) * size

    encrypt([identity.recipient for identity in CLASSICAL], [], random_bytes=random_bytes)
    assert sizes == [16, 32, 32, 32, 16]


def test_kinds_of_recipients_do_not_mix() -> None:
    hybrid, classical, passphrase = (
        HYBRID[0].recipient,
        CLASSICAL[0].recipient,
        ScryptRecipient("passphrase", 1),
    )
    mixtures: list[list[Any]] = [
        [hybrid, classical],
        [hybrid, passphrase],
        [passphrase, classical],
        [passphrase, passphrase],
    ]
    for mixed in mixtures:
        with pytest.raises(MalformedError) as caught:
            encrypt(mixed, [], random_bytes=os.urandom)
        assert caught.value.code == "age-mixed"


@pytest.mark.parametrize("count", [0, 129])
def test_there_is_a_recipient_and_not_too_many(count: int) -> None:
    with pytest.raises(MalformedError):
        encrypt([CLASSICAL[0].recipient] * count, [], random_bytes=os.urandom)


@pytest.mark.parametrize("identity", [HYBRID[0], CLASSICAL[0]], ids=["hybrid", "X25519"])
def test_every_changed_byte_is_noticed(identity: HybridIdentity | X25519Identity) -> None:
    file = seal([identity], b"plaintext")
    for place in range(len(file)):
        spoilt = bytearray(file)
        spoilt[place] ^= 1
        with pytest.raises(PledgeError):
            open_all(identity, bytes(spoilt))


@pytest.mark.parametrize("identity", [HYBRID[0], CLASSICAL[0]], ids=["hybrid", "X25519"])
def test_a_file_cut_off_anywhere_is_noticed(identity: HybridIdentity | X25519Identity) -> None:
    file = seal([identity], b"plaintext")
    for end in range(len(file)):
        with pytest.raises(PledgeError):
            open_all(identity, file[:end])


def test_a_stanza_taken_from_another_file_is_noticed() -> None:
    first, second = seal(HYBRID[:1], b"first"), seal(HYBRID[:1], b"second")
    mark = b"\n---"
    mixed = first[: first.index(mark)] + second[second.index(mark) :]
    with pytest.raises(VerificationError) as caught:
        open_all(HYBRID[0], mixed)
    assert caught.value.code == "age-mac"


def test_nothing_is_read_of_the_payload_before_it_is_asked_for() -> None:
    file = seal(HYBRID[:1], bytes(200_000))

    def source() -> Iterator[bytes]:
        yield file[:2000]
        raise AssertionError("read too far")

    plaintext = decrypt(HYBRID[:1], source())
    with pytest.raises(AssertionError, match="too far"):
        next(plaintext)

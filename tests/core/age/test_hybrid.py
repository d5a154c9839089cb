from typing import Final

import pytest

from pledge.core.age.hybrid import ENC_BYTES, PUBLIC_BYTES, HybridIdentity, HybridRecipient, read_sealed
from pledge.core.age.stanza import Stanza, decode_base64, encode_base64
from pledge.errors import MalformedError

FILE_KEY: Final = bytes(range(16))
ALICE: Final = HybridIdentity.from_seed(b"a" * 32)
BOB: Final = HybridIdentity.from_seed(b"b" * 32)


def refuse(size: int) -> bytes:
    raise AssertionError(f"{size} bytes asked for")


def wrap(identity: HybridIdentity) -> Stanza:
    return identity.recipient.wrap(FILE_KEY, random_bytes=refuse)


def test_keys_are_those_of_x_wing() -> None:
    """draft-connolly-cfrg-xwing-kem-08, appendix C, the first vector."""
    seed = bytes.fromhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
    public = HybridIdentity.from_seed(seed).recipient.public
    assert len(public) == PUBLIC_BYTES
    assert public.hex().startswith(
        "e2236b35a8c24b39b10aa1323a96a919a2ced88400633a7b07131713fc14b2b5b19cfc3d"
        "a5fa1a92c49f25513e0fd30d6b1611c9ab9635d7086727a4b7d21d34244e66969cf15b3b"
    )


def test_only_the_identity_of_the_recipient_unwraps() -> None:
    stanzas = [wrap(BOB), wrap(ALICE)]
    assert ALICE.unwrap(stanzas) == FILE_KEY
    assert ALICE.unwrap([wrap(BOB)]) is None
    assert ALICE.unwrap([]) is None


def test_no_two_stanzas_are_alike() -> None:
    first, second = wrap(ALICE), wrap(ALICE)
    assert first.arguments != second.arguments
    assert first.body != second.body


@pytest.mark.parametrize("place", range(0, ENC_BYTES, 31))
def test_every_changed_byte_of_enc_is_noticed(place: int) -> None:
    stanza = wrap(ALICE)
    enc = bytearray(decode_base64(stanza.arguments[0]))
    enc[place] ^= 1
    assert ALICE.unwrap([stanza._replace(arguments=(encode_base64(bytes(enc)),))]) is None


@pytest.mark.parametrize("place", range(32))
def test_every_changed_byte_of_a_body_is_noticed(place: int) -> None:
    stanza = wrap(ALICE)
    body = bytearray(stanza.body)
    body[place] ^= 1
    assert ALICE.unwrap([stanza._replace(body=bytes(body))]) is None


@pytest.mark.parametrize(
    "change", ["longer enc", "shorter enc", "longer body", "shorter body", "more", "low order"]
)
def test_a_stanza_of_another_form_is_refused_even_beside_one_that_fits(change: str) -> None:
    stanza = wrap(ALICE)
    enc = decode_base64(stanza.arguments[0])
    spoilt = {
        "longer enc": stanza._replace(arguments=(encode_base64(enc + b"x"),)),
        "shorter enc": stanza._replace(arguments=(encode_base64(enc[:-1]),)),
        "longer body": stanza._replace(body=stanza.body + b"x"),
        "shorter body": stanza._replace(body=stanza.body[:-1]),
        "more": stanza._replace(arguments=(*stanza.arguments, "more")),
        "low order": stanza._replace(arguments=(encode_base64(enc[:-32] + bytes(32)),)),
    }[change]
    with pytest.raises(MalformedError):
        read_sealed(spoilt)
    with pytest.raises(MalformedError):
        ALICE.unwrap([wrap(ALICE), spoilt])


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33), bytes(96)])
def test_a_seed_of_another_length_is_refused(seed: bytes) -> None:
    with pytest.raises(MalformedError):
        HybridIdentity.from_seed(seed)


def test_a_public_key_is_checked() -> None:
    public = ALICE.recipient.public
    refused = {
        "shorter": public[:-1],
        "longer": public + b"x",
        "ML-KEM key not reduced": b"\xff\xff" + public[2:],
        "point of low order": public[:-32] + bytes(32),
        "second encoding of a point": public[:-1] + bytes([public[-1] | 0x80]),
    }
    for key in refused.values():
        with pytest.raises(MalformedError):
            HybridRecipient(key)


def test_recipients_are_equal_by_their_keys() -> None:
    assert HybridRecipient(ALICE.recipient.public) == ALICE.recipient
    assert len({ALICE.recipient, HybridRecipient(ALICE.recipient.public), BOB.recipient}) == 2


def test_an_identity_shows_its_public_half_only() -> None:
    assert repr(ALICE) == f"HybridIdentity(public={ALICE.recipient.public[:8].hex()}…)"

from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.age.stanza import Stanza, encode_base64
from pledge.core.age.x25519 import X25519Identity, X25519Recipient, check_public, has_low_order
from pledge.errors import MalformedError


def _little(u: int) -> bytes:
    return u.to_bytes(32, "little")


FILE_KEY: Final = bytes(range(16))
ALICE: Final = X25519Identity.from_seed(b"a" * 32)
BOB: Final = X25519Identity.from_seed(b"b" * 32)
P: Final = 2**255 - 19
# The u coordinates of the points whose order divides 8, on the curve and on its twist (RFC 7748, section 7).
LOW_ORDER: Final = [
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    P - 1,
]


def wrap(identity: X25519Identity) -> Stanza:
    return identity.recipient.wrap(FILE_KEY, random_bytes=lambda size: b"e" * size)


def test_keys_are_those_of_rfc_7748() -> None:
    """Section 6.1, Alice."""
    seed = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
    assert X25519Identity.from_seed(seed).recipient.public.hex() == public


def test_only_the_identity_of_the_recipient_unwraps() -> None:
    stanzas = [wrap(BOB), wrap(ALICE)]
    assert ALICE.unwrap(stanzas) == FILE_KEY
    assert ALICE.unwrap([wrap(BOB)]) is None
    assert ALICE.unwrap([]) is None


def test_every_changed_bit_of_a_stanza_is_noticed() -> None:
    stanza = wrap(ALICE)
    for place in range(32):
        body = bytearray(stanza.body)
        body[place] ^= 1
        assert ALICE.unwrap([stanza._replace(body=bytes(body))]) is None


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33)])
def test_a_seed_of_another_length_is_refused(seed: bytes) -> None:
    with pytest.raises(MalformedError):
        X25519Identity.from_seed(seed)


@pytest.mark.parametrize("u", LOW_ORDER)
def test_points_of_low_order_are_refused(u: int) -> None:
    second = [u + P] if u + P < 2**255 else []
    for value in (u, u + 2**255, *second):
        public = value.to_bytes(32, "little")
        assert has_low_order(public)
        with pytest.raises(MalformedError):
            X25519Recipient(public)
        with pytest.raises(MalformedError):
            ALICE.unwrap([Stanza("X25519", (encode_base64(public),), bytes(32))])


@given(
    st.one_of(st.binary(min_size=32, max_size=32), st.sampled_from(LOW_ORDER).map(_little)),
    st.binary(min_size=32, max_size=32),
)
def test_low_order_is_what_gives_zero_with_any_secret(public: bytes, secret: bytes) -> None:
    try:
        X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        gives_zero = True
    else:
        gives_zero = False
    assert has_low_order(public) is gives_zero


@pytest.mark.parametrize("public", [b"", bytes([9]) + bytes(30), bytes([9]) + bytes(32)])
def test_a_public_key_has_32_bytes(public: bytes) -> None:
    with pytest.raises(MalformedError):
        check_public(public)


def test_a_public_key_has_one_encoding() -> None:
    check_public((9).to_bytes(32, "little"))
    for second in (9 + P, 9 + 2**255):
        assert not has_low_order(second.to_bytes(32, "little"))
        with pytest.raises(MalformedError):
            check_public(second.to_bytes(32, "little"))


def test_an_identity_shows_its_public_half_only() -> None:
    assert repr(ALICE) == f"X25519Identity(public={ALICE.recipient.public.hex()})"

import os
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pledge.core.age import envelope as envelope_module
from pledge.core.age.envelope import Envelope, check_envelope, seal
from pledge.core.age.file import decrypt, encrypt
from pledge.core.age.header import Header, format_header, parse_header, split_header
from pledge.core.age.hybrid import HybridIdentity
from pledge.core.age.stanza import Stanza, encode_base64
from pledge.core.age.x25519 import X25519Identity
from pledge.errors import MalformedError, VerificationError

STEWARDS: Final = [HybridIdentity.from_seed(bytes([number]) * 32) for number in range(17)]
RECIPIENTS: Final = [steward.recipient for steward in STEWARDS]
STRANGER: Final = HybridIdentity.from_seed(b"s" * 32)
CLASSICAL: Final = X25519Identity.from_seed(bytes(32))


def seal_to(count: int, plaintext: bytes) -> bytes:
    return b"".join(seal(RECIPIENTS[:count], [plaintext], random_bytes=os.urandom))


ENVELOPE: Final = seal_to(3, b"tip")
HEADER: Final = parse_header(split_header([ENVELOPE])[0])
PAYLOAD: Final = b"".join(split_header([ENVELOPE])[1])


def with_stanzas(*stanzas: Stanza) -> bytes:
    return format_header(Header(stanzas, HEADER.mac)) + PAYLOAD


@pytest.mark.parametrize(("count", "stanzas"), [(1, 8), (7, 8), (8, 8), (9, 16), (17, 24)])
def test_only_the_next_multiple_of_eight_shows(count: int, stanzas: int) -> None:
    envelope = seal_to(count, b"tip")
    assert check_envelope(envelope, len(envelope)) == Envelope(stanzas, 3)
    assert all(b"".join(decrypt([steward], [envelope])) == b"tip" for steward in STEWARDS[:count])
    for other in [*STEWARDS[count:], STRANGER]:
        with pytest.raises(VerificationError):
            decrypt([other], [envelope])


def test_envelopes_to_fewer_look_like_those_to_more() -> None:
    def shape(envelope: bytes) -> list[tuple[str, int, int]]:
        stanzas = parse_header(split_header([envelope])[0]).stanzas
        return [(stanza.type, len(stanza.arguments[0]), len(stanza.body)) for stanza in stanzas]

    assert shape(seal_to(1, b"tip")) == shape(seal_to(8, b"tip"))
    assert len(seal_to(1, b"tip")) == len(seal_to(8, b"tip"))


def test_who_is_who_does_not_show_by_place() -> None:
    """A recipient is in each of the eight places about as often: chi squared, seven degrees of freedom."""
    places: Counter[int] = Counter()
    for _ in range(400):
        order = envelope_module._shuffle(RECIPIENTS[:8], os.urandom)
        places[order.index(RECIPIENTS[0])] += 1
    assert sum((places[place] - 50) ** 2 / 50 for place in range(8)) < 40  # 1 in a million


@given(st.binary(min_size=1, max_size=64))
def test_a_shuffle_leaves_all_in(start: bytes) -> None:
    drawn = iter([*start, *os.urandom(10_000)])
    order = envelope_module._shuffle(RECIPIENTS, lambda size: bytes(next(drawn) for _ in range(size)))
    assert set(order) == set(RECIPIENTS)
    assert len(order) == len(RECIPIENTS)


@pytest.mark.parametrize("bound", [1, 2, 3, 8, 100, 128, 255, 256])
def test_a_draw_favours_no_number(bound: int) -> None:
    drawn: Counter[int] = Counter()
    for byte in range(256):
        source = iter([byte, *range(256)])
        drawn[envelope_module._draw_below(bound, lambda _, source=source: bytes([next(source)]))] += 1  # type: ignore[misc]
    fair = 256 // bound
    assert min(drawn[number] for number in range(1, bound)) == fair if bound > 1 else drawn[0] == 256
    assert sum(drawn.values()) == 256


@pytest.mark.parametrize("count", [0, 129])
def test_there_is_a_recipient_and_not_too_many(count: int) -> None:
    recipients = [HybridIdentity.from_seed(number.to_bytes(32, "big")).recipient for number in range(count)]
    with pytest.raises(MalformedError) as caught:
        seal(recipients, [], random_bytes=os.urandom)
    assert caught.value.code == "age-recipients"


def test_no_recipient_is_there_twice() -> None:
    with pytest.raises(MalformedError) as caught:
        seal([RECIPIENTS[0], HybridIdentity.from_seed(bytes(32)).recipient], [], random_bytes=os.urandom)
    assert caught.value.code == "age-recipients"


def test_classical_recipients_are_refused() -> None:
    for mixed in ([CLASSICAL.recipient], [RECIPIENTS[0], CLASSICAL.recipient]):
        with pytest.raises(MalformedError) as caught:
            seal(mixed, [], random_bytes=os.urandom)  # type: ignore[arg-type]
        assert caught.value.code == "age-mixed"


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 200_000))
def test_the_size_of_the_plaintext_is_read_off(size: int) -> None:
    envelope = seal_to(1, bytes(size))
    assert check_envelope(envelope[:20_000], len(envelope)) == Envelope(8, size)


def spoil(change: Callable[[Stanza], Stanza]) -> bytes:
    return with_stanzas(*HEADER.stanzas[:-1], change(HEADER.stanzas[-1]))


CLASSICAL_STANZA: Final = CLASSICAL.recipient.wrap(bytes(16), random_bytes=os.urandom)
LOW_ORDER: Final = (encode_base64(bytes(1120)),)
REFUSED: Final = {
    "seven stanzas": (with_stanzas(*HEADER.stanzas[:7]), "age-recipients"),
    "nine stanzas": (with_stanzas(*HEADER.stanzas, HEADER.stanzas[0]), "age-recipients"),
    "a classical stanza": (spoil(lambda _: CLASSICAL_STANZA), "age-mixed"),
    "a stanza of another type": (spoil(lambda stanza: stanza._replace(type="example.com/x")), "age-mixed"),
    "another argument": (
        spoil(lambda stanza: stanza._replace(arguments=(*stanza.arguments, "x"))),
        "age-header",
    ),
    "no argument": (spoil(lambda stanza: stanza._replace(arguments=())), "age-header"),
    "a shorter enc": (spoil(lambda stanza: stanza._replace(arguments=("AAAA",))), "age-header"),
    "a longer body": (spoil(lambda stanza: stanza._replace(body=bytes(33))), "age-header"),
    "a point of low order": (spoil(lambda stanza: stanza._replace(arguments=LOW_ORDER)), "age-header"),
    "no payload": (ENVELOPE[: -len(PAYLOAD)], "age-payload"),
    "half a nonce": (ENVELOPE[: 8 - len(PAYLOAD)], "age-payload"),
    "half a tag": (ENVELOPE[:-12], "age-payload"),
    "an empty last chunk": (ENVELOPE[:-3] + bytes(65_536 + 16), "age-payload"),
    "no envelope": (b"PK\x03\x04", "age-header"),
    "armor": (b"-----BEGIN AGE ENCRYPTED FILE-----\n" + ENVELOPE, "age-header"),
    "nothing": (b"", "age-header"),
}


@pytest.mark.parametrize(("envelope", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_envelope_is_refused_unopened(envelope: bytes, code: str) -> None:
    with pytest.raises(MalformedError) as caught:
        check_envelope(envelope, len(envelope))
    assert caught.value.code == code


def test_an_age_file_to_one_recipient_is_no_envelope() -> None:
    file = b"".join(encrypt(RECIPIENTS[:1], [b"tip"], random_bytes=os.urandom))
    with pytest.raises(MalformedError):
        check_envelope(file, len(file))

import json
from datetime import date
from pathlib import Path

import pytest

from pledge.core.keys import SigningKey
from pledge.core.statement import envelope as dsse
from pledge.core.tip.acknowledgement import sign_acknowledgement, verify_acknowledgement
from pledge.errors import MalformedError, PledgeError, VerificationError

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/tip-acknowledgement.json").read_text("utf-8"))
NOTARY = SigningKey.from_seed(bytes([5]) * 32)
SHA256 = "ab" * 32
ORIGIN = "pledge.example.org"


def test_acknowledgements_are_what_the_vectors_say() -> None:
    for vector in VECTORS["acknowledgements"]:
        notary = SigningKey.from_seed(bytes.fromhex(vector["notary_seed"]))
        day = date.fromisoformat(vector["day"])
        data = sign_acknowledgement(
            notary, origin=vector["origin"], day=day, envelope_sha256=vector["envelope"]
        )
        assert data.decode() == vector["acknowledgement"]
        assert notary.public.hex() == vector["notary_public"]


def verify(data: bytes, **changes: object) -> None:
    expected = {"notary": NOTARY.public, "origin": ORIGIN, "envelope_sha256": SHA256} | changes
    verify_acknowledgement(data, **expected)  # type: ignore[arg-type]  # in tests


def test_an_acknowledgement_is_for_one_envelope_of_one_log_and_by_one_key() -> None:
    data = sign_acknowledgement(NOTARY, origin=ORIGIN, day=date(2026, 11, 25), envelope_sha256=SHA256)
    verify(data)
    for changes in (
        {"origin": "b.example"},
        {"envelope_sha256": "cd" * 32},
        {"notary": SigningKey.from_seed(bytes(32)).public},
    ):
        with pytest.raises(VerificationError):
            verify(data, **changes)


def test_any_byte_changed_is_noticed() -> None:
    data = sign_acknowledgement(NOTARY, origin=ORIGIN, day=date(2026, 11, 25), envelope_sha256=SHA256)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(PledgeError):
            verify(bytes(changed))


def test_another_payload_type_is_no_acknowledgement() -> None:
    data = sign_acknowledgement(NOTARY, origin=ORIGIN, day=date(2026, 11, 25), envelope_sha256=SHA256)
    other = dsse.Envelope(dsse.parse_envelope(data).payload, dsse.format_payload_type("erasure"))
    with pytest.raises(MalformedError):
        verify(dsse.format_envelope(other))

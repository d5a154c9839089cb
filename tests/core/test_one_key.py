"""A key signs a pledge once: signing again takes a withdrawal first, or another key."""

from dataclasses import replace

import pytest

from pledge.core.sshsig import SshSignature, format_sshsig, signed_data
from pledge.core.sshwire import format_string
from pledge.core.statement import Envelope, Signature, Signing, format_base64, keyid_of, seal
from pledge.errors import VerificationError
from tests.core.sample_log import ADA, NOTARY, RENEWAL, SIGNING, WITHDRAWAL, begun, signed

assert SIGNING.commitments is not None
FIRST = signed(SIGNING, ADA, NOTARY)
WITHOUT_ROLE = replace(SIGNING, commitments=replace(SIGNING.commitments, role=None))
WITHOUT_REASON = replace(SIGNING, commitments=replace(SIGNING.commitments, reason=None))
AGAIN = signed(WITHOUT_ROLE, ADA, NOTARY)


def test_a_key_that_signs_already_is_refused() -> None:
    for steps in ((), (signed(RENEWAL, ADA),)):
        ledger = begun(FIRST, *steps)
        with pytest.raises(VerificationError) as refused:
            ledger.verify(ledger.size, AGAIN)
        assert refused.value.code == "key-signs-already"


def test_a_key_is_the_same_in_another_spelling() -> None:
    """``ed25519:…`` or an OpenSSH blob: it is the public key that signs once."""
    by_ssh = signed_by_ssh(WITHOUT_ROLE)
    with pytest.raises(VerificationError) as refused:
        begun(FIRST, by_ssh)
    assert refused.value.code == "key-signs-already"
    with pytest.raises(VerificationError) as refused:
        begun(by_ssh, signed(WITHOUT_REASON, ADA, NOTARY))
    assert refused.value.code == "key-signs-already"
    begun(FIRST, signed(WITHDRAWAL, ADA), by_ssh)


def test_a_key_that_is_none_is_refused() -> None:
    bad = replace(SIGNING, signatory=replace(SIGNING.signatory, key=format_base64(bytes(40))))
    with pytest.raises(VerificationError):
        begun(signed(bad, ADA, NOTARY))


def signed_by_ssh(signing: Signing) -> Envelope:
    """Return a signing's envelope with Ada's key as OpenSSH writes it."""
    key_type = format_string(b"ssh-ed25519")
    blob = key_type + format_string(ADA.key.public)
    key = format_base64(blob)
    envelope = seal(replace(signing, signatory=replace(signing.signatory, key=key)))
    raw = ADA.key.sign(signed_data(envelope.pae, namespace="pledge"))
    sig = format_sshsig(SshSignature(blob, "pledge", "sha512", key_type + format_string(raw)))
    by_notary = Signature(NOTARY.keyid, NOTARY.key.sign(envelope.pae))
    return replace(envelope, signatures=(Signature(keyid_of(key), sig), by_notary))


def test_a_key_that_withdrew_may_sign_again_and_then_not_twice() -> None:
    ledger = begun(FIRST, signed(WITHDRAWAL, ADA))
    ledger.verify(ledger.size, AGAIN)
    with pytest.raises(VerificationError):
        ledger.verify(ledger.size, signed(WITHOUT_REASON, ADA, NOTARY))

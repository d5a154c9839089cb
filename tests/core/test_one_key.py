"""A key signs a pledge once: signing again takes a withdrawal first, or another key."""

from dataclasses import replace

import pytest

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


def test_a_key_that_withdrew_may_sign_again_and_then_not_twice() -> None:
    ledger = begun(FIRST, signed(WITHDRAWAL, ADA))
    ledger.verify(ledger.size, AGAIN)
    with pytest.raises(VerificationError):
        ledger.verify(ledger.size, signed(WITHOUT_REASON, ADA, NOTARY))

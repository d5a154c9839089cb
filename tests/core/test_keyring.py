from datetime import date, timedelta

import pytest

from pledge.core.keyring import Keyring, Term
from pledge.core.keys import format_key
from pledge.errors import MalformedError, VerificationError
from tests.core.sample_log import DAY, NOTARY, OTHER_NOTARY, UNTIL

KEY = format_key(NOTARY.key.public)
OTHER = format_key(OTHER_NOTARY.key.public)


@pytest.mark.parametrize(
    ("day", "is_found"),
    [(DAY - timedelta(days=1), False), (DAY, True), (UNTIL, True), (UNTIL + timedelta(days=1), False)],
)
def test_a_key_holds_from_its_first_day_to_its_last(*, day: date, is_found: bool) -> None:
    keyring = Keyring("notary")
    keyring.admit(Term(KEY, DAY, UNTIL))
    assert keyring.has_current(day) is is_found
    if is_found:
        assert keyring.find(NOTARY.keyid, day) == KEY
    else:
        with pytest.raises(VerificationError):
            keyring.find(NOTARY.keyid, day)


def test_a_key_without_end_holds_until_revoked() -> None:
    keyring = Keyring("notary")
    keyring.admit(Term(KEY, DAY, None))
    assert keyring.find(NOTARY.keyid, date.max) == KEY
    assert keyring.unrevoked() == 1
    keyring.check_standing(KEY)
    keyring.revoke(KEY)
    assert not keyring.has_current(DAY)
    assert keyring.unrevoked() == 0
    for refused in (keyring.check_standing, keyring.check_new):
        with pytest.raises(VerificationError):
            refused(KEY)


def test_a_key_that_shares_a_name_with_another_is_not_that_key() -> None:
    keyring = Keyring("notary")
    keyring.terms[keyring.keyid(OTHER)] = Term(KEY, DAY, None)  # as after a collision of 32 bits
    for refused in (keyring.check_new, keyring.check_standing):
        with pytest.raises(VerificationError):
            refused(OTHER)


def test_only_keys_have_names() -> None:
    with pytest.raises(MalformedError):
        Keyring("notary").keyid("ed25519:" + "A" * 43)

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.age.scrypt import ScryptIdentity, ScryptRecipient
from pledge.core.age.stanza import Stanza
from pledge.errors import MalformedError

FILE_KEY: Final = bytes(range(16))


def wrap(passphrase: str, work_factor: int = 1) -> Stanza:
    return ScryptRecipient(passphrase, work_factor).wrap(FILE_KEY, random_bytes=lambda size: b"s" * size)


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_only_the_passphrase_unwraps(passphrase: str, other: str) -> None:
    stanzas = [wrap(passphrase)]
    assert ScryptIdentity(passphrase).unwrap(stanzas) == FILE_KEY
    assert other == passphrase or ScryptIdentity(other).unwrap(stanzas) is None


def test_every_changed_byte_of_a_body_is_noticed() -> None:
    stanza = wrap("passphrase")
    for place in range(32):
        body = bytearray(stanza.body)
        body[place] ^= 1
        assert ScryptIdentity("passphrase").unwrap([stanza._replace(body=bytes(body))]) is None


def test_a_work_factor_above_the_limit_is_refused_before_the_work() -> None:
    stanzas = [wrap("passphrase", 10)]
    assert ScryptIdentity("passphrase", max_work_factor=10).unwrap(stanzas) == FILE_KEY
    with pytest.raises(MalformedError):
        ScryptIdentity("passphrase", max_work_factor=9).unwrap(stanzas)
    for work_factor in ("21", "64", "999"):
        spoilt = stanzas[0]._replace(arguments=(stanzas[0].arguments[0], work_factor))
        with pytest.raises(MalformedError):
            ScryptIdentity("passphrase").unwrap([spoilt])


@pytest.mark.parametrize("work_factor", ["", "0", "01", "+1", "-1", "1 ", "1.0", "0x1", "١"])
def test_a_work_factor_has_one_spelling(work_factor: str) -> None:
    stanza = wrap("passphrase")
    with pytest.raises(MalformedError):
        ScryptIdentity("passphrase").unwrap([stanza._replace(arguments=(stanza.arguments[0], work_factor))])


@pytest.mark.parametrize("other", [wrap("passphrase"), Stanza("X25519", (), b""), Stanza("other", (), b"")])
def test_a_passphrase_is_the_only_way_in(other: Stanza) -> None:
    for stanzas in ([wrap("passphrase"), other], [other, wrap("passphrase")]):
        with pytest.raises(MalformedError):
            ScryptIdentity("passphrase").unwrap(stanzas)


def test_other_stanzas_are_ignored() -> None:
    assert ScryptIdentity("passphrase").unwrap([Stanza("other", (), b"")] * 2) is None
    assert ScryptIdentity("passphrase").unwrap([]) is None


@pytest.mark.parametrize("passphrase", ["", "half\ud800"])
def test_a_passphrase_is_text(passphrase: str) -> None:
    with pytest.raises(MalformedError):
        ScryptRecipient(passphrase)
    with pytest.raises(MalformedError):
        ScryptIdentity(passphrase)


@pytest.mark.parametrize("work_factor", [-1, 0, 21])
def test_no_more_work_is_asked_for_than_is_done(work_factor: int) -> None:
    with pytest.raises(MalformedError):
        ScryptRecipient("passphrase", work_factor)


def test_nothing_shows_a_passphrase() -> None:
    assert "whisper" not in repr(ScryptRecipient("whisper"))
    assert "whisper" not in repr(ScryptIdentity("whisper"))

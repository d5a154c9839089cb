import pytest

from pledge.core import password as passwords
from pledge.errors import MalformedError

PASSWORD = "a sentence that nobody knows"  # noqa: S105  # of a test
SALT = bytes(range(16))


def test_a_password_is_known_again_and_no_other_is() -> None:
    kept = passwords.hash_password(PASSWORD, salt=SALT)
    assert kept.startswith("$argon2id$")
    assert passwords.is_password(PASSWORD, kept)
    for other in ("", PASSWORD + " ", PASSWORD.upper(), "x" * (passwords.MAX_CHARACTERS + 1)):
        assert not passwords.is_password(other, kept)
    assert passwords.hash_password(PASSWORD, salt=bytes(16)) != kept


@pytest.mark.parametrize("password", ["", "short", "x" * 2000])
def test_a_password_has_a_length(password: str) -> None:
    with pytest.raises(MalformedError):
        passwords.hash_password(password, salt=SALT)


@pytest.mark.parametrize("salt", [b"", bytes(15), bytes(17)])
def test_a_salt_has_a_length(salt: bytes) -> None:
    with pytest.raises(MalformedError):
        passwords.hash_password(PASSWORD, salt=salt)


@pytest.mark.parametrize(
    "kept", ["", "$argon2i$v=19$m=8,t=1,p=1$AA$AA", "$argon2id$v=19$m=4194304,t=99,p=1$AA$AA"]
)
def test_a_hash_of_another_cost_is_not_even_tried(kept: str) -> None:
    with pytest.raises(MalformedError):
        passwords.is_password(PASSWORD, kept)

"""Passwords, kept as what takes time and memory to try: Argon2id (RFC 9106, section 4, the second choice).

$argon2id$v=19$m=65536,t=3,p=4$salt$hash        64 MiB and some 50 ms for each try
"""

from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from pledge.errors import MalformedError

MIN_CHARACTERS: Final = 12
MAX_CHARACTERS: Final = 200
SALT_BYTES: Final = 16

_MEMORY_KIB: Final = 65_536
_PASSES: Final = 3
_LANES: Final = 4
_HASH_BYTES: Final = 32
_PREFIX: Final = f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}$"


def check_password(password: str) -> None:
    """Check that a new password is long enough; nothing else makes one strong.

    Raises:
        MalformedError: It is too short or too long.
    """
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        raise MalformedError(
            "A password has %(least)s to %(most)s characters.", least=MIN_CHARACTERS, most=MAX_CHARACTERS
        )


def hash_password(password: str, *, salt: bytes) -> str:
    """Hash a password with 16 random bytes.

    Raises:
        MalformedError: The password is too short or too long, or the salt has another length.
    """
    check_password(password)
    if len(salt) != SALT_BYTES:
        raise MalformedError("A salt has 16 bytes.")
    kdf = Argon2id(salt=salt, length=_HASH_BYTES, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return kdf.derive_phc_encoded(password.encode())


def is_password(password: str, password_hash: str) -> bool:
    """Tell whether a password is the one that was hashed. Takes as long as hashing, unless it is far too long.

    Raises:
        MalformedError: The hash is not one of this module's, whose cost is known.
    """
    if not password_hash.startswith(_PREFIX):
        raise MalformedError("This is not a hash of a password.")
    if len(password) > MAX_CHARACTERS:
        return False
    try:
        Argon2id.verify_phc_encoded(password.encode(), password_hash)
    except InvalidKey:
        return False
    return True

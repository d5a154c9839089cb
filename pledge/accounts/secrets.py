"""Tokens and the keys that come from the session key: what somebody who has a copy of the database lacks."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from pledge.core import atrest
from pledge.errors import NotFoundError

RandomBytes = Callable[[int], bytes]

_TOKEN_CHARACTERS: Final = 64
_LABELS: Final = {
    "totp": b"pledge/totp-at-rest/v1",
    "names": b"pledge/names/v1",
    "challenge": b"pledge/challenge/v1",
}


def derive_key(session_key: bytes, purpose: str) -> bytes:
    """Give the key of a purpose: ``totp``, ``names`` or ``challenge``."""
    return hmac.digest(session_key, _LABELS[purpose], "sha256")


def new_token(random_bytes: RandomBytes) -> str:
    """Draw a token: 64 hex digits."""
    return random_bytes(32).hex()


def hash_token(token: str) -> bytes:
    """Give what is kept of a token. Nobody guesses 32 random bytes, so nothing slower is needed."""
    return hashlib.sha256(token.encode()).digest()


def check_token(token: str) -> None:
    """Check a token's form before anything is looked up.

    Raises:
        NotFoundError: It cannot be one.
    """
    if len(token) != _TOKEN_CHARACTERS or not set(token) <= set("0123456789abcdef"):
        raise NotFoundError("This link does not work, or no longer.")


def seal_totp(session_key: bytes, secret: bytes, *, account: bytes, random_bytes: RandomBytes) -> bytes:
    """Encrypt an account's code secret for the database."""
    nonce = random_bytes(atrest.NONCE_BYTES)
    return atrest.encrypt(derive_key(session_key, "totp"), secret, nonce=nonce, context=_context(account))


def open_totp(session_key: bytes, sealed: bytes, *, account: bytes) -> bytes:
    """Decrypt it."""
    return atrest.decrypt(derive_key(session_key, "totp"), sealed, context=_context(account))


def _context(account: bytes) -> str:
    return f"account/totp/{account.hex()}"

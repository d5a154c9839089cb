"""Codes of an app that counts time (RFC 6238): six digits, SHA-1, 30 seconds, as every such app reads them.

A code is good in its own step and the one before and after, for clocks that are not quite right. Whoever takes one
remembers its step and takes none up to it again, so that a code that was looked on works once.
"""

import base64
import re
from typing import Final
from urllib.parse import quote

from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from pledge.errors import MalformedError

SECRET_BYTES: Final = 20
STEP_SECONDS: Final = 30

_DIGITS: Final = 6
_CODE: Final = re.compile(r"[0-9]{6}", re.ASCII)
_SECRET: Final = re.compile(r"[A-Z2-7]{32}")


def code_at(secret: bytes, step: int) -> str:
    """Give the code of a step, which is the time in seconds divided by 30."""
    _check(secret)
    # The hash that apps know; HMAC needs none that resists collisions.
    return TOTP(secret, _DIGITS, SHA1(), STEP_SECONDS).generate(step * STEP_SECONDS).decode()  # noqa: S303


def match_code(secret: bytes, code: str, *, seconds: int, after: int) -> int | None:
    """Find the step whose code this is.

    Args:
        secret: 20 bytes.
        code: What somebody typed; spaces do not count.
        seconds: The time.
        after: The step whose code was taken last; only later ones count.

    Returns:
        The step to remember, or None for a code that is wrong, too old, or was used.
    """
    digits = code.replace(" ", "")
    now = seconds // STEP_SECONDS
    matching = [
        step
        for step in (now - 1, now, now + 1)
        if step >= 0 and bytes_eq(code_at(secret, step).encode(), digits.encode())
    ]
    later = [step for step in matching if step > after]
    return later[0] if later and _CODE.fullmatch(digits) else None


def format_secret(secret: bytes) -> str:
    """Write a secret in base32, as apps take it."""
    _check(secret)
    return base64.b32encode(secret).decode()


def parse_secret(text: str) -> bytes:
    """Read a secret.

    Raises:
        MalformedError: It is not 20 bytes in base32.
    """
    if not _SECRET.fullmatch(text):
        raise MalformedError("A secret of a code app is 32 letters and digits.")
    return base64.b32decode(text)


def provisioning_uri(secret: bytes, *, name: str, issuer: str) -> str:
    """Write what the picture for the app says: ``otpauth://totp/…``."""
    label = f"{quote(issuer, safe='')}:{quote(name, safe='')}"
    return f"otpauth://totp/{label}?secret={format_secret(secret)}&issuer={quote(issuer, safe='')}"


def _check(secret: bytes) -> None:
    if len(secret) != SECRET_BYTES:
        raise MalformedError("A secret of a code app has 20 bytes.")

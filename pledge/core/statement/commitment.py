r"""Salted commitments: what stands in the log in place of names, roles and reasons.

::

    commitment = SHA-256("pledge/<field>/v1\n" ‖ salt[32] ‖ value in UTF-8)

The opening, salt and value, is kept beside the log. When it is deleted, what is left says nothing: a salt is 32
random bytes, so that no list of names can be tried against it.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pledge.errors import MalformedError, VerificationError

Field: TypeAlias = Literal["name", "role", "reason"]

SALT_BYTES = 32
MAX_CHARS: dict[Field, int] = {"name": 200, "role": 200, "reason": 2000}

# No controls and no line ends, but for the new lines in a reason.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment: ``salt`` of 32 bytes; ``value`` of 1 to 200 characters, a reason up to 2,000."""

    field: Field
    salt: bytes
    value: str

    def __post_init__(self) -> None:
        if self.field not in MAX_CHARS:
            raise MalformedError("An opening is of a name, a role or a reason.")
        if len(self.salt) != SALT_BYTES:
            raise MalformedError(f"A salt has {SALT_BYTES} bytes.")
        if not 1 <= len(self.value) <= MAX_CHARS[self.field]:
            raise MalformedError(f"This {self.field} has to have 1 to {MAX_CHARS[self.field]} characters.")
        if _CONTROL.search(self.value) or (self.field != "reason" and "\n" in self.value):
            raise MalformedError(f"This {self.field} holds characters that cannot be shown.")
        if not unicodedata.is_normalized("NFC", self.value) or not _is_scalar(self.value):
            raise MalformedError(f"This {self.field} is not in Unicode's NFC.")


def commit(opening: Opening) -> str:
    """Return the commitment to an opening, 64 hex digits."""
    prefix = f"pledge/{opening.field}/v1\n".encode()
    return hashlib.sha256(prefix + opening.salt + opening.value.encode()).hexdigest()


def verify_opening(commitment: str, opening: Opening) -> None:
    """Check that an opening opens a commitment.

    Raises:
        VerificationError: it opens another one.
    """
    if commit(opening) != commitment:
        raise VerificationError(f"This {opening.field} is not what was committed to.", code="wrong-opening")


def _is_scalar(value: str) -> bool:
    """Tell whether there is no unpaired surrogate, which UTF-8 cannot write."""
    return not any("\ud800" <= char <= "\udfff" for char in value)

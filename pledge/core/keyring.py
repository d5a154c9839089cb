"""The keys that hold a role in the log: who may sign what, on which day.

A key is known by its full public key. Its short name in a ``keyid``, ``<role>:<8 hex>``, finds it: the ring
refuses a second key with the same short name in one role, so that a name never means two keys.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from pledge.core.keys import parse_key, role_key_id
from pledge.errors import VerificationError


class Term(NamedTuple):
    """A full public key, ``ed25519:…``, and the days on which it holds; ``until`` None for no end."""

    key: str
    start: date
    until: date | None


@dataclass(slots=True)
class Keyring:
    """The keys of one role: ``terms`` by keyid, and the keyids of those that were ``revoked``."""

    role: str
    terms: dict[str, Term] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)

    def keyid(self, key: str) -> str:
        """Return the keyid of a key in this role.

        Raises:
            MalformedError: not an Ed25519 public key that may sign.
        """
        return f"{self.role}:{role_key_id(self.role, parse_key(key))}"

    def check_new(self, key: str) -> None:
        """Check that a key, or another with its keyid, has never held this role.

        Raises:
            VerificationError: one has; a key that was revoked or has run out does not come back.
        """
        if self.keyid(key) in self.terms:
            raise VerificationError(f"This {self.role} key has been admitted before.", code="key-repeated")

    def check_standing(self, key: str) -> None:
        """Check that a key was admitted to this role and not revoked, so that it can be revoked.

        Raises:
            VerificationError: it was not, or is revoked already.
        """
        keyid = self.keyid(key)
        if keyid in self.revoked or keyid not in self.terms or self.terms[keyid].key != key:
            raise VerificationError(f"This is not a {self.role} key that stands.", code="key-unknown")

    def admit(self, term: Term) -> None:
        """Add a key that ``check_new`` let pass."""
        self.terms[self.keyid(term.key)] = term

    def revoke(self, key: str) -> None:
        """End a key that ``check_standing`` let pass, for all entries from here on."""
        self.revoked.add(self.keyid(key))

    def has_current(self, day: date) -> bool:
        """Tell whether any key holds this role on a day."""
        return any(self._is_current(keyid, day) for keyid in self.terms)

    def current(self, day: date) -> tuple[str, ...]:
        """Return the full keys that hold this role on a day, in the order in which they were admitted."""
        return tuple(term.key for keyid, term in self.terms.items() if self._is_current(keyid, day))

    def unrevoked(self) -> int:
        """Return how many keys were admitted and not revoked, whatever their days."""
        return len(self.terms) - len(self.revoked)

    def find(self, keyid: str, day: date) -> str:
        """Return the full key that a keyid names.

        Raises:
            VerificationError: no such key holds this role on that day.
        """
        if not self._is_current(keyid, day):
            raise VerificationError(f"No {self.role} key of this name stands on {day}.", code="key-unknown")
        return self.terms[keyid].key

    def _is_current(self, keyid: str, day: date) -> bool:
        term = self.terms.get(keyid)
        return (
            term is not None
            and keyid not in self.revoked
            and term.start <= day
            and (term.until is None or day <= term.until)
        )

"""What a person has typed and not yet signed, and the statement it becomes."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from pledge.core import statement as st
from pledge.core.calendar import months_later
from pledge.pledges.models import Text


@dataclass(frozen=True, slots=True)
class Draft:
    """A signing before its key is known.

    Attributes:
        pledge, version: The text.
        clauses: All core ids and the chosen optional ones, in the text's order.
        name, role, reason: Self-stated; role and reason may be None.
        lab, assurance, scope: What the checked address shows; lab is None for no lab.
        salts: 32 bytes for each of name, role and reason.
        contacts: Encrypted addresses by purpose, ``reminder`` and ``news``, for who asked for them.
    """

    pledge: str
    version: int
    clauses: tuple[str, ...]
    name: str
    role: str | None
    reason: str | None
    lab: str | None
    assurance: st.Assurance
    scope: st.Scope | None
    salts: Mapping[str, bytes]
    contacts: Mapping[str, bytes]

    def openings(self) -> dict[st.Field, st.Opening]:
        """Give the opening of each field that was filled in."""
        values: dict[st.Field, str | None] = {"name": self.name, "role": self.role, "reason": self.reason}
        return {
            field: st.Opening(field=field, salt=self.salts[field], value=value)
            for field, value in values.items()
            if value is not None
        }

    def to_json(self) -> dict[str, Any]:
        """Give JSON for the mail link's row."""
        return {
            "pledge": self.pledge,
            "version": self.version,
            "clauses": list(self.clauses),
            "name": self.name,
            "role": self.role,
            "reason": self.reason,
            "lab": self.lab,
            "assurance": self.assurance,
            "scope": self.scope,
            "salts": {field: salt.hex() for field, salt in self.salts.items()},
            "contacts": {
                purpose: base64.b64encode(address).decode() for purpose, address in self.contacts.items()
            },
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Draft":
        """Read what ``to_json`` gave."""
        return cls(
            **(dict(value) | {"clauses": tuple(value["clauses"])})
            | {
                "salts": {field: bytes.fromhex(salt) for field, salt in value["salts"].items()},
                "contacts": {purpose: base64.b64decode(text) for purpose, text in value["contacts"].items()},
            }
        )


def build_signing(draft: Draft, text: Text, *, origin: str, key: str, day: date) -> st.Signing:
    """Build the exact statement that ``key`` is to sign on ``day``; the same every time it is asked for.

    Args:
        draft: What the person typed.
        text: The version of the pledge that the draft names.
        origin: The log's origin.
        key: The signatory's full public key, ``ed25519:…`` or an OpenSSH blob in base64.
        day: Today, in UTC.

    Raises:
        MalformedError: The key is not one that may sign.
    """
    openings = draft.openings()
    hashes = {field: st.commit(opening) for field, opening in openings.items()}
    affiliation = (
        None
        if draft.lab is None
        else st.Affiliation(lab=draft.lab, assurance=draft.assurance, scope=draft.scope, day=day)
    )
    return st.Signing(
        origin=origin,
        day=day,
        pledge=st.PledgeReference(slug=text.slug, version=text.version, sha256=text.sha256),
        clauses=draft.clauses,
        signatory=st.Signatory(key=key, visibility="named"),
        commitments=st.Commitments(name=hashes["name"], role=hashes.get("role"), reason=hashes.get("reason")),
        affiliation=affiliation,
        credential=None,
        until=months_later(day, st.TERM_MONTHS),
    )


def payload_sha256(payload: bytes) -> bytes:
    """Give the 32 bytes by which a statement is known."""
    return sha256(payload).digest()

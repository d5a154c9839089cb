"""The statement that a site wants signed, checked before a key comes near it.

The file is DSSE's pre-authentication encoding, which ``ssh-keygen -Y sign`` signs byte for byte::

    "DSSEv1" SP len(type) SP type SP len(payload) SP payload

Whatever a site may put into it, only a signing is signed here, by exactly this key, of a text and of words that were
seen before.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pledge.audit.console import fact, printable
from pledge.core.sshsig import fingerprint
from pledge.core.statement import (
    Field,
    Opening,
    Signing,
    format_base64,
    pae,
    parse_payload,
    verify_opening,
)
from pledge.errors import MalformedError, VerificationError

MAX_STATEMENT_BYTES = 70_000
_PAE = re.compile(rb"DSSEv1 [0-9]{1,3} ([!-~]{1,128}) [0-9]{1,5} (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ToSign:
    """A statement that may be signed: the bytes to sign, its payload, and what it says."""

    data: bytes
    payload: bytes
    signing: Signing


def parse_to_sign(data: bytes, key: bytes) -> ToSign:
    """Read a statement and check that it is a named signing by a key.

    Args:
        data: What the site wants signed.
        key: The OpenSSH public key blob that would sign.

    Raises:
        MalformedError: It is no statement.
        NotUnderstoodError: It is of a kind or version that this version does not know.
        VerificationError: It is for another key, or not a signing.
    """
    match = _PAE.fullmatch(data)
    if match is None:
        raise MalformedError("What the site wants signed is no statement. Nothing was signed.")
    payload_type, payload = match[1].decode(), match[2]
    if pae(payload_type, payload) != data:
        raise MalformedError("What the site wants signed is no statement. Nothing was signed.")
    statement = parse_payload(payload_type, payload)
    if not isinstance(statement, Signing) or statement.signatory.visibility != "named":
        raise VerificationError("The site wants something else signed than a signing. Nothing was signed.")
    if statement.signatory.key != format_base64(key):
        raise VerificationError("The statement is for another key than yours. Nothing was signed.")
    return ToSign(data, payload, statement)


def check_words(signing: Signing, openings: Mapping[Field, Opening], text: bytes) -> None:
    """Check that a statement commits to the words that are shown, and names the text that is shown.

    Raises:
        VerificationError: One of them is another, or is not shown.
    """
    if hashlib.sha256(text).hexdigest() != signing.pledge.sha256:
        raise VerificationError("The pledge on the site is not the one in the statement. Nothing was signed.")
    commitments = {
        field: commitment
        for field in ("name", "role", "reason")
        if (commitment := getattr(signing.commitments, field)) is not None
    }
    if commitments.keys() != openings.keys():
        raise VerificationError("The statement holds other words than the site shows. Nothing was signed.")
    for field, opening in openings.items():
        verify_opening(commitments[field], opening)


def describe(to_sign: ToSign, openings: Mapping[Field, Opening], text: bytes, key: bytes) -> list[str]:
    """Say in lines for a terminal what would be signed."""
    signing = to_sign.signing
    affiliation = signing.affiliation
    shown = text.decode(errors="replace").rstrip("\n").split("\n")
    return [
        *(f"  | {printable(line)}".rstrip() for line in shown),
        "",
        fact("Pledge", f"{signing.pledge.slug}, version {signing.pledge.version}, as above"),
        fact("Clauses", "\n".join(signing.clauses)),
        *(fact(field.capitalize(), opening.value) for field, opening in openings.items()),
        fact("Lab", f"{affiliation.lab}, as shown by: {affiliation.assurance}" if affiliation else "none"),
        fact("Day", f"{signing.day}, for the days until {signing.until}"),
        fact("Log", signing.origin),
        fact("Your key", fingerprint(key)),
        "",
        "Key, lab and day stay in a public log for ever. Your name stays beside it until you say otherwise.",
    ]

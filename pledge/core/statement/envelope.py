"""DSSE envelopes: what a log entry is, and what its signers sign.

An envelope is canonical JSON::

    {"payload": base64, "payloadType": "application/vnd.pledge.<kind>+json",
     "signatures": [{"keyid": …, "sig": base64}, …]}

and each signature is over the pre-authentication encoding (PAE) of type and payload, lengths in bytes, decimal::

    "DSSEv1" SP len(type) SP type SP len(payload) SP payload

Source: https://github.com/secure-systems-lab/dsse, protocol.md and envelope.md. A ``keyid`` is a hint that no
signature covers: whoever counts signers counts distinct full public keys.
"""

import hashlib
import re
from dataclasses import dataclass

from pledge.core.statement.canonical import MAX_ENTRY_BYTES, format_base64, format_json, parse_base64
from pledge.errors import MalformedError

# Visible ASCII that JSON writes as it is: neither a quotation mark nor a backslash.
_NAME = r"[!#-\[\]-~]{1,128}"
# At most 8 KiB: an SSHSIG by an RSA key of 16,384 bits has some 4,300 bytes.
_SIG = r"[A-Za-z0-9+/]{2,10923}={0,2}"

# An envelope can be written in one way only, and its grammar is regular: no JSON parser is needed, which counts
# when an audit reads them by the hundred thousand. It is the same as parsing the JSON and formatting it again.
_ONE = rf'\{{"keyid":"({_NAME})","sig":"({_SIG})"\}}'
_ANY = _ONE.replace("(", "(?:")
_SIGNATURE = re.compile(_ONE.encode())
_ENVELOPE = re.compile(
    rf'\{{"payload":"([A-Za-z0-9+/]*={{0,2}})","payloadType":"({_NAME})",'
    rf'"signatures":\[((?:{_ANY}(?:,{_ANY}){{0,15}})?)\]\}}'.encode()
)
_PREFIX, _SUFFIX = "application/vnd.pledge.", "+json"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature.

    Attributes:
        keyid: Names scheme and key: 1 to 128 characters of visible ASCII without quotation marks and backslashes.
        sig: The raw bytes, 1 to 8,192.
    """

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with its type, and who signed both.

    Attributes:
        payload: What is signed.
        payload_type: What kind of bytes these are; characters as in a keyid.
        signatures: 0 to 16, in the order in which the kind wants them.
    """

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of statement, such as ``signing``; empty for a payload type that is not ours."""
        return parse_payload_type(self.payload_type)

    @property
    def payload_sha256(self) -> str:
        """SHA-256 of the payload, hex: what identifies a statement, whatever signatures surround it."""
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def pae(self) -> bytes:
        """What each signature is over."""
        return pae(self.payload_type, self.payload)


def format_payload_type(kind: str) -> str:
    """Return ``application/vnd.pledge.<kind>+json``."""
    return f"{_PREFIX}{kind}{_SUFFIX}"


def parse_payload_type(payload_type: str) -> str:
    """Return the kind that a payload type names; a type that is not this project's names none.

    A bare ``signing`` is not ours either: a second way to write a kind would be a second envelope of each statement.
    """
    if payload_type.startswith(_PREFIX) and payload_type.endswith(_SUFFIX):
        return payload_type[len(_PREFIX) : -len(_SUFFIX)]
    return ""


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding that DSSE signs."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def parse_envelope(data: bytes) -> Envelope:
    """Parse a log entry: canonical JSON of at most 65,535 bytes.

    Raises:
        MalformedError: not an envelope as this module draws it.
    """
    match = _ENVELOPE.fullmatch(data) if len(data) <= MAX_ENTRY_BYTES else None
    if match is None:
        raise MalformedError("A log entry is an envelope in canonical JSON, of at most 65,535 bytes.")
    payload, payload_type, signatures = match.groups()
    return Envelope(
        parse_base64(payload),
        payload_type.decode(),
        tuple(Signature(keyid.decode(), parse_base64(sig)) for keyid, sig in _SIGNATURE.findall(signatures)),
    )


def format_envelope(envelope: Envelope) -> bytes:
    """Return the bytes of a log entry, at most 65,535, which ``parse_envelope`` turns into the same envelope.

    Raises:
        MalformedError: the entry would be longer, or something in it is not as the classes here tell.
    """
    data = format_json(
        {
            "payload": format_base64(envelope.payload),
            "payloadType": envelope.payload_type,
            "signatures": [{"keyid": s.keyid, "sig": format_base64(s.sig)} for s in envelope.signatures],
        }
    )
    if parse_envelope(data) != envelope:
        raise MalformedError("This envelope cannot be written.")
    return data

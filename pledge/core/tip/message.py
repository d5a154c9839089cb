r"""Messages: the manifest that each envelope holds, signed by whoever speaks.

A manifest is canonical JSON, ``manifest.json`` in the archive. Whoever speaks signs all of it but the signature itself:
a source with the key of the mailbox, a steward with the signing key that the log has. So the server can put words into
nobody's mouth. Messages of a thread are numbered and chained: ``previous`` is the SHA-256 of the envelope before.

::

    rest   = canonical JSON of the manifest without "signature"
    sig    = Ed25519(key, rest)
    bare   = canonical JSON of the manifest without "signature" and "credential"
    proof  = Ed25519(credential's key, "pledge/tip-credential/v1\n<origin>\n<mailbox>\n<SHA-256 of bare, hex>")
"""

import hashlib
from datetime import date
from typing import Final, Literal, NamedTuple, TypeAlias, cast

from pledge.core.filename import fit_name
from pledge.core.keys import SigningKey, format_key, parse_key, verify_ed25519
from pledge.core.statement.canonical import Value, format_json, parse_json
from pledge.core.statement.keys import AGE_RECIPIENT
from pledge.core.statement.members import (
    DAY,
    ED25519_KEY,
    ID,
    ORIGIN,
    SHA256,
    Codec,
    choice,
    integer,
    matching,
    member,
    nested,
    octets,
    optional,
    record,
    sequence,
    text,
)
from pledge.core.statement.signing import Credential
from pledge.errors import MalformedError, VerificationError

Kind: TypeAlias = Literal["tip/v1", "follow-up/v1", "answer/v1"]
Way: TypeAlias = Literal["sealed-in-browser", "sealed-by-server", "sealed-offline"]

MAX_FILES_BYTES: Final = 500 << 20
MAX_FILES: Final = 100
MAX_TEXT_CHARS: Final = 100_000
MAX_NUMBER: Final = 9999
MAX_MANIFEST_BYTES: Final = 1 << 20

_KIND: Codec[Kind] = choice("tip/v1", "follow-up/v1", "answer/v1")
_WAY: Codec[Way] = choice("sealed-in-browser", "sealed-by-server", "sealed-offline")
_MAILBOX: Final = matching(r"[0-9a-f]{32}", "a mailbox, 32 hex digits")


def _parse_name(value: object) -> str:
    if isinstance(value, str) and value == fit_name(value):
        return value
    raise MalformedError("must be a name fit for a file")


@record
class File:
    """An attachment, in the order in which the archive has them."""

    name: str = member(Codec(_parse_name, str))
    size_bytes: int = member(integer(0, MAX_FILES_BYTES))
    sha256: str = member(SHA256)


@record
class ShownCredential:
    """A credential on an anonymous key, and the proof by that key that it goes with this message."""

    credential: Credential = member(nested(Credential))
    proof: bytes = member(octets(64, 64))


@record
class Message:
    """One message, without its signature.

    Attributes:
        type_: ``tip/v1`` opens a thread, ``follow-up/v1`` is the source's, ``answer/v1`` a steward's.
        mailbox: The thread's.
        number: 1 for the tip, and one more for each message of the thread, whoever sent it.
        previous: SHA-256 of the envelope before, hex; None for the tip.
        day: On which it was sealed.
        lab, clauses: What the tip is about, if the source says so.
        text: Empty only where there are files.
        files: Attachments.
        recipient: Where answers are sealed to, ``age1pq1…``; in the tip and nowhere else.
        nonce: Blinds the leaf in the digest.
        way: How the envelope came about.
        credential: Shows that the source works at a lab, in the tip only; or None.
    """

    type_: Kind = member(_KIND)
    origin: str = member(ORIGIN)
    mailbox: str = member(_MAILBOX)
    number: int = member(integer(1, MAX_NUMBER))
    previous: str | None = member(optional(SHA256))
    day: date = member(DAY)
    lab: str | None = member(optional(ID))
    clauses: tuple[str, ...] = member(sequence(ID, 0, 128, unique=True))
    text: str = member(text(MAX_TEXT_CHARS, low=0))
    files: tuple[File, ...] = member(sequence(nested(File), 0, MAX_FILES))
    recipient: str | None = member(optional(AGE_RECIPIENT))
    nonce: bytes = member(octets(32, 32))
    way: Way = member(_WAY)
    credential: ShownCredential | None = member(optional(nested(ShownCredential)))

    def __post_init__(self) -> None:
        if (self.type_ == "tip/v1") is not (self.number == 1):
            raise MalformedError("a tip is the first message of its thread, and no other is")
        if (self.number == 1) is not (self.previous is None):
            raise MalformedError("every message but the first names the envelope before")
        if (self.number == 1) is not (self.recipient is not None):
            raise MalformedError("a tip says where answers go, and no other message does")
        if self.number > 1 and (self.lab is not None or self.clauses or self.credential is not None):
            raise MalformedError("what a thread is about stands in its tip")
        if self.type_ == "answer/v1" and self.way == "sealed-by-server":
            raise MalformedError("a steward's answer is never sealed by the server")
        if not self.text and not self.files:
            raise MalformedError("a message has a text or a file")
        if sum(file.size_bytes for file in self.files) > MAX_FILES_BYTES:
            raise MalformedError("the files of a message have at most 500 MiB together")


@record
class _Signature:
    """By which key, and the signature."""

    key: str = member(ED25519_KEY)
    sig: bytes = member(octets(64, 64))


class Manifest(NamedTuple):
    """A message with the key that is said to have signed it, ``ed25519:…``, and its signature."""

    message: Message
    key: str
    signature: bytes


_MESSAGE: Final = nested(Message)
_SIGNATURE: Final = nested(_Signature)


def sign_message(message: Message, key: SigningKey) -> Manifest:
    """Sign a message with the key of its mailbox or, for an answer, of a steward."""
    return Manifest(message, format_key(key.public), key.sign(_rest(message)))


def format_manifest(manifest: Manifest) -> bytes:
    """Write ``manifest.json``, at most 1 MiB.

    Raises:
        MalformedError: Something in it does not follow its format.
    """
    signature = _SIGNATURE.format(_Signature(key=manifest.key, sig=manifest.signature))
    data = format_json(_members(manifest.message) | {"signature": signature}, max_bytes=MAX_MANIFEST_BYTES)
    if parse_manifest(data) != manifest:
        raise MalformedError("This message cannot be written.")
    return data


def parse_manifest(data: bytes) -> Manifest:
    """Read ``manifest.json``. Nothing in it is verified by that.

    Raises:
        MalformedError: It does not follow the format.
    """
    members = parse_json(data, max_bytes=MAX_MANIFEST_BYTES)
    if not isinstance(members, dict) or "signature" not in members:
        raise MalformedError("A manifest is an object with a signature.")
    signature = _SIGNATURE.parse(members.pop("signature"))
    parse_key(
        signature.key
    )  # one that may not sign is found here, and not when it is looked for among the stewards
    return Manifest(_MESSAGE.parse(members), signature.key, signature.sig)


def verify_manifest(manifest: Manifest) -> None:
    """Check that the key it names has signed a manifest. Whose key that is, is for the thread to say.

    Raises:
        VerificationError: It has not.
    """
    verify_ed25519(parse_key(manifest.key), _rest(manifest.message), manifest.signature)


def credential_message(message: Message) -> bytes:
    """Give what the credential's key signs, to go with this message and no other."""
    members = _members(message)
    del members["credential"]
    bare = hashlib.sha256(format_json(members, max_bytes=MAX_MANIFEST_BYTES)).hexdigest()
    return f"pledge/tip-credential/v1\n{message.origin}\n{message.mailbox}\n{bare}".encode()


def verify_proof(message: Message) -> None:
    """Check that the credential's key goes with this message. That an issuer signed the key is not looked at.

    Raises:
        VerificationError: It does not, or there is no credential.
    """
    if message.credential is None:
        raise VerificationError("This message shows no credential.", code="no-credential")
    public = parse_key(message.credential.credential.key)
    verify_ed25519(public, credential_message(message), message.credential.proof)


def _members(message: Message) -> dict[str, Value]:
    return cast("dict[str, Value]", _MESSAGE.format(message))


def _rest(message: Message) -> bytes:
    return format_json(_members(message), max_bytes=MAX_MANIFEST_BYTES)

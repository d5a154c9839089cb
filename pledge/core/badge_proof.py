"""Proofs inside badges: a picture that carries what it takes to check it offline.

The last element of the image, which a viewer does not draw::

    <metadata id="proof">base64 of zlib (RFC 1950) of canonical JSON</metadata></svg>

    {"leaf": string, the log entry of the signing,
     "look": how the picture was asked for, as a query,
     "openings": {"name" | "role" | "reason": {"salt": base64, "value": string}, …},
     "proof": tlog-proof of the leaf,
     "text": the pledge that was signed,
     "type": "badge/v1"}

It is a receipt without the entry that admitted the notary to the log, so that it stays small: whoever believes the
notary has its key in their policy. It proves the signing; whether the picture says the same is for who can draw it.
"""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pledge.core.policy import Policy
from pledge.core.receipt import (
    MAX_PROOF_CHARS,
    MAX_TEXT_CHARS,
    OPENINGS,
    FileOpenings,
    Verified,
    from_file,
    to_file,
    verify_logged,
)
from pledge.core.statement.canonical import (
    MAX_ENTRY_BYTES,
    format_base64,
    format_json,
    parse_base64,
    parse_json,
)
from pledge.core.statement.commitment import Field, Opening
from pledge.core.statement.members import choice, member, nested, record, text
from pledge.errors import MalformedError

MAX_BADGE_BYTES: Final = 2**18
_MAX_JSON_BYTES: Final = 2**19
_PLACE: Final = re.compile(rb'<metadata id="proof">([0-9A-Za-z+/=]+)</metadata>(?=</svg>\Z)')
_END: Final = b"</svg>"


@dataclass(frozen=True, slots=True)
class BadgeProof:
    """What a badge carries, not verified.

    Attributes:
        leaf: The log entry of the signing.
        proof: Its tlog-proof.
        openings: What opens the signing's commitments, by field.
        text: The pledge that was signed.
        look: How the picture was asked for, as a query.
    """

    leaf: bytes
    proof: bytes
    openings: Mapping[Field, Opening]
    text: str
    look: str


@record
class _File:
    leaf: str = member(text(MAX_ENTRY_BYTES))
    look: str = member(text(1000, low=0))
    openings: FileOpenings = member(OPENINGS)
    proof: str = member(text(MAX_PROOF_CHARS))
    text: str = member(text(MAX_TEXT_CHARS))
    type_: Literal["badge/v1"] = member(choice("badge/v1"))


_FILE: Final = nested(_File)


def embed_proof(picture: bytes, proof: BadgeProof) -> bytes:
    """Put a proof into a picture, before the end of its SVG.

    Raises:
        MalformedError: The picture is no SVG as badges are, or something in the proof is too long or not UTF-8.
    """
    try:
        file = _File(
            leaf=proof.leaf.decode(),
            look=proof.look,
            openings=to_file(proof.openings),
            proof=proof.proof.decode(),
            text=proof.text,
            type_="badge/v1",
        )
    except UnicodeDecodeError:
        raise MalformedError("An entry and a tlog-proof are UTF-8.") from None
    packed = format_base64(zlib.compress(format_json(_FILE.format(file), max_bytes=_MAX_JSON_BYTES), 9))
    badge = picture.removesuffix(_END) + f'<metadata id="proof">{packed}</metadata>'.encode() + _END
    if extract_proof(badge) != (picture, proof):
        raise MalformedError("This proof cannot be put into this picture.")
    return badge


def extract_proof(badge: bytes) -> tuple[bytes, BadgeProof]:
    """Take a badge of at most 256 KiB apart: the picture as it was without its proof, and the proof.

    Raises:
        MalformedError: It holds no proof, or none as this module draws it.
    """
    match = _PLACE.search(badge) if len(badge) <= MAX_BADGE_BYTES else None
    if match is None:
        raise MalformedError("This is not a badge with a proof inside.", code="no-proof")
    file = _FILE.parse(parse_json(_unpack(match[1].decode()), max_bytes=_MAX_JSON_BYTES))
    proof = BadgeProof(
        leaf=file.leaf.encode(),
        proof=file.proof.encode(),
        openings=from_file(file.openings),
        text=file.text,
        look=file.look,
    )
    return badge[: match.start()] + _END, proof


def verify_badge_proof(proof: BadgeProof, policy: Policy) -> Verified:
    """Verify what a badge carries, by the keys of a policy; as ``verify_receipt`` does, but for the notary's entry.

    Raises:
        VerificationError, MalformedError, NotUnderstoodError: As ``verify_receipt``.
    """
    verified, _ = verify_logged(proof.leaf, proof.proof, proof.text, proof.openings, policy)
    return verified


def _unpack(packed: str) -> bytes:
    data, unpacker = parse_base64(packed), zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(data, _MAX_JSON_BYTES)
    except zlib.error:
        raise MalformedError("The proof in this badge is damaged.") from None
    if not unpacker.eof or unpacker.unused_data:
        raise MalformedError("The proof in this badge is cut off, too long, or followed by something.")
    return unpacked

"""Receipts: all that it takes to show, offline and for ever, that a signing stands in the log.

A ``.pledge-receipt.json`` is canonical JSON::

    {"leaf": base64 of the log entry,
     "notary": {"leaf": base64 of the genesis or key entry with the notary's key, "proof": its tlog-proof},
     "openings": {"name" | "role" | "reason": {"salt": base64, "value": string}, …},
     "proof": tlog-proof of the leaf,
     "text": the pledge that was signed,
     "type": "receipt/v1"}

It holds nothing that is not checked, so that no byte of it can change: no ``extra`` in a proof, and no signature on a
checkpoint but by keys that the policy has for this log, or for a witness. Trust comes only from the policy: keys inside
are never believed, they are compared with those that are.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from pledge.core.keyring import Keyring, Term
from pledge.core.keys import format_key
from pledge.core.policy import NOTARY_NAME, Policy, VerifiedCheckpoint, verify_checkpoint
from pledge.core.signatures import by_role, by_signatory
from pledge.core.statement.canonical import MAX_ENTRY_BYTES, format_json, parse_json
from pledge.core.statement.commitment import Field, Opening, verify_opening
from pledge.core.statement.envelope import Envelope, parse_envelope
from pledge.core.statement.keys import Key
from pledge.core.statement.kinds import parse_statement
from pledge.core.statement.members import (
    Codec,
    choice,
    mapping,
    member,
    nested,
    octets,
    record,
    text,
)
from pledge.core.statement.operation import Genesis
from pledge.core.statement.signing import Signing
from pledge.core.tlog.checkpoint import Checkpoint
from pledge.core.tlog.note import parse_note
from pledge.core.tlog.proof import parse_tlog_proof, verify_inclusion
from pledge.core.tlog.tree import leaf_hash
from pledge.errors import MalformedError, VerificationError

Grade: TypeAlias = Literal["logged", "witnessed"]

MAX_RECEIPT_BYTES = 2**20
MAX_PROOF_CHARS = 400_000
MAX_TEXT_CHARS = 200_000

_ENTRY = octets(1, MAX_ENTRY_BYTES)
_PROOF = text(MAX_PROOF_CHARS)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt, not verified.

    Attributes:
        leaf: The log entry of the signing.
        proof: Its tlog-proof.
        openings: What opens the signing's commitments, by field; any of them may be left out.
        text: The pledge that was signed.
        notary_leaf: The genesis or key entry of a notary that signed the leaf.
        notary_proof: Its tlog-proof.
    """

    leaf: bytes
    proof: bytes
    openings: Mapping[Field, Opening]
    text: str
    notary_leaf: bytes
    notary_proof: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """What a receipt shows under a policy.

    Attributes:
        signing: The statement.
        signing_sha256: SHA-256 of its payload, hex: what names it.
        openings: Those that the receipt holds.
        index: Where the signing stands in the log.
        checkpoint: A state of the log that holds it.
        grade: Signed by the log, or besides cosigned by a quorum of the policy's witnesses.
        witnesses: The policy's names of those that cosigned.
        newest_cosignature_seconds: When a quorum last saw the log so, since the Unix epoch; None without one.
    """

    signing: Signing
    signing_sha256: str
    openings: Mapping[Field, Opening]
    index: int
    checkpoint: Checkpoint
    grade: Grade
    witnesses: tuple[str, ...]
    newest_cosignature_seconds: int | None


@record
class FileOpening:
    """An opening as files have it, below the name of its field."""

    salt: bytes = member(octets(32, 32))
    value: str = member(text(2000))


FileOpenings: TypeAlias = dict[Field, FileOpening]
OPENINGS: Codec[FileOpenings] = mapping(choice("name", "role", "reason"), nested(FileOpening), 0, 3)


@record
class _Notary:
    leaf: bytes = member(_ENTRY)
    proof: str = member(_PROOF)


@record
class _File:
    leaf: bytes = member(_ENTRY)
    notary: _Notary = member(nested(_Notary))
    openings: FileOpenings = member(OPENINGS)
    proof: str = member(_PROOF)
    text: str = member(text(MAX_TEXT_CHARS))
    type_: Literal["receipt/v1"] = member(choice("receipt/v1"))


_FILE = nested(_File)


def parse_receipt(data: bytes) -> Receipt:
    """Parse a receipt of at most 1 MiB.

    Raises:
        MalformedError: not a receipt as this module draws it.
    """
    file = _FILE.parse(parse_json(data, max_bytes=MAX_RECEIPT_BYTES))
    return Receipt(
        leaf=file.leaf,
        proof=file.proof.encode(),
        openings=from_file(file.openings),
        text=file.text,
        notary_leaf=file.notary.leaf,
        notary_proof=file.notary.proof.encode(),
    )


def format_receipt(receipt: Receipt) -> bytes:
    """Return the bytes of a receipt, which ``parse_receipt`` turns into the same receipt again.

    Raises:
        MalformedError: something in it is too long, or a proof is not UTF-8.
    """
    try:
        proof, notary_proof = receipt.proof.decode(), receipt.notary_proof.decode()
    except UnicodeDecodeError:
        raise MalformedError("A tlog-proof is UTF-8.") from None
    file = _File(
        leaf=receipt.leaf,
        notary=_Notary(leaf=receipt.notary_leaf, proof=notary_proof),
        openings=to_file(receipt.openings),
        proof=proof,
        text=receipt.text,
        type_="receipt/v1",
    )
    data = format_json(_FILE.format(file), max_bytes=MAX_RECEIPT_BYTES)
    if parse_receipt(data) != receipt:
        raise MalformedError("This receipt cannot be written.")
    return data


def from_file(openings: FileOpenings) -> dict[Field, Opening]:
    """Give the openings of a file.

    Raises:
        MalformedError: one of them is none.
    """
    return {field: Opening(field, opening.salt, opening.value) for field, opening in openings.items()}


def to_file(openings: Mapping[Field, Opening]) -> FileOpenings:
    """Write openings as files have them; ``from_file`` gives them back."""
    return {field: FileOpening(salt=opening.salt, value=opening.value) for field, opening in openings.items()}


def verify_receipt(receipt: Receipt, policy: Policy) -> Verified:
    """Verify everything in a receipt, by the keys of a policy.

    Args:
        receipt: From anywhere.
        policy: Whose logs, notaries and witnesses to believe; never taken from where the receipt is from.

    Raises:
        VerificationError: anything in it does not check out, or is by a key that the policy does not know; with the
            code ``fork``, its two proofs show that the log has signed two states of one size.
        MalformedError: a part of it does not follow its format.
        NotUnderstoodError: its leaf is of a kind or version that this reader does not know.
    """
    verified, notaries = verify_logged(receipt.leaf, receipt.proof, receipt.text, receipt.openings, policy)
    signing = verified.signing
    notary_index, also_seen = _verify_proof(receipt.notary_leaf, receipt.notary_proof, signing.origin, policy)
    _verify_one_log(verified.checkpoint, also_seen.checkpoint)
    if notary_index >= verified.index or _notary_key(receipt.notary_leaf, signing) not in notaries:
        raise VerificationError("The notary's entry is not of a notary that signed.", code="receipt-notary")
    return verified


def verify_logged(
    leaf: bytes, proof: bytes, pledge: str, openings: Mapping[Field, Opening], policy: Policy
) -> tuple[Verified, set[str]]:
    """Verify a signing, and that it is logged; what a receipt shows beyond that is its notary's place in the log.

    Args:
        leaf: The entry.
        proof: Its tlog-proof.
        pledge: The text that was signed.
        openings: As in ``Receipt``.
        policy: As for ``verify_receipt``.

    Returns:
        What it shows, and the keys of the notaries that signed.

    Raises:
        VerificationError, MalformedError, NotUnderstoodError: As ``verify_receipt``.
    """
    envelope = parse_envelope(leaf)
    signing = parse_statement(envelope)
    if not isinstance(signing, Signing):
        raise VerificationError("This receipt is not for a signing.", code="receipt-kind")
    index, seen = _verify_proof(leaf, proof, signing.origin, policy)
    _verify_text(signing, pledge)
    _verify_openings(signing, openings)
    notaries = _verify_signatures(envelope, signing, policy)
    verified = Verified(
        signing=signing,
        signing_sha256=envelope.payload_sha256,
        openings=openings,
        index=index,
        checkpoint=seen.checkpoint,
        grade="witnessed" if seen.quorum_met else "logged",
        witnesses=seen.witnesses,
        newest_cosignature_seconds=seen.newest_cosignature_seconds,
    )
    return verified, notaries


def _verify_proof(leaf: bytes, data: bytes, origin: str, policy: Policy) -> tuple[int, VerifiedCheckpoint]:
    proof = parse_tlog_proof(data)
    if proof.extra is not None:
        raise VerificationError("A proof in a receipt has no extra data.", code="receipt-extra")
    seen = verify_checkpoint(policy, proof.checkpoint)
    if seen.checkpoint.origin != origin:
        raise VerificationError("A proof is from another log.", code="origin-wrong")
    logs = [key for key in policy.logs if key.name == origin]
    known = {(key.name, key.key_id) for key in (*logs, *policy.witnesses.values())}
    if any((line.name, line.key_id) not in known for line in parse_note(proof.checkpoint).signatures):
        raise VerificationError(
            "A checkpoint is signed by a key that this policy does not have for this log.",
            code="receipt-signer-unknown",
        )
    verify_inclusion(leaf_hash(leaf), proof.index, seen.checkpoint.size, proof.path, seen.checkpoint.root)
    return proof.index, seen


def _verify_one_log(one: Checkpoint, other: Checkpoint) -> None:
    """Check that two states of a log can be states of one: of one size they are the same."""
    if one.size == other.size and one.root != other.root:
        raise VerificationError(
            "The log has signed two different states of the same size, so it does not show everyone the same. "
            "Keep this file: it is the evidence.",
            code="fork",
        )


def _verify_text(signing: Signing, pledge: str) -> None:
    if hashlib.sha256(pledge.encode()).hexdigest() != signing.pledge.sha256:
        raise VerificationError("This is not the text that was signed.", code="receipt-text")
    lines = pledge.split("\n")
    if any(lines.count(f"### {clause}") != 1 for clause in signing.clauses):
        raise VerificationError(
            "The text does not have the clauses that were signed.", code="receipt-clauses"
        )


def _verify_openings(signing: Signing, openings: Mapping[Field, Opening]) -> None:
    for field, opening in openings.items():
        commitment: str | None = getattr(signing.commitments, field, None)
        if commitment is None or field != opening.field:
            raise VerificationError(f"The signing has no {field} to open.", code="wrong-opening")
        verify_opening(commitment, opening)


def _verify_signatures(envelope: Envelope, signing: Signing, policy: Policy) -> set[str]:
    """Verify the signatory's and all notaries' signatures; return the notaries' keys."""
    if signing.credential is not None:
        raise VerificationError(
            "This version cannot verify the credential of an anonymous signing.",
            code="credential-not-verified",
        )
    keyring = Keyring(NOTARY_NAME)
    for vkey in policy.notaries:
        keyring.admit(Term(format_key(vkey.public), date.min, None))
    by_notaries = by_role(envelope, keyring, signing.day, signatures=envelope.signatures[1:])
    for check in by_signatory(envelope, signing.signatory.key) + by_notaries:
        check.verify()
    return {check.key for check in by_notaries}


def _notary_key(leaf: bytes, signing: Signing) -> str | None:
    """Return the notary key that an entry of the signing's log gives for its day, if it does."""
    statement = parse_statement(parse_envelope(leaf))
    if statement.origin != signing.origin:
        return None
    match statement:
        case Genesis():
            return statement.notary
        case Key(role="notary") if statement.from_ <= signing.day <= statement.until:
            return statement.keys.signing
        case _:
            return None

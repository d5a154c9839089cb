"""A small log with fixed keys, for tests: who signs, one statement of each kind, and proofs over any entries."""

import hashlib
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from pledge.core.keys import MlDsa44Key, SigningKey, format_key, role_key_id
from pledge.core.ledger import Ledger
from pledge.core.policy import Policy, parse_policy
from pledge.core.statement import (
    Affiliation,
    Clauses,
    Commitments,
    Credential,
    Domain,
    Envelope,
    Finding,
    Genesis,
    Headcount,
    Issuance,
    Issued,
    IssuerKey,
    Issuers,
    Key,
    KeyMaterial,
    KeyRevocation,
    Lab,
    Opening,
    PledgeReference,
    PledgeText,
    PolicyText,
    Release,
    Renewal,
    Reply,
    Signatory,
    Signature,
    Signing,
    Statement,
    TipDigest,
    Withdrawal,
    commit,
    format_envelope,
    seal,
)
from pledge.core.statement.commitment import Field
from pledge.core.tlog.checkpoint import Checkpoint, sign_checkpoint
from pledge.core.tlog.cosignature import sign_ed25519_cosignature
from pledge.core.tlog.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA44,
    ED25519,
    NoteSignature,
    VerifierKey,
    format_note,
    format_vkey,
    parse_note,
)
from pledge.core.tlog.proof import TlogProof, format_tlog_proof
from pledge.core.tlog.tree import Hash, leaf_hash, root_hash

ORIGIN = "local.pledge.example/log"
DAY = date(2026, 11, 23)
UNTIL = date(2027, 11, 23)
PLEDGE = (
    "# The pledge\n\nI will not scale what nobody can hold. — “Not recklessly”, that is.\n\n"
    "## Core clauses\n\n### no-reckless-scaling\n\nI will not.\n\n### say-so\n\nI say so.\n\n"
    "## Optional clauses\n\n### leave\n\nI leave.\n\n### help-others\n\nI help others.\n"
)
PLEDGE_SHA256 = hashlib.sha256(PLEDGE.encode()).hexdigest()
SECONDS = 1_795_400_000  # 2026-11-23


class Signer(NamedTuple):
    """A key and the keyid it signs under."""

    keyid: str
    key: SigningKey


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def named_key(name: str) -> SigningKey:
    return SigningKey.from_seed(hashlib.sha256(name.encode()).digest())


def holder(role: str, name: str) -> Signer:
    key = named_key(name)
    return Signer(f"{role}:{role_key_id(role, key.public)}", key)


def signatory(name: str) -> Signer:
    key = named_key(name)
    return Signer(format_key(key.public), key)


LOG_KEY = named_key("log")
LOG_ML_DSA_KEY = MlDsa44Key.from_seed(hashlib.sha256(b"log").digest())
LOG_VKEYS = (
    VerifierKey(ORIGIN, ED25519, LOG_KEY.public),
    VerifierKey(ORIGIN, COSIGNATURE_ML_DSA44, LOG_ML_DSA_KEY.public),
)
WITNESSES = {name: named_key(name) for name in ("witness.example/a", "witness.example/b")}
NOTARY = holder("notary", "notary")
OTHER_NOTARY = holder("notary", "other notary")
STEWARDS = [holder("steward", f"steward {number}") for number in range(4)]
ADA = signatory("ada")

SALT = bytes(range(32))
OPENINGS: dict[Field, Opening] = {
    "name": Opening("name", SALT, "Ada Lovelace"),
    "role": Opening("role", SALT[::-1], "Forschungsleiterin für Größe"),
    "reason": Opening("reason", SALT, "Because we can.\nAnd should not."),
}

GENESIS = Genesis(
    origin=ORIGIN,
    day=DAY,
    operator="A club for tests",
    contact="mailto:log@pledge.example",
    log=tuple(map(format_vkey, LOG_VKEYS)),
    notary=format_key(NOTARY.key.public),
    quorum=2,
)
TEXT = PledgeText(
    origin=ORIGIN,
    day=DAY,
    slug="scaling",
    version=1,
    title="The “scaling” pledge",
    sha256=PLEDGE_SHA256,
    clauses=Clauses(core=("no-reckless-scaling", "say-so"), optional=("leave", "help-others")),
)
LAB = Lab(
    origin=ORIGIN,
    day=DAY,
    slug="example-lab",
    name="Example Läb",
    domains=(Domain(domain="lab.example", scope="lab"), Domain(domain="xn--lb-via.example", scope="group")),
    headcount=(
        Headcount(low=770, high=770, population="total", as_of="2023-11-20", source="https://news.example/a"),
        Headcount(low=50, high=80, population="research", as_of="2026", source="https://news.example/b"),
    ),
)
BARE_LAB = replace(LAB, slug="bare-lab", domains=(), headcount=())
SIGNING = Signing(
    origin=ORIGIN,
    day=DAY,
    pledge=PledgeReference(slug="scaling", version=1, sha256=PLEDGE_SHA256),
    clauses=("no-reckless-scaling", "say-so", "help-others"),
    signatory=Signatory(key=ADA.keyid, visibility="named"),
    commitments=Commitments(
        name=commit(OPENINGS["name"]), role=commit(OPENINGS["role"]), reason=commit(OPENINGS["reason"])
    ),
    affiliation=Affiliation(lab="example-lab", assurance="lab-email", scope="lab", day=DAY),
    credential=None,
    until=UNTIL,
)
SIGNING_SHA256 = seal(SIGNING).payload_sha256
ISSUER_KEY = bytes(range(256)) + b"an issuer's key, DER SPKI"
ISSUERS = Issuers(
    origin=ORIGIN,
    day=DAY,
    epoch="2027-Q1",
    issuers=(IssuerKey(lab="example-lab", purpose="signing:scaling", key=ISSUER_KEY),),
)
ANONYMOUS = Signing(
    origin=ORIGIN,
    day=date(2027, 1, 1),
    pledge=SIGNING.pledge,
    clauses=("no-reckless-scaling", "say-so"),
    signatory=Signatory(key=signatory("nobody").keyid, visibility="anonymous"),
    commitments=None,
    affiliation=Affiliation(lab="example-lab", assurance="credential", scope="lab"),
    credential=Credential(
        issuer=role_key_id("issuer", ISSUER_KEY),
        epoch="2027-Q1",
        purpose="signing:scaling",
        key=signatory("nobody").keyid,
        prefix=SALT,
        signature=bytes(256),
    ),
    until=date(2028, 1, 1),
)


def key_entry(signer: Signer, **changes: Any) -> Key:
    """Return the entry that admits a key, for a year: a founding steward's, unless changed."""
    role = signer.keyid.partition(":")[0]
    entry = Key(
        origin=ORIGIN,
        day=DAY,
        role=role,  # type: ignore[arg-type]  # the signer was made for a role
        keys=KeyMaterial(
            signing=format_key(signer.key.public), age="age1pq1" + "q" * 1952 if role == "steward" else None
        ),
        from_=DAY,
        until=UNTIL,
        founder=role == "steward",
    )
    return replace(entry, **changes)


REVOCATION = KeyRevocation(
    origin=ORIGIN, day=DAY, role="notary", key=format_key(NOTARY.key.public), reason="rotated"
)
DRAFT = Finding(origin=ORIGIN, day=DAY, id="2026-1", state="draft", commitment=sha256("salted"))
PUBLISHED = replace(
    DRAFT,
    state="published",
    lab="example-lab",
    polarity="violation",
    clause="no-reckless-scaling",
    evidence="two-insiders",
    text=sha256("the finding"),
)
RENEWAL = Renewal(origin=ORIGIN, day=DAY, signing=SIGNING_SHA256, reason="own")
WITHDRAWAL = Withdrawal(origin=ORIGIN, day=DAY, signing=SIGNING_SHA256, reason="left-lab")
POLICY_TEXT = PolicyText(origin=ORIGIN, day=DAY, version=1, sha256=sha256("policy"), effective=DAY)
RELEASE = Release(
    origin=ORIGIN, day=DAY, version="1.0.0", files={"sign.js": sha256("js"), "fonts/a.woff2": sha256("a")}
)
ISSUANCE = Issuance(
    origin=ORIGIN,
    day=DAY,
    epoch="2027-Q1",
    issued=(Issued(key=role_key_id("issuer", ISSUER_KEY), count=3),),
)
REPLY = Reply(origin=ORIGIN, day=DAY, finding="2026-1", commitment=sha256("reply"))
TIP_DIGEST = TipDigest(origin=ORIGIN, day=DAY, root=sha256("tips"), leaves=64)

STATEMENTS: list[Statement] = [
    *(GENESIS, TEXT, LAB, BARE_LAB, SIGNING, ISSUERS, ANONYMOUS, REVOCATION, DRAFT, PUBLISHED),
    *(RENEWAL, WITHDRAWAL, POLICY_TEXT, RELEASE, ISSUANCE, REPLY, TIP_DIGEST),
    *(key_entry(STEWARDS[0]), key_entry(OTHER_NOTARY)),
]


def signed(statement: Statement, *signers: Signer) -> Envelope:
    """Return a statement's envelope, signed by these in this order."""
    envelope = seal(statement)
    signatures = (Signature(keyid, key.sign(envelope.pae)) for keyid, key in signers)
    return replace(envelope, signatures=tuple(signatures))


def begun(*more: Envelope) -> Ledger:
    """Return a ledger with a genesis, a pledge, two labs, and more entries, all verified."""
    ledger = Ledger()
    for envelope in (*BEGINNING, *more):
        ledger.verify(ledger.size, envelope)
    return ledger


BEGINNING = tuple(signed(statement, NOTARY) for statement in (GENESIS, TEXT, LAB, BARE_LAB))
SIGNED = signed(SIGNING, ADA, NOTARY)
FOUNDED = tuple(signed(key_entry(steward), NOTARY) for steward in STEWARDS[:2])


def inclusion_path(leaf_hashes: list[Hash], index: int) -> tuple[Hash, ...]:
    """Return the audit path by the definition (RFC 9162, section 2.1.3.1), from the leaf's sibling up."""
    if len(leaf_hashes) == 1:
        return ()
    split = 1 << ((len(leaf_hashes) - 1).bit_length() - 1)
    left, right = leaf_hashes[:split], leaf_hashes[split:]
    if index < split:
        return (*inclusion_path(left, index), root_hash(right))
    return (*inclusion_path(right, index - split), root_hash(left))


def checkpoint_of(entries: list[bytes], *, witnesses: int = 2, log_keys: int = 2) -> bytes:
    """Return a checkpoint over entries, signed by the log with one key or both, and by some witnesses."""
    checkpoint = Checkpoint(ORIGIN, len(entries), root_hash([leaf_hash(entry) for entry in entries]))
    note = parse_note(sign_checkpoint(checkpoint, ed25519=LOG_KEY, ml_dsa=LOG_ML_DSA_KEY, seconds=SECONDS))
    cosigned = tuple(
        NoteSignature(
            name,
            VerifierKey(name, COSIGNATURE_ED25519, key.public).key_id,
            sign_ed25519_cosignature(key, checkpoint, SECONDS),
        )
        for name, key in list(WITNESSES.items())[:witnesses]
    )
    return format_note(note._replace(signatures=note.signatures[:log_keys] + cosigned))


def proof_of(entries: list[bytes], index: int, *, extra: bytes | None = None, **signers: int) -> bytes:
    """Return the tlog-proof of one of a log's entries; ``signers`` as for ``checkpoint_of``."""
    path = inclusion_path([leaf_hash(entry) for entry in entries], index)
    return format_tlog_proof(TlogProof(index, path, checkpoint_of(entries, **signers), extra))


def trust(*, notary: Signer = NOTARY, quorum: str = "both") -> Policy:
    """Return a policy that believes this log, a notary and the witnesses."""
    lines = [f"log {vkey}" for vkey in GENESIS.log]
    lines.append(f"notary {format_vkey(VerifierKey('notary', ED25519, notary.key.public))}")
    for number, (name, key) in enumerate(WITNESSES.items()):
        lines.append(f"witness w{number} {format_vkey(VerifierKey(name, COSIGNATURE_ED25519, key.public))}")
    return parse_policy("\n".join([*lines, "group both all w0 w1", f"quorum {quorum}", ""]))


def entries_of(*envelopes: Envelope) -> list[bytes]:
    return [format_envelope(envelope) for envelope in envelopes]

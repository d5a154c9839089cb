"""The recipients file: whom tips are sealed to and who may answer, each with the proof that the log has it.

    {"checkpoint": the log's checkpoint, a signed note,
     "entries": [{"index", "leaf": base64 of the entry,
                  "path": [base64 hashes, from the leaf's sibling up]}, …],
     "type": "recipients/v1"}

Canonical JSON. The entries are the genesis, every steward's ``key`` and every ``key-revocation`` of one, in the order
of the log. A reader believes the checkpoint by its policy, each entry by its path to the checkpoint, and then replays
the entries by the log's own rules: so a key counts only if the founders' notary or k stewards admitted it. A file can
leave out the newest entries, or a revocation; it cannot add anybody.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from pledge.core.keys import format_key
from pledge.core.ledger import Entry, check_entry
from pledge.core.logstate import LogState
from pledge.core.policy import NO_QUORUM, Policy, VerifiedCheckpoint, verify_checkpoint
from pledge.core.statement.canonical import MAX_ENTRY_BYTES, format_json, parse_json
from pledge.core.statement.envelope import parse_envelope
from pledge.core.statement.keys import Key, KeyRevocation
from pledge.core.statement.kinds import parse_statement
from pledge.core.statement.members import choice, integer, member, nested, octets, record, sequence, text
from pledge.core.statement.operation import Genesis
from pledge.core.tip.message import Manifest
from pledge.core.tlog.checkpoint import Checkpoint
from pledge.core.tlog.note import MAX_NOTE_BYTES
from pledge.core.tlog.proof import MAX_PATH, verify_inclusion
from pledge.core.tlog.tree import HASH_BYTES, Hash, leaf_hash
from pledge.errors import MalformedError, UnavailableError, VerificationError

MAX_RECIPIENTS_BYTES: Final = 1 << 25
"""A rotation of one steward takes some 10 KiB: fifty stewards for more than five years."""
MAX_ENTRIES: Final = 8192

_MAX_INDEX: Final = 2**53 - 1


@record
class ProvenEntry:
    """An entry of the log: where it stands, its bytes, and its audit path to the file's checkpoint."""

    index: int = member(integer(0, _MAX_INDEX))
    leaf: bytes = member(octets(1, MAX_ENTRY_BYTES))
    path: tuple[bytes, ...] = member(sequence(octets(HASH_BYTES, HASH_BYTES), 0, MAX_PATH))


@record
class _File:
    checkpoint: str = member(text(MAX_NOTE_BYTES))
    entries: tuple[ProvenEntry, ...] = member(sequence(nested(ProvenEntry), 1, MAX_ENTRIES))
    type_: Literal["recipients/v1"] = member(choice("recipients/v1"))

    def __post_init__(self) -> None:
        indexes = [entry.index for entry in self.entries]
        if indexes[0] != 0 or any(one >= other for one, other in pairwise(indexes)):
            raise MalformedError("entries come in the order of the log, from the genesis on")


_FILE: Final = nested(_File)


class Revocation(NamedTuple):
    """When a key left its role, and the class of reason, such as ``rotated``."""

    day: date
    reason: str


class StewardKey(NamedTuple):
    """A steward's keys, as the log admitted them.

    Attributes:
        entry: Index of the entry that admitted them.
        signing: ``ed25519:…``.
        recipient: ``age1pq1…``.
        from_: The first day on which they hold.
        until: The last.
        is_founder: Whether the notary admitted them, before there were enough stewards to.
        revoked: None if they were not.
    """

    entry: int
    signing: str
    recipient: str
    from_: date
    until: date
    is_founder: bool
    revoked: Revocation | None = None

    def is_current(self, day: date) -> bool:
        """Say whether tips are sealed to it on a day."""
        return self.revoked is None and self.from_ <= day <= self.until

    def may_have_signed(self, day: date) -> bool:
        """Say whether its signature on an answer of a day counts: a key that was rotated answers for what it signed."""
        return self.revoked is None or (self.revoked.reason == "rotated" and day <= self.revoked.day)


class StewardKeys(NamedTuple):
    """All stewards' keys that a verified recipients file shows.

    Attributes:
        origin: The log's.
        quorum: How many current stewards it takes; with fewer, tips are closed.
        keys: In the order in which the log admitted them.
        seen: The verified checkpoint.
    """

    origin: str
    quorum: int
    keys: tuple[StewardKey, ...]
    seen: VerifiedCheckpoint

    @property
    def checkpoint(self) -> Checkpoint:
        """The state of the log that has these."""
        return self.seen.checkpoint

    def current(self, day: date) -> tuple[StewardKey, ...]:
        """Give the keys that hold on a day."""
        return tuple(key for key in self.keys if key.is_current(day))

    def is_open(self, day: date) -> bool:
        """Say whether there are enough stewards for tips."""
        return len(self.current(day)) >= self.quorum

    def recipients(self, day: date) -> tuple[str, ...]:
        """Give whom tips and answers of a day are sealed to, ``age1pq1…``, none twice.

        Raises:
            UnavailableError: Tips are closed (code ``tips-closed``).
        """
        if not self.is_open(day):
            raise UnavailableError(
                "There are fewer than %(quorum)s current stewards, so tips are closed.",
                code="tips-closed",
                quorum=self.quorum,
            )
        return tuple(dict.fromkeys(key.recipient for key in self.current(day)))

    def signers(self, manifests: Iterable[Manifest]) -> frozenset[str]:
        """Give the stewards' keys all of whose signatures among these count; for ``thread.check_thread``."""
        known = {key.signing: key for key in self.keys}
        refused = {
            manifest.key
            for manifest in manifests
            if manifest.key in known and not known[manifest.key].may_have_signed(manifest.message.day)
        }
        return frozenset(known.keys() - refused)


def format_recipients(checkpoint: bytes, entries: Sequence[ProvenEntry]) -> bytes:
    """Write a recipients file.

    Args:
        checkpoint: The note, byte for byte.
        entries: The genesis, and stewards' keys and revocations, in order, with paths to the checkpoint.

    Raises:
        MalformedError: Out of order, too much, or a checkpoint that is not UTF-8 in NFC.
    """
    try:
        note = checkpoint.decode()
    except UnicodeDecodeError:
        raise MalformedError("A checkpoint is UTF-8.") from None
    file = _File(checkpoint=note, entries=tuple(entries), type_="recipients/v1")
    data = format_json(_FILE.format(file), max_bytes=MAX_RECIPIENTS_BYTES)
    _read(data)
    return data


def parse_recipients(data: bytes, policy: Policy) -> StewardKeys:
    """Read a recipients file and verify all of it.

    Args:
        data: From anywhere, at most 32 MiB.
        policy: Whom to believe; never from where the file is from.

    Raises:
        MalformedError: It does not follow its format.
        NotUnderstoodError: An entry is of a kind or version that this reader does not know.
        VerificationError: The checkpoint is not by a log of the policy, or lacks the quorum of witnesses that the
            policy asks for (code ``quorum``); the genesis names a notary that the policy does not
            (``notary-unknown``); or an entry is not in the log, of another kind (``recipients-kind``) or breaks a
            rule of the log. The message names the entry.
    """
    file = _read(data)
    seen = verify_checkpoint(policy, file.checkpoint.encode())
    if policy.quorum != NO_QUORUM and not seen.quorum_met:
        raise VerificationError("Too few witnesses of the policy cosigned this checkpoint.", code="quorum")
    state = LogState()
    keys: dict[str, StewardKey] = {}
    for entry in file.entries:
        try:
            statement = _take(state, entry, seen.checkpoint)
        except (VerificationError, MalformedError) as error:
            raise VerificationError(
                "Entry %(index)s: %(error)s", code=error.code, index=entry.index, error=str(error)
            ) from error
        match statement:
            case Genesis():
                _check_genesis(statement, seen.checkpoint, policy)
            case Key():
                keys[statement.keys.signing] = _steward_key(entry.index, statement)
            case _:
                revocation = Revocation(statement.day, statement.reason)
                keys[statement.key] = keys[statement.key]._replace(revoked=revocation)
    return StewardKeys(seen.checkpoint.origin, state.quorum, tuple(keys.values()), seen)


def _read(data: bytes) -> _File:
    return _FILE.parse(parse_json(data, max_bytes=MAX_RECIPIENTS_BYTES))


def _take(state: LogState, entry: ProvenEntry, checkpoint: Checkpoint) -> Genesis | Key | KeyRevocation:
    """Take one entry, by its inclusion proof and by the rules of the log."""
    path = [Hash(value) for value in entry.path]
    verify_inclusion(leaf_hash(entry.leaf), entry.index, checkpoint.size, path, checkpoint.root)
    envelope = parse_envelope(entry.leaf)
    statement = parse_statement(envelope)
    if not isinstance(statement, Genesis) and not (
        isinstance(statement, Key | KeyRevocation) and statement.role == "steward"
    ):
        raise VerificationError("It is about no steward.", code="recipients-kind")
    for check in check_entry(state, Entry(envelope, envelope.payload_sha256, statement)):
        check.verify()
    state.record(envelope.payload_sha256, statement)
    return statement


def _check_genesis(genesis: Genesis, checkpoint: Checkpoint, policy: Policy) -> None:
    if genesis.origin != checkpoint.origin:
        raise VerificationError("The genesis is of another log.", code="origin-wrong")
    if genesis.notary not in {format_key(key.public) for key in policy.notaries}:
        raise VerificationError("The policy does not have the notary of this log.", code="notary-unknown")


def _steward_key(index: int, key: Key) -> StewardKey:
    recipient = key.keys.age or ""  # a steward's entry has one, or it is malformed
    return StewardKey(index, key.keys.signing, recipient, key.from_, key.until, key.founder)

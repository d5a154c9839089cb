"""Trust policies: whom a verifier believes (C2SP tlog-policy, and one kind of line of our own).

    # Comments and empty lines are skipped; items stand apart by spaces and tabs.
    log example.com/log+<key ID>+<base64>                     any one of the logs must sign
    notary notary+<key ID>+<base64>                           whose word on affiliations counts; ours alone
    witness W1 witness.example/w1+<key ID>+<base64> [<url>]   a name for this file, and the cosigner's key
    witness W2 witness.example/w2+<key ID>+<base64>
    group both all W1 W2                                      all, any, or a number of the members
    quorum both                                               a witness, a group, or none

A policy comes from outside: a file somebody chose, never something found beside what it is to verify. It says
how a checkpoint is verified. A log that is listed with both an Ed25519 and an ML-DSA-44 key is believed on
either signature (tlog-policy, "Defining a log"); who wants only the second lists only that key.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pledge.core.tlog.checkpoint import Checkpoint, parse_checkpoint
from pledge.core.tlog.cosignature import cosignature_seconds
from pledge.core.tlog.encoding import decode_decimal
from pledge.core.tlog.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA44,
    ED25519,
    VerifierKey,
    format_vkey,
    parse_note,
    parse_vkey,
    verify_note,
)
from pledge.errors import MalformedError, VerificationError

NO_QUORUM: Final = "none"
NOTARY_NAME: Final = "notary"
MAX_POLICY_CHARS: Final = 524_288
MAX_OF_EACH: Final = 64

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ITEM: Final = re.compile(r"[^ \t]+")
_LOG_KINDS: Final = frozenset({ED25519, COSIGNATURE_ML_DSA44})
_NOTARY_KINDS: Final = frozenset({ED25519})
_WITNESS_KINDS: Final = frozenset({COSIGNATURE_ED25519, COSIGNATURE_ML_DSA44})


class Group(NamedTuple):
    """Witnesses or other groups, of which some number must have cosigned.

    Attributes:
        threshold: 1 to the number of members.
        members: Names defined before, each in one group at most.
    """

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom to believe, made by ``parse_policy``.

    Attributes:
        logs: Keys of kind 0x01 or 0x06, each named by its log's origin; a log may have several.
        notaries: Keys of kind 0x01, all named ``notary``.
        witnesses: Keys of kind 0x04 or 0x06 by the names they have in this policy.
        groups: By name, each after the groups it is made of.
        quorum: The name of a witness or group, or ``none``.
        urls: Where logs and witnesses are reached, as far as the policy says so.
    """

    logs: tuple[VerifierKey, ...]
    notaries: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, Group]
    quorum: str
    urls: Mapping[VerifierKey, str] = field(default_factory=dict)

    def quorum_seconds(self, cosigned: Mapping[str, int]) -> int | None:
        """Give the latest time that the cosignatures of a quorum reach; None if there is none, or one states none.

        Args:
            cosigned: Seconds by the names of witnesses; 0 says nothing about time.
        """
        latest: set[str] = set()
        for seconds, name in sorted(((seconds, name) for name, seconds in cosigned.items()), reverse=True):
            latest.add(name)
            if self.is_quorum(frozenset(latest)):
                return seconds or None
        return None

    def is_quorum(self, cosigners: frozenset[str]) -> bool:
        """Say whether these witnesses are enough (tlog-policy, "Defining the quorum"). For ``none`` none are."""
        met = set(cosigners)
        for name, group in self.groups.items():
            if len(met.intersection(group.members)) >= group.threshold:
                met.add(name)
        return self.quorum in met


class VerifiedCheckpoint(NamedTuple):
    """A checkpoint that a log of the policy signed.

    Attributes:
        checkpoint: What the log was.
        witnesses: Names, as in the policy, of the witnesses that cosigned it, in the policy's order.
        quorum_met: Whether these make a quorum. Never so under ``quorum none``: a policy that asks for no
            witnesses can show that an entry is logged, not that it is witnessed.
        newest_cosignature_seconds: When a quorum last saw it, since the Unix epoch: the latest time that the
            cosignatures of a whole quorum reach. None without a quorum, or if too few of it stated a time: a
            witness alone makes nothing fresh. The log's own word on time does not count.
    """

    checkpoint: Checkpoint
    witnesses: tuple[str, ...]
    quorum_met: bool
    newest_cosignature_seconds: int | None


def verify_checkpoint(policy: Policy, note_bytes: bytes) -> VerifiedCheckpoint:
    """Verify a checkpoint by a policy. The caller decides what is to be done without a quorum.

    Args:
        policy: Whom to believe.
        note_bytes: A signed note, as the log serves it or a proof carries it.

    Raises:
        MalformedError: It is not a note, or its text is not a checkpoint.
        VerificationError: No log of the policy signed it under its own origin, or a signature by a log or
            witness of the policy is bad.
    """
    note = parse_note(note_bytes)
    checkpoint = parse_checkpoint(note.text)
    logs = frozenset(key for key in policy.logs if key.name == checkpoint.origin)
    verified = verify_note(note, [*logs, *policy.witnesses.values()])
    if logs.isdisjoint(key for key, _ in verified):
        raise VerificationError("No log of the policy signed this checkpoint.")
    cosigned: dict[VerifierKey, int] = {}
    for key, line in verified:
        if key not in logs:
            cosigned[key] = max(cosigned.get(key, 0), cosignature_seconds(line.signature))
    seconds = {name: cosigned[key] for name, key in policy.witnesses.items() if key in cosigned}
    return VerifiedCheckpoint(
        checkpoint, tuple(seconds), policy.is_quorum(frozenset(seconds)), policy.quorum_seconds(seconds)
    )


def format_policy(policy: Policy) -> str:
    """Write a policy as ``parse_policy`` reads it, without comments, one space between items.

    Raises:
        MalformedError: The policy could not be read back as the same.
    """
    lines = [_format_keyed("log", key, policy) for key in policy.logs]
    lines += [f"notary {format_vkey(key)}" for key in policy.notaries]
    lines += [_format_keyed(f"witness {name}", key, policy) for name, key in policy.witnesses.items()]
    lines += [
        f"group {name} {group.threshold} {' '.join(group.members)}" for name, group in policy.groups.items()
    ]
    text = "".join(f"{line}\n" for line in [*lines, f"quorum {policy.quorum}"])
    if parse_policy(text) != policy:
        raise MalformedError("This policy cannot be written.")
    return text


def parse_policy(text: str) -> Policy:
    """Read a policy (C2SP tlog-policy, "Policy file syntax and structure").

    Takes up to 64 logs, notaries, witnesses and groups each, and 524,288 characters.

    Raises:
        MalformedError: Too large, a control character, a last line without its newline, an unknown kind of
            line, a name used before it is defined or defined twice, a member of two groups, a key listed
            twice, a log that is its own witness, or other than one quorum. The message names the line.
        NotUnderstoodError: A key of an unknown kind.
    """
    if len(text) > MAX_POLICY_CHARS:
        raise MalformedError(f"A policy has at most {MAX_POLICY_CHARS} characters.")
    if _CONTROL.search(text):
        raise MalformedError("A policy holds a control character.")
    if not text.endswith("\n"):
        raise MalformedError("The last line of a policy lacks its newline: is the file cut short?")
    reader = _PolicyReader()
    for number, line in enumerate(text.split("\n"), start=1):
        items = _ITEM.findall(line)
        if items and not items[0].startswith("#"):
            try:
                reader.read(items)
            except MalformedError as error:
                raise MalformedError(f"Line {number} of a policy: {error}") from error
    return reader.finish()


class _PolicyReader:
    """Collects the lines of a policy."""

    def __init__(self) -> None:
        self._logs: list[VerifierKey] = []
        self._notaries: list[VerifierKey] = []
        self._witnesses: dict[str, VerifierKey] = {}
        self._groups: dict[str, Group] = {}
        self._urls: dict[VerifierKey, str] = {}
        self._members: set[str] = set()
        self._quorum: str | None = None

    def read(self, items: list[str]) -> None:
        """Read one line, split into items."""
        readers: dict[str, Callable[[list[str]], None]] = {
            "log": self._read_log,
            "notary": self._read_notary,
            "witness": self._read_witness,
            "group": self._read_group,
            "quorum": self._read_quorum,
        }
        reader = readers.get(items[0])
        if reader is None:
            raise MalformedError("it begins with none of log, notary, witness, group, quorum.")
        reader(items[1:])

    def finish(self) -> Policy:
        """Return the policy, once all lines are read."""
        if self._quorum is None:
            raise MalformedError("A policy has one quorum line.")
        if max(map(len, (self._logs, self._notaries, self._witnesses, self._groups))) > MAX_OF_EACH:
            raise MalformedError(
                f"A policy has at most {MAX_OF_EACH} logs, notaries, witnesses and groups each."
            )
        if {key.public for key in self._logs} & {key.public for key in self._witnesses.values()}:
            raise MalformedError("A log of a policy is its own witness.")
        return Policy(
            tuple(self._logs), tuple(self._notaries), self._witnesses, self._groups, self._quorum, self._urls
        )

    def _read_log(self, items: list[str]) -> None:
        """Read ``log <vkey> [<url>]``."""
        if len(items) not in {1, 2}:
            raise MalformedError("a log is written as: log <vkey> [<url>].")
        self._logs.append(self._key(items, _LOG_KINDS, self._logs))

    def _read_notary(self, items: list[str]) -> None:
        """Read ``notary <vkey>``."""
        if len(items) != 1:
            raise MalformedError("a notary is written as: notary <vkey>.")
        key = self._key(items, _NOTARY_KINDS, self._notaries)
        if key.name != NOTARY_NAME:
            raise MalformedError(f"a notary's key has the name {NOTARY_NAME}.")
        self._notaries.append(key)

    def _read_witness(self, items: list[str]) -> None:
        """Read ``witness <name> <vkey> [<url>]``."""
        if len(items) not in {2, 3}:
            raise MalformedError("a witness is written as: witness <name> <vkey> [<url>].")
        key = self._key(items[1:], _WITNESS_KINDS, [*self._witnesses.values()])
        self._witnesses[self._new_name(items[0])] = key

    def _read_group(self, items: list[str]) -> None:
        """Read ``group <name> <k|any|all> <name>…``."""
        if len(items) < 3:  # noqa: PLR2004  # a name, a threshold and a member
            raise MalformedError("a group is written as: group <name> <k|any|all> <name>….")
        name, threshold, *members = items
        for member in members:
            self._check_defined(member)
            if member in self._members:
                raise MalformedError("a name is a member of a group already.")
            self._members.add(member)
        words = {"any": 1, "all": len(members)}
        count = words[threshold] if threshold in words else decode_decimal(threshold)
        if not 1 <= count <= len(members):
            raise MalformedError("a group asks for 1 to all of its members.")
        self._groups[self._new_name(name)] = Group(count, tuple(members))

    def _read_quorum(self, items: list[str]) -> None:
        """Read ``quorum <name>``."""
        if len(items) != 1 or self._quorum is not None:
            raise MalformedError("one line says: quorum <name>.")
        if items[0] != NO_QUORUM:
            self._check_defined(items[0])
        self._quorum = items[0]

    def _key(self, items: list[str], kinds: frozenset[int], others: list[VerifierKey]) -> VerifierKey:
        """Read ``<vkey> [<url>]``; the public key must not be among the others' (tlog-policy, "duplicate")."""
        key = parse_vkey(items[0])
        if key.kind not in kinds:
            raise MalformedError("a key is of a kind that does not belong here.")
        if key.public in {other.public for other in others}:
            raise MalformedError("a key is listed twice.")
        if len(items) > 1:
            self._urls[key] = items[1]
        return key

    def _new_name(self, name: str) -> str:
        """Check that a name is free: witnesses and groups share one set of names, ``none`` is taken."""
        if name == NO_QUORUM or name in self._witnesses or name in self._groups:
            raise MalformedError("a name is taken already.")
        return name

    def _check_defined(self, name: str) -> None:
        """Check that a line above defines a name."""
        if name not in self._witnesses and name not in self._groups:
            raise MalformedError("a name is not defined above.")


def _format_keyed(start: str, key: VerifierKey, policy: Policy) -> str:
    """Write ``<start> <vkey> [<url>]``."""
    url = policy.urls.get(key)
    return f"{start} {format_vkey(key)}" + ("" if url is None else f" {url}")

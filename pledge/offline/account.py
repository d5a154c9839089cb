"""``pledge tips account``: whether every leaf of every day's digest is an envelope that a steward holds, or a dummy.

The log commits to a day's leaves before anybody can know what becomes of the envelopes behind them. So one that the
server keeps back leaves a leaf that nobody can account for. So does one that its source deleted, or whose time was up:
which of these it was, no arithmetic can tell.
"""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import click

from pledge.audit.console import WELL, WRONG, fact, plain_errors, read_bounded
from pledge.audit.trust import read_trust
from pledge.core.age.stanza import Identity
from pledge.core.keyring import Keyring, Term
from pledge.core.keys import format_key
from pledge.core.policy import NOTARY_NAME, Policy, verify_checkpoint
from pledge.core.signatures import by_role
from pledge.core.statement import TipDigest, parse_envelope, parse_statement
from pledge.core.statement.canonical import MAX_ENTRY_BYTES
from pledge.core.tip.contents import open_contents
from pledge.core.tip.digest import (
    LEAF_BYTES,
    MAX_LEAVES,
    Leaf,
    digest_root,
    dummy_leaf,
    parse_leaves,
    tip_leaf,
)
from pledge.core.tlog.proof import MAX_PROOF_BYTES, parse_tlog_proof, verify_inclusion
from pledge.core.tlog.tree import leaf_hash
from pledge.errors import MalformedError, VerificationError
from pledge.offline.desk import Desk, DummyDay, Listed
from pledge.offline.private import KEYS, POLICY, read_keys
from pledge.offline.reading import Envelope

_NAMED: Final = 10


class Held(NamedTuple):
    """A source's envelope: as it is listed, and its leaf, None where none of the keys opens it."""

    listed: Listed
    leaf: Leaf | None


class DayAccount(NamedTuple):
    """The account of a day.

    Attributes:
        leaves: How many there are.
        held: Those that are envelopes held here.
        dummies: Those that are opened dummies.
        unknown: Those that are neither.
        wrong_dummies: Openings that open no leaf of the day.
        found: The envelopes held, by SHA-256.
    """

    leaves: int
    held: int
    dummies: int
    unknown: tuple[Leaf, ...]
    wrong_dummies: int
    found: frozenset[str]


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@KEYS
@POLICY
def account(directory: Path, keys_file: Path, policy_file: Path | None) -> None:
    """Account for the leaves of every day's digest in DIR, as it was fetched.

    Exit code 1 if a leaf is neither an envelope that you hold nor a dummy, or an envelope's leaf is in no digest.
    """
    with plain_errors():
        policy = read_trust(policy_file).policy
        desk = Desk(directory)
        origin = desk.stewards(policy).origin
        is_well = account_desk(desk, read_keys(keys_file).identities, policy, origin=origin)
    sys.exit(WELL if is_well else WRONG)


def account_desk(desk: Desk, identities: Sequence[Identity], policy: Policy, *, origin: str) -> bool:
    """Account for everything that was fetched, and say so.

    Returns:
        Whether nothing was wrong.

    Raises:
        MalformedError, VerificationError: Something that was fetched cannot be used at all.
    """
    held = [
        _leaf_of(desk, listed, identities)
        for thread in desk.inbox().threads
        for listed in thread.messages
        if listed.from_ == "source"
    ]
    own = {one.leaf: one.listed.sha256 for one in held if one.leaf is not None}
    days, accounted, is_well = desk.dummies().days, set[str](), True
    for day in days:
        try:
            leaves = read_digest(desk, day.day, policy, origin=origin)
        except (FileNotFoundError, MalformedError, VerificationError) as error:
            why = "not fetched" if isinstance(error, FileNotFoundError) else str(error)
            click.echo(fact(day.day.isoformat(), f"Wrong: {why}"))
            is_well = False
            continue
        result = account_day(day, leaves, own)
        accounted |= result.found
        is_well &= not result.unknown and not result.wrong_dummies
        _tell_day(day.day, result)
    newest = max((day.day for day in days), default=date.min)
    return _tell_rest(held, accounted, newest) and is_well


def read_digest(desk: Desk, day: date, policy: Policy, *, origin: str) -> tuple[Leaf, ...]:
    """Read the leaves of a day, held against the log's own entry.

    Raises:
        FileNotFoundError: Something of it was not fetched.
        MalformedError: Something does not follow its format.
        VerificationError: The entry is not in the log, not the notary's, or not for these leaves.
    """
    entry = read_bounded(desk.digest(day, ".entry"), MAX_ENTRY_BYTES)
    proof = parse_tlog_proof(read_bounded(desk.digest(day, ".tlog-proof"), MAX_PROOF_BYTES))
    leaves = parse_leaves(read_bounded(desk.digest(day), MAX_LEAVES * LEAF_BYTES))
    checkpoint = verify_checkpoint(policy, proof.checkpoint).checkpoint
    verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.path, checkpoint.root)
    envelope = parse_envelope(entry)
    statement = parse_statement(envelope)
    if not isinstance(statement, TipDigest) or (statement.origin, statement.day) != (origin, day):
        raise VerificationError("The entry is not the digest of this day.", code="digest-entry")
    if checkpoint.origin != origin:
        raise VerificationError("The proof is from another log.", code="origin-wrong")
    for check in by_role(envelope, _notaries(policy), day, high=1):
        check.verify()
    if (statement.root, statement.leaves) != (digest_root(leaves).hex(), len(leaves)):
        raise VerificationError("The leaves are not those that the log has.", code="digest-root")
    return leaves


def account_day(day: DummyDay, leaves: Sequence[Leaf], own: dict[Leaf, str]) -> DayAccount:
    """Account for the leaves of a day; ``own`` are the envelopes held, by their leaves."""
    dummies = {dummy_leaf(r) for r in day.dummies}
    held = [leaf for leaf in leaves if leaf in own]
    opened = [leaf for leaf in leaves if leaf in dummies and leaf not in own]
    return DayAccount(
        leaves=len(leaves),
        held=len(held),
        dummies=len(opened),
        unknown=tuple(leaf for leaf in leaves if leaf not in own and leaf not in dummies),
        wrong_dummies=len(dummies - set(leaves)),
        found=frozenset(own[leaf] for leaf in held),
    )


def _leaf_of(desk: Desk, listed: Listed, identities: Sequence[Identity]) -> Held:
    envelope = Envelope(desk.envelope(listed))
    sha256 = envelope.sha256()
    if sha256.hex() != listed.sha256:
        raise VerificationError(f"Envelope {listed.id} is not the one that is listed.")
    try:
        contents = open_contents(identities, envelope)
    except VerificationError as error:
        if error.code != "age-no-match":
            raise
        return Held(listed, None)
    return Held(listed, tip_leaf(contents.manifest.message.nonce, sha256))


def _notaries(policy: Policy) -> Keyring:
    keyring = Keyring(NOTARY_NAME)
    for vkey in policy.notaries:
        keyring.admit(Term(format_key(vkey.public), date.min, None))
    return keyring


def _tell_day(day: date, result: DayAccount) -> None:
    said = f"{result.leaves} leaves: {result.held} held, {result.dummies} dummies"
    if result.unknown:
        said += f", {len(result.unknown)} neither: kept back, deleted by their source, or expired"
        said += "".join(f"\n{leaf.hex()}" for leaf in result.unknown[:_NAMED])
    if result.wrong_dummies:
        said += f"\nWrong: {result.wrong_dummies} openings open no leaf of this day"
    click.echo(fact(day.isoformat(), said))


def _tell_rest(held: Sequence[Held], accounted: set[str], newest: date) -> bool:
    """Say which envelopes no digest accounts for; what came on the newest day's eve or later may still be to come."""
    is_well = True
    for one in held:
        if one.leaf is None:
            click.echo(f"Not opened by your keys, so not accounted for: {one.listed.id}, of {one.listed.day}")
        elif one.listed.sha256 not in accounted and one.listed.day < newest:
            click.echo(f"Wrong: in no digest: {one.listed.id}, of {one.listed.day}")
            is_well = False
    return is_well

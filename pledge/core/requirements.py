"""What an entry needs, kind by kind: the rules it has to keep, and whose signatures it has to bear.

``docs/formats.md`` has the table. A requirement changes nothing; it raises ``VerificationError`` or returns the
signature checks that are left to make.
"""

from collections.abc import Callable
from typing import Any

from pledge.core import rules
from pledge.core.keyring import Keyring, Term
from pledge.core.logstate import LogState
from pledge.core.signatures import SignatureCheck, by_role, by_signatory
from pledge.core.statement import (
    Envelope,
    Finding,
    Genesis,
    Issuance,
    Issuers,
    Key,
    KeyRevocation,
    Lab,
    PledgeText,
    PolicyText,
    Release,
    Renewal,
    Reply,
    Signing,
    Statement,
    TipDigest,
    Withdrawal,
    normal_key,
)
from pledge.errors import VerificationError

Checks = tuple[SignatureCheck, ...]


def require(state: LogState, statement: Statement, envelope: Envelope) -> Checks:
    """Check a statement by the rules of its kind.

    Args:
        state: The log before the entry.
        statement: What the entry says.
        envelope: The entry.

    Returns:
        The signatures that have to be verified; together they are all that the entry bears.

    Raises:
        VerificationError: it breaks a rule, or lacks a signature or bears another one.
        MalformedError: a key in it is none.
    """
    return _REQUIREMENTS[statement.kind](state, statement, envelope)


def _notary(state: LogState, statement: Statement, envelope: Envelope) -> Checks:
    return by_role(envelope, state.keyrings["notary"], statement.day, high=1)


def _stewards(state: LogState, statement: Statement, envelope: Envelope) -> Checks:
    return by_role(envelope, state.keyrings["steward"], statement.day, low=state.quorum)


def _genesis(_state: LogState, genesis: Genesis, envelope: Envelope) -> Checks:
    rules.check_genesis(genesis)
    keyring = Keyring("notary")
    keyring.admit(Term(genesis.notary, genesis.day, None))
    return by_role(envelope, keyring, genesis.day, high=1)


def _policy(state: LogState, policy: PolicyText, envelope: Envelope) -> Checks:
    rules.check_version(policy.version, state.policy.version if state.policy else 0)
    return (_stewards if state.has_stewards else _notary)(state, policy, envelope)


def _pledge_text(state: LogState, text: PledgeText, envelope: Envelope) -> Checks:
    rules.check_version(text.version, state.pledge_versions.get(text.slug, 0))
    return _notary(state, text, envelope)


def _key(state: LogState, key: Key, envelope: Envelope) -> Checks:
    keyring = state.keyrings[key.role]
    keyring.check_new(key.keys.signing)
    if key.role == "steward" and not key.founder:
        return _stewards(state, key, envelope)
    if key.founder and state.founders >= state.quorum:
        raise VerificationError("The log has had all its founders.", code="founder-late")
    if key.role in {"issuer", "log"} and keyring.has_current(key.day):
        # A rotation, which the old key has to confirm. A notary that is replaced signs as the notary.
        first, rest = envelope.signatures[:1], envelope.signatures[1:]
        by_notary = by_role(envelope, state.keyrings["notary"], key.day, signatures=first)
        return by_notary + by_role(envelope, keyring, key.day, signatures=rest, high=1)
    return _notary(state, key, envelope)


def _key_revocation(state: LogState, revocation: KeyRevocation, envelope: Envelope) -> Checks:
    state.keyrings[revocation.role].check_standing(revocation.key)
    is_theirs = revocation.role == "steward" and state.has_stewards
    return (_stewards if is_theirs else _notary)(state, revocation, envelope)


def _issuers(state: LogState, issuers: Issuers, envelope: Envelope) -> Checks:
    rules.check_issuers(issuers, state.issuers, state.labs)
    return _notary(state, issuers, envelope)


def _issuance(state: LogState, issuance: Issuance, envelope: Envelope) -> Checks:
    rules.check_issuance(issuance, state.issuers.get(issuance.epoch))
    return _notary(state, issuance, envelope)


def _signing(state: LogState, signing: Signing, envelope: Envelope) -> Checks:
    text = state.texts.get((signing.pledge.slug, signing.pledge.version))
    rules.check_signing(signing, text, state.labs.get(signing.lab) if signing.lab else None)
    before = state.holders.get((normal_key(signing.signatory.key), signing.pledge.slug))
    rules.check_key_free(state.tally.standings[before].status if before else None)
    if signing.credential is not None:
        rules.check_credential(signing, state.issuers.get(signing.credential.epoch))
    notaries = envelope.signatures[1:]
    return by_signatory(envelope, signing.signatory.key) + by_role(
        envelope, state.keyrings["notary"], signing.day, signatures=notaries
    )


def _step(state: LogState, step: Renewal | Withdrawal, envelope: Envelope) -> Checks:
    state.tally.after(envelope.payload_sha256, step)
    is_notary = any(signature.keyid.startswith("notary:") for signature in envelope.signatures)
    visibility = state.tally.standings[step.signing].visibility
    rules.check_step(step, visibility=visibility, is_notary=is_notary)
    if is_notary:
        return _notary(state, step, envelope)
    return by_signatory(envelope, state.signatories[step.signing], is_alone=True)


def _finding(state: LogState, finding: Finding, envelope: Envelope) -> Checks:
    rules.check_finding(finding, state.findings.get(finding.id), state.labs)
    return _stewards(state, finding, envelope)


def _reply(state: LogState, reply: Reply, envelope: Envelope) -> Checks:
    rules.check_reply(reply, state.findings.get(reply.finding))
    return _notary(state, reply, envelope)


_REQUIREMENTS: dict[str, Callable[[LogState, Any, Envelope], Checks]] = {
    Genesis.kind: _genesis,
    PolicyText.kind: _policy,
    Release.kind: _notary,
    PledgeText.kind: _pledge_text,
    Lab.kind: _notary,
    Key.kind: _key,
    KeyRevocation.kind: _key_revocation,
    Issuers.kind: _issuers,
    Issuance.kind: _issuance,
    Signing.kind: _signing,
    Renewal.kind: _step,
    Withdrawal.kind: _step,
    Finding.kind: _finding,
    Reply.kind: _reply,
    TipDigest.kind: _notary,
}

import hashlib
import pickle
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest

from pledge.core.keys import format_key
from pledge.core.ledger import Ledger, read_entry
from pledge.core.statement import Affiliation, Envelope, State, format_base64
from pledge.core.tally import Cell
from pledge.core.tlog.note import COSIGNATURE_ED25519, VerifierKey, format_vkey
from pledge.errors import MalformedError, VerificationError
from tests.core.sample_log import (
    ADA,
    ANONYMOUS,
    DAY,
    DRAFT,
    FOUNDED,
    GENESIS,
    ISSUANCE,
    ISSUERS,
    LAB,
    LOG_KEY,
    NOTARY,
    ORIGIN,
    OTHER_NOTARY,
    POLICY_TEXT,
    PUBLISHED,
    RELEASE,
    RENEWAL,
    REPLY,
    REVOCATION,
    SIGNED,
    SIGNING,
    SIGNING_SHA256,
    STEWARDS,
    TEXT,
    TIP_DIGEST,
    UNTIL,
    WITHDRAWAL,
    Signer,
    begun,
    holder,
    key_entry,
    sha256,
    signatory,
    signed,
)

EVE: Final = signatory("eve")
OLD_LOG: Final = holder("log", "log")
NEW_LOG: Final = holder("log", "new log")
FIRST, SECOND, THIRD, FOURTH = STEWARDS
ADMITTED: Final = replace(key_entry(THIRD), founder=False)
ISSUED: Final = signed(ISSUERS, NOTARY)
LATER: Final = DAY + timedelta(days=1)


def finding(state: State, **changes: Any) -> Envelope:
    base = DRAFT if state in {"draft", "notified", "dismissed"} else PUBLISHED
    return signed(replace(base, state=state, **changes), FIRST, SECOND)


def refuse(ledger: Ledger, envelope: Envelope, code: str) -> None:
    """Check that an entry is refused with its index, by both ways in, and changes nothing."""
    size, day, payloads = ledger.size, ledger.state.day, len(ledger.state.payloads)
    with pytest.raises(VerificationError, match=rf"^Entry {ledger.size}: ") as caught:
        ledger.verify(ledger.size, envelope)
    assert caught.value.code == code
    if code != "not-verified":
        with pytest.raises((MalformedError, VerificationError)) as refused:
            ledger.apply(ledger.size, read_entry(envelope))
        assert refused.value.code == code
    assert (ledger.size, ledger.state.day, len(ledger.state.payloads)) == (size, day, payloads)


ACCEPTED: Final[dict[str, tuple[tuple[Envelope, ...], Envelope]]] = {
    "a named signing": ((), SIGNED),
    "two notaries": (
        (signed(key_entry(OTHER_NOTARY), NOTARY),),
        signed(SIGNING, ADA, OTHER_NOTARY, NOTARY),
    ),
    "no lab": ((), signed(replace(SIGNING, affiliation=None), ADA, NOTARY)),
    "a lab of one's own word": (
        (),
        signed(
            replace(
                SIGNING,
                affiliation=Affiliation(lab="bare-lab", assurance="email", scope=None, day=DAY),
            ),
            ADA,
            NOTARY,
        ),
    ),
    "a group": (
        (),
        signed(
            replace(
                SIGNING,
                affiliation=Affiliation(lab="example-lab", assurance="group-email", scope="group", day=DAY),
            ),
            ADA,
            NOTARY,
        ),
    ),
    "a renewal by the signatory": ((SIGNED,), signed(RENEWAL, ADA)),
    "a renewal by the notary": ((SIGNED,), signed(RENEWAL, NOTARY)),
    "a withdrawal by the signatory": ((SIGNED,), signed(WITHDRAWAL, ADA)),
    "a withdrawal by the notary": ((SIGNED,), signed(WITHDRAWAL, NOTARY)),
    "a removal": ((SIGNED,), signed(replace(WITHDRAWAL, reason="removed:impersonation"), NOTARY)),
    "a second signing after it": (
        (SIGNED, signed(WITHDRAWAL, ADA)),
        signed(replace(SIGNING, affiliation=None), ADA, NOTARY),
    ),
    "a policy before stewards": ((), signed(POLICY_TEXT, NOTARY)),
    "a policy by stewards": (FOUNDED, signed(POLICY_TEXT, FIRST, SECOND)),
    "a release": ((), signed(RELEASE, NOTARY)),
    "a tip digest": ((), signed(TIP_DIGEST, NOTARY)),
    "a second version": ((), signed(replace(TEXT, version=2), NOTARY)),
    "a lab anew": ((), signed(replace(LAB, name="Renamed"), NOTARY)),
    "a founder": ((), FOUNDED[0]),
    "a third steward": (FOUNDED, signed(ADMITTED, FIRST, SECOND)),
    "more stewards than it takes": (
        (*FOUNDED, signed(ADMITTED, FIRST, SECOND)),
        signed(POLICY_TEXT, THIRD, FIRST, SECOND),
    ),
    "a steward revoked": (
        FOUNDED,
        signed(replace(REVOCATION, role="steward", key=format_key(FIRST.key.public)), FIRST, SECOND),
    ),
    "a founder revoked early": (
        FOUNDED[:1],
        signed(replace(REVOCATION, role="steward", key=format_key(FIRST.key.public)), NOTARY),
    ),
    "a notary rotated": (
        (signed(key_entry(OTHER_NOTARY), NOTARY), signed(REVOCATION, OTHER_NOTARY)),
        signed(SIGNING, ADA, OTHER_NOTARY),
    ),
    "a log key rotated": ((), signed(key_entry(NEW_LOG), NOTARY, OLD_LOG)),
    "a first issuer": ((), signed(key_entry(holder("issuer", "i")), NOTARY)),
    "issuers": ((), ISSUED),
    "issuers at the last moment": ((), signed(replace(ISSUERS, day=date(2026, 12, 25)), NOTARY)),
    "issuance": ((ISSUED,), signed(ISSUANCE, NOTARY)),
    "a draft": (FOUNDED, finding("draft")),
    "a notice": ((*FOUNDED, finding("draft")), finding("notified")),
    "a finding": ((*FOUNDED, finding("draft"), finding("notified")), finding("published")),
    "a dismissal": ((*FOUNDED, finding("draft"), finding("notified")), finding("dismissed")),
    "a correction": (
        (*FOUNDED, *(finding(state) for state in ("draft", "notified", "published", "appealed"))),
        finding("corrected", text=sha256("corrected")),
    ),
    "a reply": ((*FOUNDED, finding("draft"), finding("notified")), signed(REPLY, NOTARY)),
}


@pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_an_entry_is_let_in(case: tuple[tuple[Envelope, ...], Envelope]) -> None:
    before, envelope = case
    ledger = begun(*before)
    statement = ledger.verify(ledger.size, envelope)
    assert statement is not None
    assert statement.kind == envelope.kind


def changed_signing(*signers: Signer, **changes: Any) -> Envelope:
    return signed(replace(SIGNING, **changes), *(signers or (ADA, NOTARY)))


def affiliated(lab: str, assurance: Any, scope: Any) -> Envelope:
    affiliation = Affiliation(lab=lab, assurance=assurance, scope=scope, day=DAY)
    return changed_signing(affiliation=affiliation)


REFUSED: Final[dict[str, tuple[tuple[Envelope, ...], Envelope, str]]] = {
    "another genesis": ((), signed(GENESIS, NOTARY), "genesis-place"),
    "another log": ((), signed(replace(LAB, origin="other.example"), NOTARY), "origin-wrong"),
    "an earlier day": (
        (signed(replace(RELEASE, day=LATER), NOTARY),),
        signed(replace(RELEASE, version="2"), NOTARY),
        "day-decreases",
    ),
    "a payload twice": ((signed(RELEASE, NOTARY),), signed(RELEASE, NOTARY), "payload-repeated"),
    "a malformed payload": (
        (),
        replace(signed(RELEASE, NOTARY), payload=b"{}"),
        "malformed",
    ),
    "a malformed signature": (
        (),
        replace(SIGNED, signatures=(replace(SIGNED.signatures[0], sig=b"x"), SIGNED.signatures[1])),
        "not-verified",
    ),
    "a forged signatory": ((), changed_signing(Signer(ADA.keyid, EVE.key), NOTARY), "not-verified"),
    "a forged notary": ((), changed_signing(ADA, Signer(NOTARY.keyid, EVE.key)), "not-verified"),
    "another's signature": ((), changed_signing(EVE, NOTARY), "signature-missing"),
    "no signature": ((), replace(SIGNED, signatures=()), "signature-missing"),
    "no notary": ((), changed_signing(ADA), "signature-missing"),
    "no signatory": ((), changed_signing(NOTARY), "signature-missing"),
    "the order turned": ((), changed_signing(NOTARY, ADA), "signature-missing"),
    "an unknown notary": ((), changed_signing(ADA, OTHER_NOTARY), "key-unknown"),
    "one notary twice": ((), changed_signing(ADA, NOTARY, NOTARY), "signature-repeated"),
    "a steward as notary": (FOUNDED, changed_signing(ADA, FIRST), "key-unknown"),
    "a revoked notary": (
        (signed(key_entry(OTHER_NOTARY), NOTARY), signed(REVOCATION, OTHER_NOTARY)),
        SIGNED,
        "key-unknown",
    ),
    "a notary not yet": (
        (signed(key_entry(OTHER_NOTARY, from_=LATER), NOTARY),),
        changed_signing(ADA, OTHER_NOTARY),
        "key-unknown",
    ),
    "a notary no more": (
        (signed(key_entry(OTHER_NOTARY, until=DAY), NOTARY),),
        signed(replace(RELEASE, day=LATER), OTHER_NOTARY),
        "key-unknown",
    ),
    "an unknown pledge": (
        (),
        changed_signing(pledge=replace(SIGNING.pledge, slug="other")),
        "pledge-unknown",
    ),
    "an unknown version": ((), changed_signing(pledge=replace(SIGNING.pledge, version=2)), "pledge-unknown"),
    "another text": (
        (),
        changed_signing(pledge=replace(SIGNING.pledge, sha256=sha256("x"))),
        "pledge-unknown",
    ),
    "a core clause left out": ((), changed_signing(clauses=("say-so",)), "clauses-wrong"),
    "an unknown clause": (
        (),
        changed_signing(clauses=("no-reckless-scaling", "say-so", "x")),
        "clauses-wrong",
    ),
    "clauses in another order": (
        (),
        changed_signing(clauses=("say-so", "no-reckless-scaling")),
        "clauses-wrong",
    ),
    "an unknown lab": ((), affiliated("nowhere", "email", None), "lab-unknown"),
    "a lab without domains": ((), affiliated("bare-lab", "lab-email", "lab"), "affiliation-unfounded"),
    "a lab without groups": (
        (signed(replace(LAB, domains=LAB.domains[:1]), NOTARY),),
        affiliated("example-lab", "group-email", "group"),
        "affiliation-unfounded",
    ),
    "anonymous, no issuers": ((), signed(ANONYMOUS, signatory("nobody")), "issuers-unknown"),
    "anonymous": ((ISSUED,), signed(ANONYMOUS, signatory("nobody")), "credential-not-verified"),
    "a renewal of nothing": ((), signed(RENEWAL, ADA), "signing-unknown"),
    "a renewal by another": ((SIGNED,), signed(RENEWAL, EVE), "signature-missing"),
    "a renewal by nobody": ((SIGNED,), signed(RENEWAL), "signature-missing"),
    "a renewal by two": ((SIGNED,), signed(RENEWAL, ADA, EVE), "signature-unexpected"),
    "a renewal by all": ((SIGNED,), signed(RENEWAL, ADA, NOTARY), "signature-unexpected"),
    "a removal by the signatory": (
        (SIGNED,),
        signed(replace(WITHDRAWAL, reason="removed:spam"), ADA),
        "step-not-allowed",
    ),
    "a second withdrawal": (
        (SIGNED, signed(WITHDRAWAL, ADA)),
        signed(replace(WITHDRAWAL, reason="own"), ADA),
        "signing-withdrawn",
    ),
    "a renewal after withdrawal": (
        (SIGNED, signed(WITHDRAWAL, ADA)),
        signed(RENEWAL, ADA),
        "signing-withdrawn",
    ),
    "a version skipped": ((), signed(replace(TEXT, version=3), NOTARY), "version-order"),
    "a version again": ((), signed(replace(TEXT, title="Other"), NOTARY), "version-order"),
    "a first policy 2": ((), signed(replace(POLICY_TEXT, version=2), NOTARY), "version-order"),
    "a policy by the notary": (FOUNDED, signed(POLICY_TEXT, NOTARY), "signature-missing"),
    "a policy by notaries": (
        (*FOUNDED, signed(key_entry(OTHER_NOTARY), NOTARY)),
        signed(POLICY_TEXT, NOTARY, OTHER_NOTARY),
        "key-unknown",
    ),
    "a release by a signatory": ((), signed(RELEASE, ADA), "key-unknown"),
    "a release by two": (
        (signed(key_entry(OTHER_NOTARY), NOTARY),),
        signed(RELEASE, NOTARY, OTHER_NOTARY),
        "signature-unexpected",
    ),
    "a steward by the notary": ((), signed(replace(ADMITTED), NOTARY), "signature-missing"),
    "a steward by one": (FOUNDED, signed(ADMITTED, FIRST), "signature-missing"),
    "a steward by one, twice": (FOUNDED, signed(ADMITTED, FIRST, FIRST), "signature-repeated"),
    "a steward by itself": (FOUNDED, signed(ADMITTED, FIRST, THIRD), "key-unknown"),
    "a founder too late": (FOUNDED, signed(key_entry(THIRD), NOTARY), "founder-late"),
    "a founder too late, by stewards": (FOUNDED, signed(key_entry(THIRD), FIRST, SECOND), "founder-late"),
    "a founder after a revocation": (
        (
            *FOUNDED,
            signed(replace(REVOCATION, role="steward", key=format_key(FIRST.key.public)), FIRST, SECOND),
        ),
        signed(key_entry(THIRD), NOTARY),
        "founder-late",
    ),
    "a founder in place of one revoked before the last came": (
        (
            FOUNDED[0],
            signed(replace(REVOCATION, role="steward", key=format_key(FIRST.key.public)), NOTARY),
            FOUNDED[1],
        ),
        signed(key_entry(THIRD), NOTARY),
        "founder-late",
    ),
    "a decision by a revoked steward": (
        (
            *FOUNDED,
            signed(ADMITTED, FIRST, SECOND),
            signed(replace(REVOCATION, role="steward", key=format_key(FIRST.key.public)), FIRST, SECOND),
        ),
        signed(POLICY_TEXT, FIRST, SECOND),
        "key-unknown",
    ),
    "a key that comes back": (
        (signed(key_entry(OTHER_NOTARY), NOTARY), signed(REVOCATION, OTHER_NOTARY)),
        signed(key_entry(NOTARY), OTHER_NOTARY),
        "key-repeated",
    ),
    "a revocation of nothing": ((), signed(replace(REVOCATION, role="issuer"), NOTARY), "key-unknown"),
    "a second revocation": (
        (signed(key_entry(OTHER_NOTARY), NOTARY), signed(REVOCATION, OTHER_NOTARY)),
        signed(replace(REVOCATION, reason="lost"), OTHER_NOTARY),
        "key-unknown",
    ),
    "a steward revoked by the notary": (
        FOUNDED,
        signed(replace(REVOCATION, role="steward", key=format_key(FIRST.key.public)), NOTARY),
        "signature-missing",
    ),
    "a log key not confirmed": ((), signed(key_entry(NEW_LOG), NOTARY), "signature-missing"),
    "a log key by the log": ((), signed(key_entry(NEW_LOG), OLD_LOG), "key-unknown"),
    "a log key by nobody": ((), signed(key_entry(NEW_LOG)), "signature-missing"),
    "issuers twice": (
        (ISSUED,),
        signed(replace(ISSUERS, issuers=(replace(ISSUERS.issuers[0], purpose="tip-1"),)), NOTARY),
        "issuers-repeated",
    ),
    "issuers too late": ((), signed(replace(ISSUERS, day=date(2026, 12, 26)), NOTARY), "issuers-late"),
    "issuers for nobody": (
        (),
        signed(replace(ISSUERS, issuers=(replace(ISSUERS.issuers[0], lab="nowhere"),)), NOTARY),
        "lab-unknown",
    ),
    "issuance by nobody": ((), signed(ISSUANCE, NOTARY), "issuers-unknown"),
    "issuance by another": (
        (ISSUED,),
        signed(replace(ISSUANCE, issued=(replace(ISSUANCE.issued[0], key="00000000"),)), NOTARY),
        "issuers-unknown",
    ),
    "a finding by one": (FOUNDED, signed(DRAFT, FIRST), "signature-missing"),
    "a finding by the notary": (FOUNDED, signed(DRAFT, NOTARY, NOTARY), "key-unknown"),
    "no draft": (FOUNDED, finding("notified"), "finding-order"),
    "no notice": ((*FOUNDED, finding("draft")), finding("published"), "finding-order"),
    "a second life": (
        (*FOUNDED, *(finding(state) for state in ("draft", "notified", "dismissed"))),
        finding("published"),
        "finding-order",
    ),
    "an unknown lab is found": (
        (*FOUNDED, finding("draft"), finding("notified")),
        finding("published", lab="nowhere"),
        "lab-unknown",
    ),
    "a finding moves": (
        (*FOUNDED, *(finding(state) for state in ("draft", "notified", "published"))),
        finding("appealed", lab="bare-lab"),
        "finding-changed",
    ),
    "a reply to nothing": ((), signed(REPLY, NOTARY), "finding-unknown"),
    "a reply to a draft": ((*FOUNDED, finding("draft")), signed(REPLY, NOTARY), "finding-unknown"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_an_entry_is_refused(case: tuple[tuple[Envelope, ...], Envelope, str]) -> None:
    before, envelope, code = case
    refuse(begun(*before), envelope, code)


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (signed(LAB, NOTARY), "genesis-place"),
        (Envelope(b"{}", "application/vnd.pledge.oath+json"), "genesis-place"),
        (signed(GENESIS), "signature-missing"),
        (signed(GENESIS, OTHER_NOTARY), "key-unknown"),
        (signed(GENESIS, Signer(NOTARY.keyid, EVE.key)), "not-verified"),
        (signed(GENESIS, NOTARY, NOTARY), "signature-unexpected"),
        (signed(replace(GENESIS, origin="other.example"), NOTARY), "genesis-inconsistent"),
        (signed(replace(GENESIS, log=GENESIS.log[1:]), NOTARY), "genesis-inconsistent"),
        (
            signed(
                replace(GENESIS, log=(GENESIS.log[0].replace("+", "+f", 1)[:-50] + GENESIS.log[0][-49:],)),
                NOTARY,
            ),
            "malformed",
        ),
        (signed(replace(GENESIS, notary="ed25519:AQ" + "A" * 41), NOTARY), "malformed"),
    ],
)
def test_a_log_begins_with_a_genesis_that_fits_itself(envelope: Envelope, code: str) -> None:
    refuse(Ledger(), envelope, code)


def test_a_genesis_with_a_key_of_an_unknown_kind_is_refused() -> None:
    vkey = format_vkey(VerifierKey(ORIGIN, COSIGNATURE_ED25519, LOG_KEY.public))
    refuse(Ledger(), signed(replace(GENESIS, log=(vkey,)), NOTARY), "genesis-inconsistent")


def test_a_genesis_with_a_key_of_a_kind_from_the_future_is_refused() -> None:
    data = b"\x07" + LOG_KEY.public
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n" + data).hexdigest()[:8]
    vkey = f"{ORIGIN}+{key_id}+{format_base64(data)}"
    refuse(Ledger(), signed(replace(GENESIS, log=(*GENESIS.log, vkey)), NOTARY), "genesis-inconsistent")


def test_an_anonymous_signing_does_not_set_the_log_s_day() -> None:
    ledger = begun()
    ledger.state.record(sha256("anonymous"), ANONYMOUS)
    assert ledger.state.day == DAY
    assert ledger.state.signatories[sha256("anonymous")] == ANONYMOUS.signatory.key
    step = replace(RENEWAL, signing=sha256("anonymous"))
    ledger.verify(4, signed(step, signatory("nobody")))
    refuse(ledger, signed(replace(step, day=LATER), NOTARY), "step-not-allowed")


def test_entries_come_in_order() -> None:
    ledger = begun()
    for index in (0, 3, 5):
        with pytest.raises(VerificationError):
            ledger.verify(index, SIGNED)


@pytest.mark.parametrize(
    "envelope",
    [
        Envelope(b"\xff", "application/vnd.pledge.oath+json"),
        Envelope(b"{}", "application/vnd.in-toto+json"),
        Envelope(b'{"type":"signing/v2"}', "application/vnd.pledge.signing+json"),
    ],
)
def test_what_is_not_understood_is_noted_and_counts_nothing(envelope: Envelope) -> None:
    ledger = begun(envelope, SIGNED, envelope)
    assert ledger.not_understood == [4, 6]
    assert ledger.size == 7
    assert sum(ledger.state.tally.counts(DAY).values()) == 1
    assert ledger.apply(7, read_entry(envelope)) == ()


def test_signatures_can_be_verified_elsewhere() -> None:
    ledger = begun()
    checks = pickle.loads(pickle.dumps(ledger.apply(4, read_entry(SIGNED))))  # noqa: S301  as between processes
    assert len(checks) == 2
    for check in checks:
        check.verify()
    forged = begun().apply(4, read_entry(changed_signing(Signer(ADA.keyid, EVE.key), NOTARY)))
    with pytest.raises(VerificationError):
        forged[0].verify()
    forged[1].verify()


@pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_every_signature_is_checked(case: tuple[tuple[Envelope, ...], Envelope]) -> None:
    before, envelope = case
    ledger = begun(*before)
    assert len(ledger.apply(ledger.size, read_entry(envelope))) == len(envelope.signatures)
    for number, signature in enumerate(envelope.signatures):
        sig = signature.sig[:-1] + bytes([signature.sig[-1] ^ 1])
        signatures = list(envelope.signatures)
        signatures[number] = replace(signature, sig=sig)
        refuse(begun(*before), replace(envelope, signatures=tuple(signatures)), "not-verified")


def test_the_ledger_keeps_the_tally() -> None:
    ledger = begun(SIGNED)
    cell = Cell("scaling", "example-lab", "lab-email", "current")
    assert ledger.state.tally.counts(UNTIL) == {cell: 1}
    ledger.verify(5, signed(replace(RENEWAL, day=UNTIL), ADA))
    assert ledger.state.tally.standings[SIGNING_SHA256].until == date(2028, 11, 23)
    assert ledger.state.day == UNTIL
    ledger.verify(6, signed(replace(WITHDRAWAL, day=UNTIL), ADA))
    assert ledger.state.tally.counts(UNTIL) == {cell._replace(status="former"): 1}

"""Stewards' keys: who enters the log, by whose signatures, and who never does."""

import dataclasses
from datetime import date

import pytest

from pledge.accounts import decisions, keys, sessions
from pledge.core import statement as st
from pledge.core.ledger import Ledger
from pledge.core.tip.recipients import StewardKeys, parse_recipients
from pledge.errors import ConflictError, ForbiddenError, NotFoundError, VerificationError
from pledge.instance import Instance
from pledge.log.models import Entry
from pledge.log.notary import log_statement
from tests.site_kit import Clock, random_bytes
from tests.steward_kit import Steward, found_stewards, join, open_proposals


def published(instance: Instance) -> StewardKeys:
    """The recipients file, read as anybody reads it."""
    with instance.database.reading() as session:
        return parse_recipients(keys.recipients_file(session, instance.log.tiles), instance.policy)


def envelopes(instance: Instance) -> list[st.Envelope]:
    with instance.database.reading() as session:
        return [st.parse_envelope(row.leaf) for row in session.query(Entry).order_by(Entry.index)]


def check_whole_log(instance: Instance) -> Ledger:
    ledger = Ledger()
    for index, envelope in enumerate(envelopes(instance)):
        ledger.verify(index, envelope)
    return ledger


def revoke(instance: Instance, steward: Steward, reason: str) -> bytes:
    instance.log.run(
        lambda session: decisions.propose_revocation(
            session,
            steward.signing,
            reason,
            origin=instance.keys.origin,
            day=instance.clock().date(),
            random_bytes=random_bytes,
        )
    )
    (proposal,) = open_proposals(instance)
    return proposal


def test_founders_are_logged_at_once_and_open_the_tips(instance: Instance, clock: Clock) -> None:
    assert not published(instance).is_open(clock().date())
    first, second = found_stewards(instance, 2)
    found = published(instance)
    assert found.is_open(clock().date())
    assert set(found.recipients(clock().date())) == {first.recipient, second.recipient}
    assert all(key.is_founder for key in found.keys)
    with instance.database.reading() as session:
        assert keys.stewards_are_enough(session, clock().date())
        assert keys.is_steward(session, first.id)
    check_whole_log(instance)


def test_one_founder_is_not_enough(instance: Instance, clock: Clock) -> None:
    found_stewards(instance, 1)
    with instance.database.reading() as session:
        assert not keys.stewards_are_enough(session, clock().date())
    assert not published(instance).is_open(clock().date())


def test_a_third_is_admitted_by_two_and_the_audit_agrees(instance: Instance, clock: Clock) -> None:
    founders = found_stewards(instance, 2)
    third = join(instance, "Third")
    assert not third.send(third.offer(is_founder=False))
    (proposal,) = open_proposals(instance)
    assert not founders[0].approve(proposal)
    assert third.recipient not in published(instance).recipients(clock().date())
    assert founders[1].approve(proposal)
    assert third.recipient in published(instance).recipients(clock().date())
    assert open_proposals(instance) == []
    check_whole_log(instance)


def test_stewards_need_not_approve_on_the_same_day(instance: Instance, clock: Clock) -> None:
    founders = found_stewards(instance, 2)
    third = join(instance, "Third")
    third.send(third.offer(is_founder=False))
    (proposal,) = open_proposals(instance)
    founders[0].approve(proposal)
    clock.pass_days(6)
    assert founders[1].approve(proposal)
    check_whole_log(instance)


def test_an_approval_ends_after_seven_days(instance: Instance, clock: Clock) -> None:
    founders = found_stewards(instance, 2)
    third = join(instance, "Third")
    third.send(third.offer(is_founder=False))
    (proposal,) = open_proposals(instance)
    founders[0].approve(proposal)
    clock.pass_days(7)
    assert not founders[1].approve(proposal)
    assert founders[0].approve(proposal)
    check_whole_log(instance)


def test_one_steward_who_approves_twice_is_one(instance: Instance, clock: Clock) -> None:
    founders = found_stewards(instance, 2)
    third = join(instance, "Third")
    third.send(third.offer(is_founder=False))
    (proposal,) = open_proposals(instance)
    assert not founders[0].approve(proposal)
    assert not founders[0].approve(proposal)
    assert len(published(instance).keys) == 2


def test_signatures_on_another_statement_count_nothing(instance: Instance) -> None:
    founders = found_stewards(instance, 2)
    third, other = join(instance, "Third"), join(instance, "Other")
    third.send(third.offer(is_founder=False))
    (wanted,) = open_proposals(instance)
    signed = founders[0].signed(wanted)
    other.send(other.offer(is_founder=False))
    (target,) = set(open_proposals(instance)) - {wanted}
    with pytest.raises(VerificationError):
        founders[0].approve(target, signed)
    shifted = [each._replace(day=signed[0].day) for each in signed]
    with pytest.raises(ConflictError):
        founders[0].approve(wanted, shifted)


def test_nobody_approves_with_anothers_key_or_without_one(instance: Instance) -> None:
    founders = found_stewards(instance, 2)
    third = join(instance, "Third")
    third.send(third.offer(is_founder=False))
    (proposal,) = open_proposals(instance)
    with pytest.raises(ForbiddenError):
        third.approve(proposal)
    with pytest.raises(VerificationError):
        founders[0].approve(proposal, founders[1].signed(proposal))


@pytest.mark.parametrize("change", ["until", "origin", "role", "founder", "from_"])
def test_an_altered_statement_is_refused(instance: Instance, clock: Clock, change: str) -> None:
    founder = join(instance, "First", is_founder=True)
    altered: dict[str, object] = {
        "until": clock().date().replace(year=2036),
        "origin": "other.example",
        "role": "notary",
        "founder": False,
        "from_": clock().date().replace(year=2020),
    }
    changes = {change: altered[change]}
    if change == "role":
        changes |= {"keys": st.KeyMaterial(signing=founder.signing), "founder": False}
    with pytest.raises(VerificationError):
        founder.send(founder.offer(is_founder=True, **changes))
    assert published(instance).keys == ()


def test_a_key_that_is_not_held_is_refused(instance: Instance) -> None:
    victim, thief = join(instance, "Victim", is_founder=True), join(instance, "Thief", is_founder=True)
    offer = victim.offer(is_founder=True)
    forged = offer._replace(
        possession=thief.key.sign(st.pae("application/vnd.pledge.key+json", offer.payload))
    )
    with pytest.raises(VerificationError):
        thief.send(forged)
    assert published(instance).keys == ()


def test_a_founder_too_many_is_none(instance: Instance) -> None:
    late = join(instance, "Late", is_founder=True)
    founders = found_stewards(instance, 2)
    with pytest.raises(ConflictError):
        join(instance, "Later", is_founder=True)
    with pytest.raises(VerificationError):
        late.send(late.offer(is_founder=True))
    assert not late.send(late.offer(is_founder=False))
    assert len(published(instance).keys) == len(founders)


def test_one_account_does_not_found_twice(instance: Instance) -> None:
    (first,) = found_stewards(instance, 1)
    first.draw_keys()
    with pytest.raises(VerificationError):
        first.send(first.offer(is_founder=True))


def test_a_rotation_takes_two_and_ends_the_old_key(instance: Instance, clock: Clock) -> None:
    first, second = found_stewards(instance, 2)
    clock.pass_days(30)
    old_key, old_signing = first.key, first.signing
    first.draw_keys()
    first.send(first.offer(is_founder=False))
    (proposal,) = open_proposals(instance)
    second.approve(proposal)
    approved = [
        decisions.Approved(day, *[old_key.sign(e.pae) for e in statements])
        for day, statements in _statements(instance, proposal)
    ]
    assert first.approve(proposal, approved)
    found = {key.signing: key for key in published(instance).keys}
    ended = found[old_signing].revoked
    assert ended is not None
    assert ended.reason == "rotated"
    assert found[first.signing].is_current(clock().date())
    with instance.database.reading() as session:
        assert keys.is_steward(session, first.id)
        assert keys.stewards_are_enough(session, clock().date())
    check_whole_log(instance)


def _statements(instance: Instance, proposal: bytes) -> list[tuple[date, list[st.Envelope]]]:
    today = instance.clock().date()
    with instance.database.reading() as session:
        (row,) = [p for p in decisions.list_open(session, today) if p.id == proposal]
        return [(day, decisions.statements_on(row, day)) for day in decisions.approval_days(today)]


def test_a_revoked_steward_is_out_at_once(instance: Instance, clock: Clock) -> None:
    first, second, third = found_stewards(instance, 3)
    token = third.token()
    proposal = revoke(instance, third, "compromised")
    first.approve(proposal)
    assert second.approve(proposal)
    assert third.recipient not in published(instance).recipients(clock().date())
    with instance.database.reading() as session:
        assert not keys.is_steward(session, third.id)
        assert sessions.find_token(session, token, now=clock()) is None
    with pytest.raises(NotFoundError):
        revoke(instance, third, "left")
    check_whole_log(instance)


def test_an_approval_by_a_key_that_was_revoked_since_counts_nothing(instance: Instance) -> None:
    first, second, third = found_stewards(instance, 3)
    fourth = join(instance, "Fourth")
    fourth.send(fourth.offer(is_founder=False))
    (admission,) = open_proposals(instance)
    third.approve(admission)
    instance.log.run(
        lambda session: decisions.propose_revocation(
            session,
            third.signing,
            "left",
            origin=instance.keys.origin,
            day=instance.clock().date(),
            random_bytes=random_bytes,
        )
    )
    (revocation,) = set(open_proposals(instance)) - {admission}
    first.approve(revocation)
    assert second.approve(revocation)
    assert not first.approve(admission)
    assert second.approve(admission)
    check_whole_log(instance)


def test_the_operator_alone_adds_nobody(instance: Instance) -> None:
    """Whoever runs the server and holds all its keys can write into the log, and every reader refuses it."""
    found_stewards(instance, 2)
    spy = join(instance, "Spy")
    payload = spy.offer(is_founder=False).payload
    statement = st.parse_payload("application/vnd.pledge.key+json", payload)
    for forged in (statement, dataclasses.replace(statement, founder=True)):  # type: ignore[call-arg]  # it is a key
        ledger = check_whole_log(instance)
        with pytest.raises(VerificationError):
            ledger.verify(ledger.size, instance.notary.sign(st.seal(forged)))
    instance.log.run(
        lambda session: log_statement(session, statement, notary=instance.notary, random_bytes=random_bytes)
    )
    with pytest.raises(VerificationError):
        check_whole_log(instance)
    assert spy.recipient not in published(instance).recipients(instance.clock().date())

"""Signing and changing what was signed, many people at a time, by the services that the pages call.

A day's people share transactions, as requests that wait at the same time do (``log.committer``); each still has a
mailed link, a statement of their own, and a signature that is verified.
"""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.core.address import canonical_address
from pledge.core.keys import SigningKey, format_key
from pledge.demo.people import Person
from pledge.instance import Instance
from pledge.log.committer import MAX_BATCH
from pledge.pledges import links, recording, signing
from pledge.pledges.changes import Change, change_by_key, change_by_mail, get_signing
from pledge.pledges.models import Text
from pledge.pledges.offers import to_sign
from pledge.pledges.texts import DEFAULT_SLUG, parse_text
from pledge.pledges.views.signing import mail_policy

_Work = Callable[[Session], object]


def sign_all(instance: Instance, people: Sequence[Person], text: Text) -> None:
    """Let people sign the text today."""
    for start in range(0, len(people), MAX_BATCH):
        _sign(instance, people[start : start + MAX_BATCH], text)


def _sign(instance: Instance, people: Sequence[Person], text: Text) -> None:
    now, policy = instance.clock(), mail_policy(instance)
    wishes = [_wish(person, text) for person in people]
    mailed = instance.log.run(
        lambda session: [
            links.ask_to_sign(session, wish, policy=policy, now=now, random_bytes=instance.random_bytes)
            for wish in wishes
        ]
    )
    with instance.database.reading() as session:
        verified = [
            _sign_behind(instance, session, link.token or "", person.seed)
            for person, link in zip(people, mailed, strict=True)
        ]
    seat_key = recording.SeatKey(instance.keys.seat_id, instance.is_watched)
    works = [recording.Recording(each, seat_key, now, instance.random_bytes) for each in verified]
    instance.log.run(lambda session: recording.record_signings(session, works))
    for person, each in zip(people, verified, strict=True):
        person.public_id = st.parse_envelope(each.leaf).payload_sha256[:32]


def _wish(person: Person, text: Text) -> links.Wish:
    parts = parse_text(text.body)
    core = {clause.id for clause in parts.core}
    return links.Wish(
        pledge=text.slug,
        version=text.version,
        clauses=tuple(clause.id for clause in parts.clauses if clause.id in core | person.clauses),
        name=person.name,
        role=person.role,
        reason=person.reason,
        lab=person.lab,
        address=canonical_address(person.address),
        reminder=person.wants_reminder,
        news=False,
    )


def _sign_behind(instance: Instance, session: Session, token: str, seed: bytes) -> signing.Verified:
    """Do what the page behind a link does, in the browser and on the server."""
    key = SigningKey.from_seed(seed)
    statement = signing.statement_to_sign(
        session, token, key=format_key(key.public), notary=instance.notary, now=instance.clock()
    )
    signed = _signed(key, st.seal(statement))
    return signing.prepare_signing(session, token, signed, notary=instance.notary, now=instance.clock())


def change_all(instance: Instance, changes: Sequence[tuple[Person, Change]]) -> None:
    """Let people change what they have signed, each at most once; half by their key, half by a mailed link."""
    for start in range(0, len(changes), MAX_BATCH):
        _change(instance, changes[start : start + MAX_BATCH])


def _change(instance: Instance, changes: Sequence[tuple[Person, Change]]) -> None:
    by_mail = [each for each in changes if each[0].seed[0] % 2]
    works = _mailed(instance, by_mail) if by_mail else []
    with instance.database.reading() as session:
        works += [
            _by_key(instance, session, person, change) for person, change in changes if not person.seed[0] % 2
        ]
    instance.log.run(lambda session: [work(session) for work in works])


def _mailed(instance: Instance, changes: Sequence[tuple[Person, Change]]) -> list[_Work]:
    now, policy, random_bytes = instance.clock(), mail_policy(instance), instance.random_bytes

    def ask(session: Session, person: Person) -> str:
        address = canonical_address(person.address)
        link = links.ask_to_change(
            session, address, pledge=DEFAULT_SLUG, policy=policy, now=now, random_bytes=random_bytes
        )
        return link.token or ""

    tokens = instance.log.run(lambda session: [ask(session, person) for person, _ in changes])
    return [
        change_by_mail(token, change, notary=instance.notary, now=now, random_bytes=random_bytes)
        for token, (_, change) in zip(tokens, changes, strict=True)
    ]


def _by_key(instance: Instance, session: Session, person: Person, change: Change) -> _Work:
    now = instance.clock()
    row = get_signing(session, person.public_id)
    envelope = to_sign(row, change, origin=instance.notary.origin, day=now.date())
    signed = _signed(SigningKey.from_seed(person.seed), envelope)
    return change_by_key(
        session,
        person.public_id,
        change,
        signed,
        notary=instance.notary,
        now=now,
        random_bytes=instance.random_bytes,
    )


def _signed(key: SigningKey, envelope: st.Envelope) -> signing.Signed:
    public = format_key(key.public)
    return signing.Signed(public, st.Signature(st.keyid_of(public), key.sign(envelope.pae)), envelope.payload)

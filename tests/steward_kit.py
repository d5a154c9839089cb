"""Stewards who are founded, admitted and signed in, for tests of everything that needs some."""

import dataclasses
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy.orm import Session

from pledge.accounts import decisions, joining, sessions, signing_in
from pledge.accounts.decisions import Approved, Offer
from pledge.accounts.models import Account
from pledge.core import statement as st
from pledge.core import totp
from pledge.core.age.keytext import format_hybrid_identity, format_recipient, parse_identity
from pledge.core.calendar import months_later
from pledge.core.keys import SigningKey, format_key
from pledge.instance import Instance
from tests.site_kit import random_bytes

if TYPE_CHECKING:
    from flask.testing import FlaskClient

PASSWORD = "a password of a test"  # noqa: S105  # of a test


@dataclass
class Steward:
    """Somebody with an account, and the keys that they offered last."""

    instance: Instance
    id: bytes
    name: str
    secret: bytes
    codes: list[str]
    seed: bytes = field(default_factory=lambda: random_bytes(32))
    identity_seed: bytes = field(default_factory=lambda: random_bytes(32))

    @property
    def key(self) -> SigningKey:
        """What they sign with."""
        return SigningKey.from_seed(self.seed)

    @property
    def signing(self) -> str:
        """Its public half, as the log has it."""
        return format_key(self.key.public)

    @property
    def identity(self) -> str:
        """``AGE-SECRET-KEY-PQ-1…``."""
        return format_hybrid_identity(self.identity_seed)

    @property
    def recipient(self) -> str:
        """``age1pq1…``."""
        return format_recipient(parse_identity(self.identity).recipient)

    @property
    def today(self) -> date:
        return self.instance.clock().date()

    def draw_keys(self) -> None:
        """Make new keys, still to be offered."""
        self.seed, self.identity_seed = random_bytes(32), random_bytes(32)

    def offer(self, *, is_founder: bool, **changes: object) -> Offer:
        """What the browser makes of the draft; ``changes`` are to the statement, before it is signed."""
        statement = st.Key(
            origin=self.instance.keys.origin,
            day=self.today,
            role="steward",
            keys=st.KeyMaterial(signing=self.signing, age=self.recipient),
            from_=self.today,
            until=months_later(self.today, decisions.TERM_MONTHS),
            founder=is_founder,
        )
        envelope = st.seal(dataclasses.replace(statement, **changes))  # type: ignore[arg-type]  # whatever a test says
        return Offer(envelope.payload, self.key.sign(envelope.pae), None)

    def send(self, offer: Offer) -> bool:
        """Offer keys; gives whether they are in the log now."""
        return self.instance.log.run(
            lambda session: decisions.offer_key(
                session,
                self.id,
                offer,
                notary=self.instance.notary,
                day=self.today,
                random_bytes=random_bytes,
            )
        )

    def signed(self, proposal: bytes) -> list[Approved]:
        """Their signatures on a proposal, for each of the next days."""
        with self.instance.database.reading() as session:
            row = next(p for p in decisions.list_open(session, self.today) if p.id == proposal)
            found = []
            for day in decisions.approval_days(self.today):
                by_type = {e.kind: self.key.sign(e.pae) for e in decisions.statements_on(row, day)}
                found.append(Approved(day, by_type.get("key"), by_type.get("key-revocation")))
        return found

    def approve(self, proposal: bytes, approved: list[Approved] | None = None) -> bool:
        """Approve a proposal; gives whether it is in the log now."""
        signatures = self.signed(proposal) if approved is None else approved
        return self.instance.log.run(
            lambda session: decisions.approve(
                session, proposal, self.id, signatures, day=self.today, random_bytes=random_bytes
            )
        )

    def code(self) -> str:
        """The code that the app shows now."""
        return totp.code_at(self.secret, int(self.instance.clock().timestamp()) // totp.STEP_SECONDS)

    def sign_in(self, app: Flask) -> "FlaskClient":
        """A browser that is signed in, by a session made without the sign-in page."""
        token = self.instance.log.run(
            lambda session: sessions.start_session(
                session, self.id, now=self.instance.clock(), random_bytes=random_bytes
            )
        )
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
        return client

    def token(self) -> str:
        """A token for a command line."""
        return self.instance.log.run(
            lambda session: sessions.make_token(
                session, self.id, now=self.instance.clock(), random_bytes=random_bytes
            )
        )


def open_proposals(instance: Instance) -> list[bytes]:
    """The ids of what waits for signatures."""
    with instance.database.reading() as session:
        return [row.id for row in decisions.list_open(session, instance.clock().date())]


def join(instance: Instance, name: str, *, is_founder: bool = False) -> Steward:
    """Invite somebody, who makes an account with a code app. No password is hashed, which takes time."""
    secret = random_bytes(totp.SECRET_BYTES)

    def work(session: Session) -> tuple[Account, list[str]]:
        token = joining.invite(
            session, name, is_founder=is_founder, now=instance.clock(), random_bytes=random_bytes
        )
        session.flush()
        account = joining.add_account(session, instance, token)
        return account, signing_in.renew_codes(session, account.id, random_bytes=random_bytes)

    account, codes = instance.log.run(work)
    return Steward(instance, account.id, account.name, secret, codes)


def join_with_password(instance: Instance, name: str, *, is_founder: bool = False) -> Steward:
    """The same with a password, as the join page does."""
    secret = random_bytes(totp.SECRET_BYTES)
    token = instance.log.run(
        lambda session: joining.invite(
            session, name, is_founder=is_founder, now=instance.clock(), random_bytes=random_bytes
        )
    )
    code = totp.code_at(secret, int(instance.clock().timestamp()) // totp.STEP_SECONDS)
    new = signing_in.NewPassword(PASSWORD, secret, code)
    signed_in, codes = joining.join_with_password(instance, token, new)
    return Steward(instance, signed_in.id, signed_in.name, secret, codes)


def found_stewards(instance: Instance, n: int = 2) -> list[Steward]:
    """Found as many stewards as a decision takes, and let those admit the rest."""
    stewards: list[Steward] = []
    for number in range(n):
        is_founder = number < instance.genesis.quorum
        steward = join(instance, f"Steward {number + 1}", is_founder=is_founder)
        steward.send(steward.offer(is_founder=is_founder))
        if not is_founder:
            (proposal,) = open_proposals(instance)
            for founder in stewards[: instance.genesis.quorum]:
                founder.approve(proposal)
        stewards.append(steward)
    return stewards

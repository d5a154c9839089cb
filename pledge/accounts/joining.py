"""Joining: an invitation is made, opened, and used up for an account."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledge.accounts.keys import read_state
from pledge.accounts.models import Account, Invitation
from pledge.accounts.secrets import RandomBytes, check_token, hash_token, new_token
from pledge.accounts.signing_in import (
    NewPassword,
    SignedIn,
    enter,
    prepare_password,
    renew_codes,
    set_password,
)
from pledge.core.names import clean_name
from pledge.errors import ConflictError, MalformedError, NotFoundError
from pledge.instance import Instance

INVITATION_LIFE: Final = timedelta(days=7)
MAX_NAME: Final = 40


def invite(session: Session, name: str, *, is_founder: bool, now: datetime, random_bytes: RandomBytes) -> str:
    """Invite somebody; gives the token of the link, which works once. Another for the same name takes its place.

    Raises:
        MalformedError: This is no name.
        ConflictError: Somebody has it already, or the log has had all founders.
    """
    name = clean_name(name)
    if is_founder:
        state = read_state(session)
        if state.founders >= state.quorum:
            raise ConflictError("The founders are complete. From now on stewards admit stewards.")
    if len(name) > MAX_NAME:
        raise MalformedError("A name here has at most %(most)s characters.", most=MAX_NAME)
    if session.scalar(select(Account.id).where(Account.name == name)) is not None:
        raise ConflictError("There is an account of this name already.")
    session.execute(delete(Invitation).where(Invitation.name == name))
    token = new_token(random_bytes)
    session.add(
        Invitation(
            token_hash=hash_token(token),
            name=name,
            is_founder=is_founder,
            expires_seconds=int((now + INVITATION_LIFE).timestamp()),
        )
    )
    return token


def find_invitation(session: Session, token: str, *, now: datetime) -> Invitation:
    """Give an invitation that can still be used.

    Raises:
        NotFoundError: There is none.
    """
    check_token(token)
    invitation = session.get(Invitation, hash_token(token))
    if invitation is None or invitation.expires_seconds <= int(now.timestamp()):
        raise NotFoundError("This invitation was used, or is too old. Ask for another.")
    return invitation


def add_account(session: Session, instance: Instance, token: str) -> Account:
    """Use an invitation up and make its account.

    Raises:
        NotFoundError: It was used, or is too old.
    """
    now = instance.clock()
    invitation = find_invitation(session, token, now=now)
    account = Account(
        id=instance.random_bytes(16),
        name=invitation.name,
        day=now.date(),
        is_founder=invitation.is_founder,
        password_hash=None,
        totp_secret=None,
        last_totp_step=0,
        wrapped_bundle=None,
    )
    session.delete(invitation)
    session.add(account)
    session.flush()
    return account


def join_with_password(instance: Instance, token: str, new: NewPassword) -> tuple[SignedIn, list[str]]:
    """Make the account that an invitation is for, and sign in; gives the recovery codes too, kept nowhere here.

    Raises:
        NotFoundError: The invitation was used, or is too old.
        MalformedError: As in ``prepare_password``.
    """
    with instance.database.reading() as session:
        find_invitation(session, token, now=instance.clock())
    password_hash, step = prepare_password(instance, new)

    def work(session: Session) -> tuple[SignedIn, list[str]]:
        account = add_account(session, instance, token)
        set_password(session, instance, account, new.secret, password_hash=password_hash, step=step)
        codes = renew_codes(session, account.id, random_bytes=instance.random_bytes)
        return enter(session, instance, account), codes

    return instance.log.run(work)

"""Sessions and tokens: made, found by their hash, ended on the server."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledge.accounts.models import AccessToken, Account, AccountSession, Invitation, Throttle, UsedChallenge
from pledge.accounts.secrets import RandomBytes, hash_token, new_token
from pledge.errors import LimitError, NotFoundError

SESSION_LIFE = timedelta(hours=12)
TOKEN_LIFE = timedelta(days=30)
MAX_TOKENS = 10


def start_session(session: Session, account: bytes, *, now: datetime, random_bytes: RandomBytes) -> str:
    """Begin a session; gives its token, which is kept nowhere here."""
    token = new_token(random_bytes)
    expires = int((now + SESSION_LIFE).timestamp())
    session.add(
        AccountSession(token_hash=hash_token(token), account=account, day=now.date(), expires_seconds=expires)
    )
    return token


def find_session(session: Session, token: str, *, now: datetime) -> Account | None:
    """Give whose session this is, while it lasts."""
    return _find(session, AccountSession, token, now)


def find_token(session: Session, token: str, *, now: datetime) -> Account | None:
    """Give whose token this is, while it lasts."""
    return _find(session, AccessToken, token, now)


def _find(
    session: Session, kind: type[AccountSession] | type[AccessToken], token: str, now: datetime
) -> Account | None:
    return session.scalar(
        select(Account)
        .join(kind, kind.account == Account.id)
        .where(kind.token_hash == hash_token(token), kind.expires_seconds > int(now.timestamp()))
    )


def list_sessions(session: Session, account: bytes) -> Sequence[AccountSession]:
    """Give an account's sessions, the longest-lasting first."""
    return session.scalars(
        select(AccountSession)
        .where(AccountSession.account == account)
        .order_by(AccountSession.expires_seconds.desc(), AccountSession.token_hash)
    ).all()


def list_tokens(session: Session, account: bytes) -> Sequence[AccessToken]:
    """Give an account's tokens."""
    return session.scalars(
        select(AccessToken)
        .where(AccessToken.account == account)
        .order_by(AccessToken.expires_seconds.desc(), AccessToken.token_hash)
    ).all()


def make_token(session: Session, account: bytes, *, now: datetime, random_bytes: RandomBytes) -> str:
    """Make a token for a command line.

    Raises:
        LimitError: The account has ten.
    """
    if len(list_tokens(session, account)) >= MAX_TOKENS:
        raise LimitError("An account has at most %(most)s tokens. End one first.", most=MAX_TOKENS)
    token = new_token(random_bytes)
    expires = int((now + TOKEN_LIFE).timestamp())
    session.add(
        AccessToken(token_hash=hash_token(token), account=account, day=now.date(), expires_seconds=expires)
    )
    return token


def end_session(session: Session, account: bytes, token_hash: bytes) -> None:
    """End one of an account's own sessions or tokens.

    Raises:
        NotFoundError: The account has none of this hash.
    """
    ended = [
        session.execute(delete(kind).where(kind.account == account, kind.token_hash == token_hash)).rowcount  # type: ignore[attr-defined]  # a DELETE's result has a row count
        for kind in (AccountSession, AccessToken)
    ]
    if not any(ended):
        raise NotFoundError("This has ended already.")


def end_all(session: Session, account: bytes) -> None:
    """End everything by which somebody is signed in to an account."""
    for kind in (AccountSession, AccessToken):
        session.execute(delete(kind).where(kind.account == account))


def drop_expired(session: Session, now: datetime) -> None:
    """Delete what has expired, and forget who tried to get in and need not wait any more."""
    seconds = int(now.timestamp())
    for kind in (AccountSession, AccessToken, Invitation, UsedChallenge):
        session.execute(delete(kind).where(kind.expires_seconds <= seconds))
    session.execute(delete(Throttle).where(Throttle.until_seconds <= seconds))

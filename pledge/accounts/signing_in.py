"""Signing in with a password and a second factor, and changing them. ``joining`` has how an account comes about.

What is cheap is checked first: the throttle, then the code. Only whoever has the right code makes the server spend the
memory of a password's hash, and never more than two at once do. One answer stands for every failure, and a name that
nobody has costs and writes the same as one that somebody has.
"""

import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledge.accounts.models import Account, RecoveryCode, Throttle
from pledge.accounts.secrets import (
    RandomBytes,
    derive_key,
    hash_token,
    open_totp,
    seal_totp,
)
from pledge.accounts.sessions import end_all, start_session
from pledge.core import totp
from pledge.core.password import SALT_BYTES, check_password, hash_password, is_password
from pledge.errors import ForbiddenError, MalformedError, UnavailableError, noop
from pledge.instance import Instance

CODES: Final = 10
WRONG: Final = noop(
    "Name, password and code do not fit together, the code was used already, or there were too many tries with this "
    "name. Wait for the next code and try again; after several tries, wait longer."
)

_CODE_BYTES: Final = 10
_BUCKETS: Final = 1 << 16
_FREE_TRIES: Final = 5
_FIRST_WAIT: Final = 30
_LONGEST_WAIT: Final = 900
_HASH_WAIT_SECONDS: Final = 5
_HASHING: Final = threading.BoundedSemaphore(2)


class Credentials(NamedTuple):
    """What somebody typed to sign in. ``code`` is of the app, or a recovery code."""

    name: str
    password: str
    code: str


class NewPassword(NamedTuple):
    """A password, the secret of a code app, and a code to show that the app has it."""

    password: str
    secret: bytes
    code: str


class SignedIn(NamedTuple):
    """An account and the token of its new session."""

    id: bytes
    name: str
    token: str


class _Candidate(NamedTuple):
    id: bytes
    name: str
    password_hash: str
    recovery: bytes | None


def sign_in(instance: Instance, given: Credentials) -> SignedIn:
    """Sign in.

    Raises:
        ForbiddenError: Something is wrong, or there were too many tries; which, is not said.
        UnavailableError: Too many sign in at once.
    """
    candidate = instance.log.run(lambda session: _check_code(session, instance, given))
    if candidate is None:
        raise ForbiddenError(WRONG, code="sign-in")
    with _hashing():
        is_right = is_password(given.password, candidate.password_hash)
    if not is_right:
        raise ForbiddenError(WRONG, code="sign-in")
    return instance.log.run(lambda session: _begin(session, instance, candidate))


def _check_code(session: Session, instance: Instance, given: Credentials) -> _Candidate | None:
    """Check all but the password. Counts as a failed try until ``_begin`` says that it was none."""
    seconds = int(instance.clock().timestamp())
    row = _throttle(session, instance, given.name)
    is_open = row.until_seconds <= seconds
    if is_open:
        row.failures += 1
        if row.failures > _FREE_TRIES:
            doubled = min(row.failures - _FREE_TRIES - 1, 10)
            row.until_seconds = seconds + min(_FIRST_WAIT << doubled, _LONGEST_WAIT)
    account = session.scalar(select(Account).where(Account.name == given.name))
    if account is None or account.password_hash is None or account.totp_secret is None or not is_open:
        return None
    secret = open_totp(instance.keys.session, account.totp_secret, account=account.id)
    step = totp.match_code(secret, given.code, seconds=seconds, after=account.last_totp_step)
    if step is not None:
        account.last_totp_step = step
        return _Candidate(account.id, account.name, account.password_hash, None)
    recovery = _code_hash(account.id, given.code)
    known = session.get(RecoveryCode, recovery)
    if known is None or known.account != account.id:
        return None
    return _Candidate(account.id, account.name, account.password_hash, recovery)


def _throttle(session: Session, instance: Instance, name: str) -> Throttle:
    digest = hmac.digest(derive_key(instance.keys.session, "names"), name.encode(), "sha256")
    bucket = int.from_bytes(digest[:4]) % _BUCKETS
    row = session.get(Throttle, bucket)
    if row is None:
        row = Throttle(bucket=bucket, failures=0, until_seconds=0)
        session.add(row)
    return row


@contextmanager
def _hashing() -> Iterator[None]:
    """Hold one of the two places for hashing, so that no crowd takes the server's memory."""
    if not _HASHING.acquire(timeout=_HASH_WAIT_SECONDS):
        raise UnavailableError("Too many people sign in at once. Try again in a minute.")
    try:
        yield
    finally:
        _HASHING.release()


def _begin(session: Session, instance: Instance, candidate: _Candidate) -> SignedIn:
    if candidate.recovery is not None:
        used = session.execute(delete(RecoveryCode).where(RecoveryCode.code_hash == candidate.recovery))
        if used.rowcount != 1:  # type: ignore[attr-defined]  # a DELETE's result has a row count
            raise ForbiddenError(WRONG, code="sign-in")
    row = _throttle(session, instance, candidate.name)
    row.failures, row.until_seconds = 0, 0
    return SignedIn(
        candidate.id,
        candidate.name,
        start_session(session, candidate.id, now=instance.clock(), random_bytes=instance.random_bytes),
    )


def prepare_password(instance: Instance, new: NewPassword) -> tuple[str, int]:
    """Check a new password and its code app, and hash it; gives the hash and the code's step.

    Raises:
        MalformedError: The password is too short or long, or the code is not the app's.
    """
    check_password(new.password)
    seconds = int(instance.clock().timestamp())
    step = totp.match_code(new.secret, new.code, seconds=seconds, after=-1)
    if step is None:
        raise MalformedError("This is not the code that the app shows now.")
    with _hashing():
        return hash_password(new.password, salt=instance.random_bytes(SALT_BYTES)), step


def change_password(
    instance: Instance, account: bytes, current: str, new: NewPassword
) -> tuple[SignedIn, list[str]]:
    """Give an account a new password and code app, or its first; ends all sessions and tokens, and begins a new one.

    Raises:
        ForbiddenError: The account has a password, and this is not it.
        MalformedError: As in ``prepare_password``.
    """
    with instance.database.reading() as session:
        known = session.get_one(Account, account).password_hash
    if known is not None:
        with _hashing():
            is_right = is_password(current, known)
        if not is_right:
            raise ForbiddenError("This is not your current password.", code="password")
    password_hash, step = prepare_password(instance, new)

    def work(session: Session) -> tuple[SignedIn, list[str]]:
        row = session.get_one(Account, account)
        set_password(session, instance, row, new.secret, password_hash=password_hash, step=step)
        end_all(session, account)
        codes = renew_codes(session, account, random_bytes=instance.random_bytes)
        return enter(session, instance, row), codes

    return instance.log.run(work)


def set_password(
    session: Session, instance: Instance, account: Account, secret: bytes, *, password_hash: str, step: int
) -> None:
    """Give an account a password and a code app, in place of those it had."""
    sealed = seal_totp(instance.keys.session, secret, account=account.id, random_bytes=instance.random_bytes)
    account.password_hash, account.totp_secret, account.last_totp_step = password_hash, sealed, step
    session.flush()


def enter(session: Session, instance: Instance, account: Account) -> SignedIn:
    """Sign an account in that has shown who it is."""
    token = start_session(session, account.id, now=instance.clock(), random_bytes=instance.random_bytes)
    return SignedIn(account.id, account.name, token)


def renew_codes(session: Session, account: bytes, *, random_bytes: RandomBytes) -> list[str]:
    """Draw ten recovery codes in place of those there were; nothing but their hashes is kept."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account == account))
    codes = [random_bytes(_CODE_BYTES).hex() for _ in range(CODES)]
    session.add_all(RecoveryCode(code_hash=_code_hash(account, code), account=account) for code in codes)
    return ["-".join(code[n : n + 5] for n in range(0, 2 * _CODE_BYTES, 5)) for code in codes]


def _code_hash(account: bytes, code: str) -> bytes:
    """Hash a code. Nobody guesses 80 random bits, so nothing slower is needed."""
    plain = code.lower().replace("-", "").replace(" ", "")
    return hash_token(f"{account.hex()}/{plain}")

"""Passkeys (WebAuthn): one gesture that is two factors, since the device asks who holds it.

A challenge is made and checked without a row for whoever only looks at the sign-in page: it carries its own expiry and
a MAC. What was answered is remembered until it would have expired, so that each works once.

    challenge = nonce[16] ‖ expiry, u64 BE seconds ‖ HMAC-SHA256(key, purpose ‖ nonce ‖ expiry)
"""

import hmac
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledge.accounts.joining import add_account
from pledge.accounts.models import Account, Passkey, UsedChallenge
from pledge.accounts.secrets import derive_key
from pledge.accounts.signing_in import SignedIn, enter
from pledge.errors import ConflictError, ForbiddenError, LimitError, NotFoundError, noop
from pledge.instance import Instance

MAX_PASSKEYS: Final = 10
_LIFE: Final = timedelta(minutes=10)
_NONCE_BYTES: Final = 16
_HEAD_BYTES: Final = _NONCE_BYTES + 8
T = TypeVar("T")

_SIGN_IN: Final = b"sign-in"
_REFUSED: Final = noop("This passkey was not accepted. Load the page again and try once more.")
_REQUIRED: Final = UserVerificationRequirement.REQUIRED


def sign_in_options(instance: Instance) -> dict[str, Any]:
    """Give what a browser asks a device for to sign in; the same but for the challenge for everybody."""
    options, _ = _server(instance).authenticate_begin(
        user_verification=_REQUIRED, challenge=_new_challenge(instance, _SIGN_IN)
    )
    return dict(options)


def sign_in(instance: Instance, response: str) -> SignedIn:
    """Sign in with what the device answered.

    Raises:
        ForbiddenError: It does not fit, or was used.
    """
    try:
        answer = AuthenticationResponse.from_dict(json.loads(response))
        challenge, identifier = answer.response.client_data.challenge, answer.raw_id
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ForbiddenError(_REFUSED, code="passkey") from None

    def work(session: Session) -> SignedIn:
        _use_challenge(session, instance, challenge, _SIGN_IN)
        row = session.scalar(select(Passkey).where(Passkey.credential_sha256 == sha256(identifier).digest()))
        if row is None:
            raise ForbiddenError(_REFUSED, code="passkey")
        _check(lambda: _complete(instance, challenge, row, answer))
        counter = answer.response.authenticator_data.counter
        if (counter or row.counter) and counter <= row.counter:
            raise ForbiddenError(_REFUSED, code="passkey")  # a copy of the device has been used
        row.counter = counter
        return enter(session, instance, session.get_one(Account, row.account))

    return instance.log.run(work)


def _complete(instance: Instance, challenge: bytes, row: Passkey, answer: AuthenticationResponse) -> object:
    known = [AttestedCredentialData(row.credential)]
    return _server(instance).authenticate_complete(_state(challenge), known, answer)


def registration_options(
    instance: Instance, *, handle: bytes, name: str, known: Sequence[Passkey]
) -> dict[str, Any]:
    """Give what a browser asks a device for to make a passkey.

    Args:
        instance: Whose site it is for.
        handle: By which the device keeps it: an account's id or, before there is one, an invitation's hash.
        name: What the device shows.
        known: Passkeys that the account has; a device makes no second one.
    """
    options, _ = _server(instance).register_begin(
        PublicKeyCredentialUserEntity(id=handle, name=name, display_name=name),
        credentials=[AttestedCredentialData(row.credential) for row in known],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=_REQUIRED,
        challenge=_new_challenge(instance, handle),
    )
    return dict(options)


def join(instance: Instance, token: str, handle: bytes, response: str) -> SignedIn:
    """Make the account that an invitation is for, with a passkey, and sign in.

    Raises:
        NotFoundError: The invitation was used, or is too old.
        ForbiddenError: What the device answered does not fit.
    """

    def work(session: Session) -> SignedIn:
        account = add_account(session, instance, token)
        _register(session, instance, account.id, handle, response)
        return enter(session, instance, account)

    return instance.log.run(work)


def add(instance: Instance, account: bytes, response: str) -> None:
    """Add a passkey to an account.

    Raises:
        ForbiddenError: What the device answered does not fit.
        LimitError: The account has ten.
    """
    instance.log.run(lambda session: _register(session, instance, account, account, response))


def _register(session: Session, instance: Instance, account: bytes, handle: bytes, response: str) -> None:
    if len(list_passkeys(session, account)) >= MAX_PASSKEYS:
        raise LimitError("An account has at most %(most)s passkeys. Remove one first.", most=MAX_PASSKEYS)
    try:
        answer = RegistrationResponse.from_dict(json.loads(response))
        challenge = answer.response.client_data.challenge
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ForbiddenError(_REFUSED, code="passkey") from None
    _use_challenge(session, instance, challenge, handle)
    data = _check(lambda: _server(instance).register_complete(_state(challenge), answer))
    credential = data.credential_data
    if credential is None:
        raise ForbiddenError(_REFUSED, code="passkey")
    identifier = sha256(credential.credential_id).digest()
    if session.scalar(select(Passkey.id).where(Passkey.credential_sha256 == identifier)) is not None:
        raise ConflictError("This passkey is known already.")
    session.add(
        Passkey(
            id=instance.random_bytes(16),
            credential_sha256=identifier,
            account=account,
            credential=bytes(credential),
            counter=data.counter,
            day=instance.clock().date(),
        )
    )
    session.flush()


def list_passkeys(session: Session, account: bytes) -> Sequence[Passkey]:
    """Give an account's passkeys, the oldest first."""
    return session.scalars(
        select(Passkey).where(Passkey.account == account).order_by(Passkey.day, Passkey.id)
    ).all()


def remove(session: Session, account: bytes, passkey: bytes) -> None:
    """Remove a passkey, unless nobody could sign in to the account then.

    Raises:
        NotFoundError: The account has none of this id.
        ConflictError: It is the last way in.
    """
    row = session.get(Passkey, passkey)
    if row is None or row.account != account:
        raise NotFoundError("There is no such passkey.")
    count = session.scalar(select(func.count()).where(Passkey.account == account))
    if count == 1 and session.get_one(Account, account).password_hash is None:
        raise ConflictError("This is the only way into your account. Add another first.")
    session.delete(row)


def _server(instance: Instance) -> Fido2Server:
    url = urlsplit(instance.config.url)
    host, netloc = url.hostname or "", url.netloc
    if instance.config.is_loopback:
        # Devices keep passkeys for names only, not for 127.0.0.1.
        host, netloc = "localhost", f"localhost:{url.port}"
    return Fido2Server(
        PublicKeyCredentialRpEntity(name=instance.keys.origin, id=host),
        attestation=AttestationConveyancePreference.NONE,
        verify_origin=lambda origin: origin == f"{url.scheme}://{netloc}",
    )


def _new_challenge(instance: Instance, purpose: bytes) -> bytes:
    expires = int((instance.clock() + _LIFE).timestamp())
    head = instance.random_bytes(_NONCE_BYTES) + expires.to_bytes(8, "big")
    return head + _mac(instance, purpose, head)


def _mac(instance: Instance, purpose: bytes, head: bytes) -> bytes:
    return hmac.digest(derive_key(instance.keys.session, "challenge"), purpose + b"\n" + head, "sha256")


def _use_challenge(session: Session, instance: Instance, challenge: bytes, purpose: bytes) -> None:
    head, mac = challenge[:_HEAD_BYTES], challenge[_HEAD_BYTES:]
    expires = int.from_bytes(head[_NONCE_BYTES:], "big")
    now: datetime = instance.clock()
    if not hmac.compare_digest(mac, _mac(instance, purpose, head)) or expires <= int(now.timestamp()):
        raise ForbiddenError(_REFUSED, code="passkey")
    used = sha256(challenge).digest()
    if session.get(UsedChallenge, used) is not None:
        raise ForbiddenError(_REFUSED, code="passkey")
    session.add(UsedChallenge(challenge_hash=used, expires_seconds=expires))


def _state(challenge: bytes) -> dict[str, Any]:
    return {"challenge": websafe_encode(challenge), "user_verification": _REQUIRED}


def _check(complete: Callable[[], T]) -> T:
    """Run the library's check; it says what does not fit by ``ValueError``."""
    try:
        return complete()
    except (ValueError, TypeError, KeyError, AttributeError, AssertionError):
        raise ForbiddenError(_REFUSED, code="passkey") from None

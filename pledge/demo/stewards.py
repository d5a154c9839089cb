"""The two founders of the demo, with accounts and keys; what signs them in is told to whoever starts it."""

import os
from dataclasses import dataclass

from sqlalchemy.orm import Session

from pledge.accounts import decisions, joining
from pledge.accounts.decisions import Offer
from pledge.accounts.models import Account
from pledge.accounts.signing_in import NewPassword
from pledge.core import statement as st
from pledge.core import totp
from pledge.core.age.keytext import format_hybrid_identity, format_recipient, parse_identity
from pledge.core.keys import SigningKey, format_key
from pledge.core.steward_bundle import Bundle, OwnKeys, wrap_bundle
from pledge.instance import Instance

PASSWORD = "demo demo demo"  # noqa: S105  # no secret: it is printed, and opens what is invented
PASSPHRASE = PASSWORD
NAMES = ("Ottoline Fairweather", "Bram Quickthorn")


@dataclass(frozen=True, slots=True)
class Steward:
    """A steward: ``codes`` are recovery codes, each of which signs in once in place of an app's code."""

    id: bytes
    name: str
    key: SigningKey
    codes: tuple[str, ...]


def found_stewards(instance: Instance) -> list[Steward]:
    """Let both founders join and put their keys into the log."""
    return [_found(instance, name) for name in NAMES]


def _found(instance: Instance, name: str) -> Steward:
    secret = instance.random_bytes(totp.SECRET_BYTES)
    token = instance.log.run(
        lambda session: joining.invite(
            session, name, is_founder=True, now=instance.clock(), random_bytes=instance.random_bytes
        )
    )
    code = totp.code_at(secret, int(instance.clock().timestamp()) // totp.STEP_SECONDS)
    account, codes = joining.join_with_password(instance, token, NewPassword(PASSWORD, secret, code))
    seed, identity = instance.random_bytes(32), format_hybrid_identity(instance.random_bytes(32))
    day = instance.clock().date()
    own = OwnKeys(age=identity, from_=day, signing=seed.hex())
    bundle = Bundle(keys=(own,), origin=instance.keys.origin, type_="steward-keys/v1")
    wrapped = wrap_bundle(bundle, PASSPHRASE, random_bytes=os.urandom)
    instance.log.run(lambda session: _offer(instance, session, account.id, own, wrapped))
    return Steward(account.id, name, own.signing_key, tuple(codes))


def _offer(instance: Instance, session: Session, account_id: bytes, own: OwnKeys, wrapped: bytes) -> None:
    """Fill in the draft of a key's statement and sign it, as the page's script does."""
    day = instance.clock().date()
    draft = decisions.draft_key(
        session, session.get_one(Account, account_id), origin=instance.keys.origin, day=day
    )
    draft["keys"] = {
        "age": format_recipient(parse_identity(own.age).recipient),
        "signing": format_key(own.signing_key.public),
    }
    payload = st.format_json(draft)
    possession = own.signing_key.sign(st.pae(st.format_payload_type("key"), payload))
    decisions.offer_key(
        session,
        account_id,
        Offer(payload, possession, wrapped),
        notary=instance.notary,
        day=day,
        random_bytes=instance.random_bytes,
    )

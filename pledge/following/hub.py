"""The hub: programs ask to be posted to when a feed changes (W3C WebSub, https://www.w3.org/TR/websub/).

Nobody can aim it at others. A request is answered at once and costs its callback one GET, which carries a fresh
challenge; only where that comes back is anything changed. How many such GETs there are, to one host and in all, is
budgeted; what is sent goes through ``outside``, to public machines only.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Literal, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from pledge.core import atrest
from pledge.errors import LimitError, MalformedError, NotFoundError
from pledge.following import events
from pledge.following.feeds import feed_path, render_feed
from pledge.following.models import HubRequest, Subscription
from pledge.following.outside import Outside, check_callback
from pledge.instance import Instance
from pledge.mail import budgets

Mode = Literal["subscribe", "unsubscribe"]

MAX_SECRET_BYTES: Final = 199
DAY_SECONDS: Final = 86_400
LEAST_LEASE, USUAL_LEASE, MOST_LEASE = DAY_SECONDS, 10 * DAY_SECONDS, 30 * DAY_SECONDS
MAX_SUBSCRIPTIONS: Final = 1000
MAX_OF_HOST: Final = 50
MAX_WAITING: Final = 100
ASKED_OF_HOST_A_DAY: Final = 100
ASKED_AN_HOUR: Final = 200
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


class Asked(NamedTuple):
    """What a program asks the hub for, checked for form.

    Attributes:
        mode: What to do.
        topic: Of events.
        callback: Where to post to.
        secret: What deliveries are signed with, if anything.
        lease_seconds: For how long; of a subscription only.
    """

    mode: Mode
    topic: str
    callback: str
    secret: bytes | None
    lease_seconds: int


def parse_request(fields: dict[str, str], *, url: str) -> Asked:
    """Read a request to the hub.

    Args:
        fields: As posted; others than WebSub's are left out, as it demands.
        url: Of this site, under which topics are.

    Raises:
        MalformedError: It does not follow the specification, or is about another site's feed.
    """
    mode, topic = fields.get("hub.mode", ""), fields.get("hub.topic", "")
    match = re.fullmatch(re.escape(url) + r"/feeds/([a-z0-9/-]{1,80})\.atom", topic)
    if mode not in {"subscribe", "unsubscribe"}:
        raise MalformedError("hub.mode is subscribe or unsubscribe.", code="hub-mode")
    if match is None:
        raise MalformedError("hub.topic is the address of a feed of this site.", code="hub-topic")
    callback = fields.get("hub.callback", "")
    check_callback(callback)
    secret = fields["hub.secret"].encode() if fields.get("hub.secret") else None
    if secret is not None and len(secret) > MAX_SECRET_BYTES:
        raise MalformedError("hub.secret has less than 200 bytes.", code="hub-secret")
    lease = fields.get("hub.lease_seconds") or str(USUAL_LEASE)
    if not _NUMBER.fullmatch(lease):
        raise MalformedError("hub.lease_seconds is a whole number.", code="hub-lease")
    given = min(max(int(lease), LEAST_LEASE), MOST_LEASE)
    return Asked("subscribe" if mode == "subscribe" else "unsubscribe", match[1], callback, secret, given)


@dataclass(frozen=True, slots=True)
class HubKeys:
    """Keys of what the hub keeps: of hashes in budgets, and of what is encrypted."""

    seat: bytes
    contacts: bytes


def ask(
    session: Session,
    asked: Asked,
    *,
    keys: HubKeys,
    now: datetime,
    random_bytes: Callable[[int], bytes],
) -> None:
    """Keep a request until its callback is asked about it; a newer one takes its place.

    Raises:
        NotFoundError: There is no such topic, or no such subscription to end.
        LimitError: The host, or the hub, has as many subscriptions or requests as there may be.
    """
    who = hmac.digest(
        keys.contacts, f"pledge/subscription/v1\n{asked.topic}\n{asked.callback}".encode(), hashlib.sha256
    )
    host = check_callback(asked.callback)
    hashed = hmac.digest(keys.contacts, f"pledge/subscription-host/v1\n{host}".encode(), hashlib.sha256)
    is_known = session.get(Subscription, who) is not None
    if events.topic_name(session, asked.topic) is None:
        raise NotFoundError("There is no such feed.", code="hub-topic")
    if asked.mode == "unsubscribe" and not is_known:
        raise NotFoundError("This callback has no subscription to this feed.", code="hub-unknown")
    if not is_known:
        _check_room(session, hashed)
    _spend(session, who.hex() if is_known else host, is_known=is_known, key=keys.seat, now=now)
    session.merge(
        HubRequest(
            who=who,
            host=hashed,
            mode=asked.mode,
            topic=asked.topic,
            callback=_seal(keys.contacts, "callback", who, asked.callback.encode(), random_bytes),
            secret=asked.secret and _seal(keys.contacts, "secret", who, asked.secret, random_bytes),
            lease_seconds=asked.lease_seconds,
            asked_seconds=int(now.timestamp()),
        )
    )
    session.flush()


def _check_room(session: Session, host: bytes) -> None:
    def count(table: type[Subscription | HubRequest], of_host: bytes | None = None) -> int:
        found = select(func.count()).select_from(table)
        return session.scalar(found if of_host is None else found.where(table.host == of_host)) or 0

    if count(Subscription, host) + count(HubRequest, host) >= MAX_OF_HOST:
        raise LimitError("This host has as many subscriptions as a host may have.", code="hub-host")
    if count(Subscription) >= MAX_SUBSCRIPTIONS or count(HubRequest) >= MAX_WAITING:
        raise LimitError(
            "The hub has as many subscriptions as it may have. Read the feed instead.", code="hub-full"
        )


def _spend(session: Session, whom: str, *, is_known: bool, key: bytes, now: datetime) -> None:
    """Count a GET that will verify a request: by host, but one that subscribes already by itself.

    So nobody can use up the requests by which a subscription is renewed or ended, but who knows its callback.
    """
    may_ask = budgets.spend(
        session,
        key=key,
        purpose="renew" if is_known else "subscribe",
        address=whom,
        now=now,
        per_address_day=ASKED_OF_HOST_A_DAY,
        per_site_hour=ASKED_AN_HOUR,
    )
    if not may_ask:
        raise LimitError("This callback was asked about as often as it may be in a day.", code="hub-host")


def verify_next(instance: Instance, outside: Outside) -> bool:
    """Ask the callback of the oldest request whether it meant it, once, and do what it says; False where none waits."""
    request = instance.log.run(_take_request)
    if request is None:
        return False
    callback = open_sealed(instance.keys.contacts, "callback", request.who, request.callback).decode()
    challenge = instance.random_bytes(32).hex()
    query = {
        "hub.mode": request.mode,
        "hub.topic": instance.config.url + feed_path(request.topic),
        "hub.challenge": challenge,
    }
    if request.mode == "subscribe":
        query["hub.lease_seconds"] = str(request.lease_seconds)
    reply = outside.request("GET", f"{callback}{'&' if '?' in callback else '?'}{urlencode(query)}")
    if reply.is_good and hmac.compare_digest(reply.body, challenge.encode()):
        instance.log.run(partial(_settle, instance=instance, request=request))
    return True


def _take_request(session: Session) -> HubRequest | None:
    """Give the oldest request, and forget it: whatever happens, its callback is asked no more than once."""
    request = session.scalar(select(HubRequest).order_by(HubRequest.asked_seconds, HubRequest.who).limit(1))
    if request is not None:
        session.expunge(request)
        session.execute(delete(HubRequest).where(HubRequest.who == request.who))
    return request


def _settle(session: Session, *, instance: Instance, request: HubRequest) -> None:
    if request.mode == "unsubscribe":
        session.execute(delete(Subscription).where(Subscription.who == request.who))
        return
    now = int(instance.clock().timestamp())
    known = session.get(Subscription, request.who)
    feed = render_feed(instance, session, request.topic)
    if known is not None:  # what was not delivered yet still will be
        known.secret, known.until_seconds = request.secret, now + request.lease_seconds
        known.tries, known.next_seconds = 0, now
    elif feed is not None:
        session.add(
            Subscription(
                who=request.who,
                host=request.host,
                topic=request.topic,
                callback=request.callback,
                secret=request.secret,
                until_seconds=now + request.lease_seconds,
                seen=events.state(session),
                delivered=hashlib.sha256(feed).digest(),
                tries=0,
                next_seconds=now,
            )
        )
    session.flush()


def _seal(key: bytes, what: str, who: bytes, value: bytes, random_bytes: Callable[[int], bytes]) -> bytes:
    return atrest.encrypt(key, value, nonce=random_bytes(atrest.NONCE_BYTES), context=_context(what, who))


def open_sealed(key: bytes, what: str, who: bytes, value: bytes) -> bytes:
    """Decrypt the ``callback`` or ``secret`` of a request or subscription."""
    return atrest.decrypt(key, value, context=_context(what, who))


def _context(what: str, who: bytes) -> str:
    return f"subscription/{what}/{who.hex()}"

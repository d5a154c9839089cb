"""Posting changed feeds to the programs that subscribed, signed with their secrets.

A delivery is claimed before it is sent, so that of several processes one sends it. One that fails is tried again later
and later, with the feed as it is then, and after the last time the subscription ends. So does one that is answered 410.
"""

import hashlib
import hmac
from functools import partial
from http import HTTPStatus
from typing import Final, NamedTuple

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from pledge.following import events
from pledge.following.feeds import HUB, MEDIA_TYPE, feed_path, render_feed
from pledge.following.hub import open_sealed, verify_next
from pledge.following.models import HubRequest, Subscription
from pledge.following.outside import Outside, Reply
from pledge.instance import Instance

RETRY_MINUTES: Final = (1, 5, 30, 120, 360, 720, 1440)
_CLAIM_SECONDS: Final = 60
_MAX_REQUESTS: Final = 50


class Done(NamedTuple):
    """How many requests were verified, and how many feeds were taken and not taken."""

    asked: int = 0
    taken: int = 0
    refused: int = 0


def tend(instance: Instance, outside: Outside | None = None) -> Done:
    """Verify the requests that wait and post the feeds that changed, so many at a time; cheap where there are none."""
    outside = outside or Outside()
    now = int(instance.clock().timestamp())
    with instance.database.reading() as session:
        state = events.state(session)
        waits = session.scalar(select(HubRequest.who).limit(1)) is not None
        has_ended = session.scalar(select(Subscription.who).where(Subscription.until_seconds <= now).limit(1))
        has_changed = session.scalar(_due(now, state)) is not None
    if has_ended is not None:
        instance.log.run(
            lambda writing: writing.execute(delete(Subscription).where(Subscription.until_seconds <= now))
        )
    asked = 0
    while waits and asked < _MAX_REQUESTS and verify_next(instance, outside):
        asked += 1
    return _deliver_all(instance, outside, state)._replace(asked=asked) if has_changed else Done(asked)


def _due(now: int, state: str) -> Select[Subscription]:
    return (
        select(Subscription)
        .where(Subscription.next_seconds <= now, Subscription.seen != state)
        .order_by(Subscription.next_seconds, Subscription.who)
        .limit(1)
    )


def _deliver_all(instance: Instance, outside: Outside, state: str) -> Done:
    feeds: dict[str, bytes | None] = {}
    taken = refused = 0
    while taken + refused < _MAX_REQUESTS and (
        found := instance.log.run(partial(_claim, instance=instance, state=state))
    ):
        if found.topic not in feeds:
            with instance.database.reading() as session:
                feeds[found.topic] = render_feed(instance, session, found.topic)
        feed = feeds[found.topic]
        if feed is None or hashlib.sha256(feed).digest() == found.delivered:
            _mark(instance, found, seen=state, next_seconds=0)
            continue
        reply = _post(instance, outside, found, feed)
        _settle(instance, found, feed, reply, state)
        taken, refused = taken + reply.is_good, refused + (not reply.is_good)
    return Done(taken=taken, refused=refused)


def _claim(session: Session, *, instance: Instance, state: str) -> Subscription | None:
    now = int(instance.clock().timestamp())
    found = session.scalar(_due(now, state))
    if found is not None:
        found.next_seconds = now + _CLAIM_SECONDS
        session.flush()
        session.expunge(found)
    return found


def _post(instance: Instance, outside: Outside, to: Subscription, feed: bytes) -> Reply:
    url, key = instance.config.url, instance.keys.contacts
    headers = {
        "Content-Type": MEDIA_TYPE,
        "Link": f'<{url}{HUB}>; rel="hub", <{url}{feed_path(to.topic)}>; rel="self"',
    }
    if to.secret is not None:
        secret = open_sealed(key, "secret", to.who, to.secret)
        headers["X-Hub-Signature"] = f"sha256={hmac.digest(secret, feed, hashlib.sha256).hex()}"
    callback = open_sealed(key, "callback", to.who, to.callback).decode()
    return outside.request("POST", callback, headers=headers, body=feed)


def _settle(instance: Instance, to: Subscription, feed: bytes, reply: Reply, state: str) -> None:
    if reply.is_good:
        _mark(instance, to, seen=state, next_seconds=0, delivered=hashlib.sha256(feed).digest(), tries=0)
    elif reply.status == HTTPStatus.GONE or to.tries >= len(RETRY_MINUTES):
        ended = delete(Subscription).where(Subscription.who == to.who)
        instance.log.run(lambda session: session.execute(ended))
    else:
        later = int(instance.clock().timestamp()) + 60 * RETRY_MINUTES[to.tries]
        _mark(instance, to, tries=to.tries + 1, next_seconds=later)


def _mark(instance: Instance, to: Subscription, **values: object) -> None:
    changed = update(Subscription).where(Subscription.who == to.who).values(**values)
    instance.log.run(lambda session: session.execute(changed))

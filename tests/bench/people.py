"""People who are about to sign: their links are mailed, their statements signed, before the clock starts."""

import http.client
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from pledge.app import open_site
from pledge.config import Config
from pledge.core import statement as st
from pledge.core.address import canonical_address
from pledge.core.keys import SigningKey, format_key
from pledge.instance import Instance
from pledge.pledges import links, texts
from pledge.pledges.signing import statement_to_sign
from pledge.pledges.views.signing import mail_policy
from tests.bench.client import Ask, Connection
from tests.bench.servers import HOST, Site

_TOGETHER = 250
_LOCATION = re.compile(rb"\r\nlocation: (?:http://[^/]*)?(/receipts/[0-9a-f]{64})\r\n", re.IGNORECASE)


@dataclass(frozen=True)
class Ready:
    """Somebody whose signature has only to be posted: the request's fields, and where they go."""

    token: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Form:
    """What a page gave for posting: its cookie and its token."""

    cookie: str
    csrf_token: str


def make_ready(site: Site, count: int) -> list[Ready]:
    """Mail a link to so many new people through the service, and sign with a new key each."""
    instance = open_site(Config.from_environment(site.environment))
    try:
        tokens = [
            token
            for start in range(0, count, _TOGETHER)
            for token in _mail(instance, min(_TOGETHER, count - start))
        ]
        with instance.database.reading() as session:
            return [_sign(instance, session, token) for token in tokens]
    finally:
        instance.database.close()


def _mail(instance: Instance, count: int) -> list[str]:
    def work(session: Session) -> list[str]:
        version = texts.latest_text(session)
        clauses = tuple(clause.id for clause in texts.parse_text(version.body).core)
        return [str(_ask(instance, session, version.slug, version.version, clauses)) for _ in range(count)]

    return instance.log.run(work)


def _ask(instance: Instance, session: Session, slug: str, version: int, clauses: tuple[str, ...]) -> str:
    wish = links.Wish(
        pledge=slug,
        version=version,
        clauses=clauses,
        name="Ada Lovelace",
        role="Researcher",
        reason=None,
        lab="mistral",
        address=canonical_address(f"a{os.urandom(8).hex()}@mistral.ai"),
        reminder=False,
        news=False,
    )
    link = links.ask_to_sign(
        session, wish, policy=mail_policy(instance), now=instance.clock(), random_bytes=os.urandom
    )
    if link.kind != "sign" or link.token is None:
        raise RuntimeError("nobody new could sign")
    return link.token


def _sign(instance: Instance, session: Session, token: str) -> Ready:
    key = SigningKey.from_seed(os.urandom(32))
    statement = statement_to_sign(
        session, token, key=format_key(key.public), notary=instance.notary, now=instance.clock()
    )
    sealed = st.seal(statement)
    return Ready(
        token,
        {
            "payload": st.format_base64(sealed.payload),
            "key": format_key(key.public),
            "signature": st.format_base64(key.sign(sealed.pae)),
        },
    )


def open_form(site: Site, token: str) -> Form:
    """Open the page behind a link, as a browser does, for its cookie and its token."""
    connection = http.client.HTTPConnection(HOST, site.port)
    connection.request("GET", f"/sign/{token}")
    answer = connection.getresponse()
    page = answer.read().decode()
    cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    connection.close()
    if found is None or not cookie:
        raise RuntimeError(f"no form: {answer.status}")
    return Form(cookie, found[1])


Doing = Callable[[Site, Sequence[Ready]], list[Ask]]
"""What people do, as requests that are ready to be sent."""


def signings(site: Site, people: Sequence[Ready]) -> list[Ask]:
    """Give what each person does: post the signature, follow to the receipt, and have its file."""
    form = open_form(site, people[0].token)

    def ask(request: bytes) -> Ask:
        def sign(connection: Connection) -> None:
            receipt = _receipt_path(*connection.ask(request))
            head, body = connection.ask(b"GET %s/file HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % receipt)
            if not head.startswith(b"HTTP/1.1 200") or b'"type":"receipt/v1"' not in body:
                raise RuntimeError(head.decode())

        return sign

    return [ask(_post(f"/sign/{person.token}", person, form)) for person in people]


def posts(site: Site, people: Sequence[Ready]) -> list[Ask]:
    """Give what each person does until the receipt is durable: post the signature, and be led to the receipt."""
    form = open_form(site, people[0].token)

    def ask(request: bytes) -> Ask:
        def sign(connection: Connection) -> None:
            _receipt_path(*connection.ask(request))

        return sign

    return [ask(_post(f"/sign/{person.token}", person, form)) for person in people]


def _receipt_path(head: bytes, body: bytes) -> bytes:
    found = _LOCATION.search(head + b"\r\n")
    if not head.startswith(b"HTTP/1.1 303") or found is None:
        raise RuntimeError(f"{head.decode()}\n{body.decode()[-2000:]}")
    return found[1]


def verifications(site: Site, people: Sequence[Ready]) -> list[Ask]:
    """Give the same posts to the route that only verifies."""
    form = open_form(site, people[0].token)

    def ask(request: bytes) -> Ask:
        def verify(connection: Connection) -> None:
            head, _ = connection.ask(request)
            if not head.startswith(b"HTTP/1.1 204"):
                raise RuntimeError(head.decode())

        return verify

    return [ask(_post(f"/sign/{person.token}/verify", person, form)) for person in people]


def _post(path: str, person: Ready, form: Form) -> bytes:
    body = urlencode({"csrf_token": form.csrf_token, **person.fields}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {form.cookie}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body

"""Open Badges: what one says, that a verifier which is not ours takes it, and takes nothing that was changed."""

import copy
import json
import socket
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from flask import Flask
from openbadgeslib import ob3

from pledge.badges.issuer import did_document, issuer_of
from pledge.badges.open_badges import bake, find_facts, write_badge
from pledge.errors import NotFoundError
from pledge.instance import Instance
from pledge.pledges import review
from pledge.tick import tick
from tests.badges.badge_kit import GOOD, Json, fetch, published, verify, verify_all
from tests.site_kit import Clock, Person, make_app, random_bytes

pytestmark = pytest.mark.sqlite_only

_URL = "http://127.0.0.1:8000"
_DID = "did:web:127.0.0.1%3A8000"
_TEXT = f"{_URL}/pledges/against-reckless-scaling/1"


def badge_of(person: Person, path: str) -> Json:
    return fetch(person.instance, f"{path}/open-badge.json")


def test_a_badge_says_what_its_page_says_and_nothing_more(ada: Person) -> None:
    path = ada.sign_publicly()
    badge = badge_of(ada, path)
    proof = badge.pop("proof")
    page = f"{_URL}{path}"
    index = badge["credentialStatus"]["statusListIndex"]
    assert index in ada.client.get(path).text
    # This document was held against 1EdTech's own JSON schema of an AchievementCredential; docs/decisions says which.
    assert badge == {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
        ],
        "id": f"{page}/open-badge.json",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Pledge against reckless scaling, version 1",
        "image": {"id": f"{_URL}/badge/signatory/{path[-32:]}.svg", "type": "Image"},
        "issuer": {"id": _DID, "type": ["Profile"], "name": "A Test", "url": _URL},
        "validFrom": "2026-11-23T00:00:00Z",
        "validUntil": "2027-11-23T23:59:59Z",
        "credentialSubject": {
            "id": page,
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": False,
                    "identityHash": "Ada Lovelace",
                    "identityType": "name",
                }
            ],
            "narrative": (
                "The name is self-stated. On 23 November 2026 this person read mail at an address of Mistral AI. "
                "That shows a mailbox, not a job, a role or a person."
            ),
            "achievement": {
                "id": _TEXT,
                "type": ["Achievement"],
                "achievementType": "Badge",
                "name": "Pledge against reckless scaling, version 1",
                "description": (
                    "Signed a public pledge, which stands for twelve months unless it is renewed or withdrawn."
                ),
                "criteria": {
                    "id": _TEXT,
                    "narrative": f"Signed the text at {_TEXT} with a key of their own, which a public log shows.",
                },
                "image": {"id": f"{_URL}/badge/pledge/against-reckless-scaling.svg", "type": "Image"},
            },
        },
        "credentialSchema": [
            {
                "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json",
                "type": "1EdTechJsonSchemaValidator2019",
            }
        ],
        "credentialStatus": {
            "id": f"{_URL}/open-badges/status/0#{index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": index,
            "statusListCredential": f"{_URL}/open-badges/status/0",
        },
        "evidence": [
            {
                "id": f"{page}/receipt",
                "type": ["Evidence"],
                "name": "Receipt",
                "narrative": (
                    f"Entry {index} of the log local-trial.invalid. This receipt shows the signing without trust "
                    "in this site; the badge rests on the site's word."
                ),
            }
        ],
    }
    assert proof["cryptosuite"] == "eddsa-rdfc-2022"
    assert proof["verificationMethod"].startswith(f"{_DID}#z6Mk")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lab": ""}, "On 23 November 2026 this person read mail at some address."),
        (
            {"address": "ada@example.org"},
            (
                "On 23 November 2026 this person read mail at some address. "
                "That they work at Mistral AI is their own word."
            ),
        ),
    ],
)
def test_no_badge_says_more_of_a_lab_than_the_notary_does(ada: Person, changes: Json, said: str) -> None:
    badge = badge_of(ada, ada.sign_publicly(**{"address": "ada@example.org"} | changes))
    assert badge["credentialSubject"]["narrative"] == f"The name is self-stated. {said}"
    assert verify(ada.instance, badge) == GOOD


@pytest.mark.parametrize("name", ["Zoë Ångström", "李小龙", 'Ada "L" O\'Neil', "زينب"])
def test_another_verifier_takes_it_whatever_the_name(app: Flask, name: str) -> None:
    person = Person(app, name=name)
    path = person.sign_publicly()
    badge = badge_of(person, path)
    assert badge["credentialSubject"]["identifier"][0]["identityHash"] == name
    assert verify(person.instance, badge) == GOOD
    assert json.loads(baked_in(person.client.get(f"{path}/open-badge.svg").data)) == badge


@pytest.mark.parametrize(
    "name", ["</openbadges:credential><script>", "]]>&amp;&lt;", '\\u0041\n\t"', "🦉\ufffe"]
)
def test_no_name_breaks_out_even_one_that_nobody_could_sign_with(ada: Person, name: str) -> None:
    path, issuer = ada.sign_publicly(), issuer_of(ada.instance)
    with ada.instance.database.reading() as session:
        facts = find_facts(session, path[-32:], today=ada.instance.clock().date())
    written = write_badge(replace(facts, name=name), issuer)
    badge = json.loads(written)
    assert badge["credentialSubject"]["identifier"][0]["identityHash"] == name
    assert verify(ada.instance, badge) == GOOD
    picture = ada.client.get(f"/badge/signatory/{path[-32:]}.svg").data
    assert json.loads(baked_in(bake(picture, written))) == badge


def test_answers_are_for_every_site_and_may_be_kept_for_minutes(ada: Person) -> None:
    path = ada.sign_publicly()
    types = {
        f"{path}/open-badge.json": "application/vc+ld+json",
        f"{path}/open-badge.svg": "image/svg+xml; charset=utf-8",
        "/.well-known/did.json": "application/did+json",
        "/open-badges/status/0": "application/vc+ld+json",
    }
    for address, content_type in types.items():
        answer = ada.client.get(address)
        assert answer.content_type == content_type
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert "Set-Cookie" not in answer.headers
        assert b"mistral.ai" not in answer.data  # where the mail went
        again = ada.client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert ("noindex" in answer.headers.get("X-Robots-Tag", "")) == address.startswith(path)


def test_the_same_bytes_come_back_on_any_day_from_any_process(ada: Person, clock: Clock) -> None:
    path = ada.sign_publicly()
    before = ada.client.get(f"{path}/open-badge.json").data
    clock.pass_days(100)
    assert make_app(ada.instance).test_client().get(f"{path}/open-badge.json").data == before


def test_issuing_asks_nobody(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ada.sign_publicly()

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("somebody was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert ada.client.get(f"{path}/open-badge.json").status_code == 200
    assert ada.client.get("/open-badges/status/0").status_code == 200


def test_it_ends_with_the_signing_and_goes_on_with_a_renewal(ada: Person, clock: Clock) -> None:
    path = ada.sign_publicly()
    badge = badge_of(ada, path)
    clock.pass_days(360)
    tick(ada.instance)
    assert ada.client.post(f"{path}/change", data=ada.change_fields(path, "renew")).status_code == 303
    renewed = badge_of(ada, path)
    assert renewed["validUntil"] == "2028-11-18T23:59:59Z"
    assert verify(ada.instance, renewed) == GOOD
    clock.pass_days(10)
    tick(ada.instance)
    verdict = verify(ada.instance, badge)
    assert not verdict.verified
    assert 'after "validUntil"' in verdict.error
    assert verify(ada.instance, renewed) == GOOD


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the place of everything in a document that is no object and no list."""
    if isinstance(value, dict | list):
        for key, inside in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inside, (*path, key))
    else:
        yield path


def altered(document: Json, path: tuple[str | int, ...], change: Callable[[Any], Any] | None) -> Json:
    """Give a copy in which something is changed, or gone."""
    copied = copy.deepcopy(document)
    place: Any = copied
    for key in path[:-1]:
        place = place[key]
    if change is None:
        del place[path[-1]]
    else:
        place[path[-1]] = change(place[path[-1]])
    return copied


def test_nothing_in_it_can_be_changed_or_left_out(ada: Person) -> None:
    badge = badge_of(ada, ada.sign_publicly())
    documents, now = published(ada.instance, badge), ada.instance.clock().isoformat()
    places = list(leaves(badge))
    assert len(places) > 40
    changed = [altered(badge, place, lambda value: f"{value}1") for place in places]
    shortened = [altered(badge, place, None) for place in places if place[0] != "@context"]
    for attempt, verdict in zip(
        changed + shortened, verify_all(changed + shortened, documents, now=now), strict=True
    ):
        assert not verdict.verified, attempt
    assert verify_all([badge], documents, now=now) == [GOOD]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("credentialSubject", "identifier", 0, "identityHash"), "Grace Hopper"),
        (("credentialSubject", "narrative"), "This person works at Mistral AI."),
        (("credentialSubject", "id"), f"{_URL}/signatories/{'0' * 32}"),
        (("validFrom",), "2020-01-01T00:00:00Z"),
        (("validUntil",), "2099-01-01T00:00:00Z"),
        (("credentialStatus", "statusListIndex"), "3"),
        (("credentialStatus", "statusListCredential"), "https://evil.example/list"),
        (("credentialSubject", "achievement", "criteria", "id"), "https://evil.example/text"),
        (("evidence", 0, "id"), "https://evil.example/receipt"),
        (("issuer", "name"), "Somebody else"),
        (("image", "id"), "https://evil.example/seal.svg"),
    ],
)
def test_what_an_attacker_would_change_is_refused(
    ada: Person, path: tuple[str | int, ...], value: str
) -> None:
    badge = badge_of(ada, ada.sign_publicly())
    documents = published(ada.instance, badge)
    forged = altered(badge, path, lambda _: value)
    other_list = documents[f"{_URL}/open-badges/status/0"]
    verdict = verify(ada.instance, forged, documents=documents | {"https://evil.example/list": other_list})
    assert not verdict.verified
    assert verdict.error


def forge(instance: Instance, badge: Json, method: str) -> Json:
    """Sign a badge with a key of one's own, under some name."""
    unsigned = {name: value for name, value in badge.items() if name != "proof"}
    key = issuer_of(replace(instance, keys=replace(instance.keys, badges=random_bytes(32))))
    return ob3.add_data_integrity_proof(unsigned, key.signer.privkey_pem, method)


def test_another_key_under_the_name_of_ours_is_refused(ada: Person) -> None:
    badge = badge_of(ada, ada.sign_publicly())
    forged = forge(ada.instance, badge, badge["proof"]["verificationMethod"])
    verdict = verify(ada.instance, forged)
    assert not verdict.verified
    assert "Invalid signature" in verdict.error


def test_a_key_that_our_document_does_not_name_is_refused_whoever_else_names_it(ada: Person) -> None:
    badge = badge_of(ada, ada.sign_publicly())
    evil = issuer_of(replace(ada.instance, keys=replace(ada.instance.keys, badges=random_bytes(32))))
    unsigned = {name: value for name, value in badge.items() if name != "proof"}
    theirs = json.loads(json.dumps(did_document(evil)).replace(_DID, "did:web:evil.example"))
    for method in (evil.method, evil.method.replace(_DID, "did:web:evil.example")):
        forged = ob3.add_data_integrity_proof(unsigned, evil.signer.privkey_pem, method)
        documents = published(ada.instance, badge) | {"did:web:evil.example": theirs}
        verdict = verify(ada.instance, forged, documents=documents)
        assert not verdict.verified, method


def test_the_document_of_the_key_shows_its_public_half_only(ada: Person) -> None:
    document = fetch(ada.instance, "/.well-known/did.json")
    (method,) = document["verificationMethod"]
    assert document["id"] == _DID
    assert document["assertionMethod"] == [method["id"]] == [f"{_DID}#{method['publicKeyMultibase']}"]
    assert method["controller"] == _DID
    seed = ada.instance.keys.badges
    shown = json.dumps(document) + repr(issuer_of(ada.instance))
    for secret in (seed.hex(), repr(seed), "PRIVATE"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("url", "did"),
    [
        ("https://pledge.example.org", "did:web:pledge.example.org"),
        ("https://pledge.example.org:8443", "did:web:pledge.example.org%3A8443"),
    ],
)
def test_a_public_site_is_named_by_its_host(ada: Person, url: str, did: str) -> None:
    public = replace(ada.instance, config=replace(ada.instance.config, url=url))
    assert did_document(issuer_of(public))["id"] == did
    with public.database.reading() as session:
        facts = find_facts(session, ada.sign_publicly()[-32:], today=public.clock().date())
    badge = json.loads(write_badge(facts, issuer_of(public)))
    assert badge["issuer"]["id"] == did
    assert badge["credentialSubject"]["id"].startswith(f"{url}/signatories/")


def hide(person: Person, path: str) -> None:
    day = person.instance.clock().date()
    person.instance.log.run(
        lambda session: review.hide(session, path[-32:], "name", reason_class="abuse", day=day)
    )


def change(action: str, reason: str = "own") -> Callable[[Person, str], None]:
    def act(person: Person, path: str) -> None:
        fields = person.change_fields(path, action, reason)
        assert person.client.post(f"{path}/change", data=fields).status_code == 303

    return act


def let_lapse(person: Person, path: str) -> None:
    cast("Clock", person.instance.clock).pass_days(400)
    tick(person.instance)


def let_its_last_day_pass(person: Person, path: str) -> None:
    cast("Clock", person.instance.clock).pass_days(366)  # and nothing has noticed yet


@pytest.mark.parametrize(
    "act",
    [
        *(change("withdraw"), change("withdraw", "left-lab"), change("erase")),
        *(hide, let_lapse, let_its_last_day_pass),
    ],
)
def test_who_has_left_has_no_badge_from_that_moment(ada: Person, act: Callable[[Person, str], None]) -> None:
    path = ada.sign_publicly()
    assert f'href="{path}/open-badge.json"' in ada.client.get(path).text
    assert f'href="{path}/open-badge.svg"' in ada.client.get(path).text
    act(ada, path)
    for form in ("json", "svg"):
        answer = ada.client.get(f"{path}/open-badge.{form}")
        assert answer.status_code == 404
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Ada" not in answer.text
    if act is not let_its_last_day_pass:
        assert "open-badge" not in ada.client.get(path).text


def test_a_name_that_waits_for_review_has_no_badge(app: Flask) -> None:
    person = Person(app, name="Geoffrey Hinton")
    path = person.sign_publicly()
    assert person.client.get(f"{path}/open-badge.json").status_code == 404
    assert "open-badge" not in person.client.get(path).text


def test_there_is_no_badge_of_nobody(ada: Person) -> None:
    with ada.instance.database.reading() as session, pytest.raises(NotFoundError):
        find_facts(session, "0" * 32, today=ada.instance.clock().date())


def baked_in(svg: bytes) -> str:
    """Give what a reader of baked pictures finds (Open Badges 3.0, section 5.3.2)."""
    root = ET.fromstring(svg)  # noqa: S314  # our own
    (element,) = root.findall("{https://purl.imsglobal.org/ob/v3p0}credential")
    assert element.text
    return element.text


def test_a_picture_carries_the_badge_and_is_the_picture(ada: Person) -> None:
    path = ada.sign_publicly()
    picture = ada.client.get(f"{path}/open-badge.svg").data
    assert baked_in(picture).encode() == ada.client.get(f"{path}/open-badge.json").data
    assert verify(ada.instance, json.loads(baked_in(picture))) == GOOD
    root, plain = (
        ET.fromstring(svg)  # noqa: S314  # our own
        for svg in (picture, ada.client.get(f"/badge/signatory/{path[-32:]}.svg").data)
    )
    root.remove(root.findall("{https://purl.imsglobal.org/ob/v3p0}credential")[0])
    assert ET.tostring(root) == ET.tostring(plain)

"""What pages still offer for a signing, and the page that says what was done."""

import pytest
from flask import Flask
from sqlalchemy import select

from pledge.log.models import Entry
from tests.site_kit import Clock, Person, csrf_token, link_in, newest_mail, read_json

pytestmark = pytest.mark.sqlite_only


def offered_by_key(person: Person, path: str) -> set[str]:
    """What the page for the key offers, in the words of its script; empty where nothing is left."""
    page = person.client.get(f"{path}/change").text
    if "Nothing is left to change" in page:
        return set()
    drafts = read_json(page, "drafts")
    single = {"renew": drafts["renewal"], "erase": drafts["erasure"]}
    found = {name for name, draft in single.items() if draft} | {
        reason for reason, draft in drafts["withdrawals"].items() if draft
    }
    values = {"erase": "erase:own", "renew": "renew:own"}
    for name in ("renew", "own", "left-lab", "changed-mind", "erase"):
        value = values.get(name, f"withdraw:{name}")
        assert (f'value="{value}"' in page) == (name in found), name
    return found


def offered_by_mail(person: Person) -> set[str]:
    token = csrf_token(person.client.get("/change").text)
    person.client.post("/change", data={"csrf_token": token, "address": person.address})
    page = person.client.get(link_in(newest_mail(person.instance))).text
    names = ("renew", "withdraw", "own", "left-lab", "changed-mind", "erase")
    return {name for name in names if f'value="{name}"' in page}


def test_what_makes_no_sense_is_not_offered(ada: Person, app: Flask) -> None:
    path = ada.sign_publicly()
    withdrawals = {"own", "left-lab", "changed-mind"}
    assert offered_by_key(ada, path) == withdrawals | {"renew", "erase"}
    assert offered_by_mail(ada) == withdrawals | {"renew", "erase", "withdraw"}
    ada.change_by_mail("erase")
    assert offered_by_key(ada, path) == withdrawals | {"renew"}
    assert offered_by_mail(ada) == withdrawals | {"renew", "withdraw"}
    ada.client.post(f"{path}/change", data=ada.change_fields(path, "withdraw"))
    assert offered_by_key(ada, path) == set()
    bob = Person(app, name="Bob", address="bob@example.org", lab="")
    path = bob.sign_publicly()
    assert offered_by_key(bob, path) == {"renew", "own", "changed-mind", "erase"}
    assert offered_by_mail(bob) == {"renew", "withdraw", "own", "changed-mind", "erase"}
    bob.change_by_mail("withdraw")
    assert offered_by_key(bob, path) == {"erase"}
    assert offered_by_mail(bob) == {"erase"}


@pytest.mark.parametrize(
    ("action", "reason", "said"),
    [
        ("renew", "own", ("<h1>Renewed</h1>", "28 November 2026", "28 November 2027")),
        ("withdraw", "left-lab", ("<h1>Withdrawn</h1>", "28 November 2026", "former signing at")),
        ("withdraw", "changed-mind", ("<h1>Withdrawn</h1>", "28 November 2026", "counts no longer")),
    ],
)
@pytest.mark.parametrize("by_mail", [False, True])
def test_a_change_is_confirmed_with_its_day_and_entry(
    ada: Person, clock: Clock, action: str, reason: str, said: tuple[str, ...], *, by_mail: bool
) -> None:
    path = ada.sign_publicly()
    clock.pass_days(5)
    if by_mail:
        where = ada.change_by_mail(action, reason)
    else:
        answer = ada.client.post(f"{path}/change", data=ada.change_fields(path, action, reason))
        where = answer.headers["Location"]
    with ada.instance.database.reading() as session:
        last = session.scalars(select(Entry.index).order_by(Entry.index.desc())).first()
    assert where == f"{path}/changes/{last}"
    page = " ".join(ada.client.get(where).text.split())
    by_whom = "The notary, on the word of a mail" if by_mail else "The signatory’s own key"
    for words in (*said, f"{last} of <code>", by_whom):
        assert words in page, words
    assert ("The name still shows" in page) == (action == "withdraw")


def test_an_erasure_is_confirmed(ada: Person) -> None:
    path = ada.sign_publicly()
    assert ada.client.get(f"{path}/erased").status_code == 404
    assert ada.change_by_mail("erase") == f"{path}/erased"
    page = ada.client.get(f"{path}/erased").text
    assert "<h1>Erased</h1>" in page
    assert "and still counts" in page


def test_stopping_mails_is_confirmed_and_tells_of_nobody(ada: Person) -> None:
    ada.sign(news="y")
    assert ada.change_by_mail("quiet") == "/change/quiet"
    assert "<h1>No more mails</h1>" in ada.client.get("/change/quiet").text


def test_only_entries_about_a_signing_are_shown_as_its_changes(ada: Person, app: Flask) -> None:
    path = ada.sign_publicly()
    bob = Person(app, name="Bob", address="bob@example.org", lab="")
    other = bob.sign_publicly()
    bob.change_by_mail("renew")
    with ada.instance.database.reading() as session:
        size = len(session.scalars(select(Entry.index)).all())
    found = [
        index for index in range(size + 2) if ada.client.get(f"{path}/changes/{index}").status_code != 404
    ]
    assert found == []
    assert ada.client.get(f"{other}/changes/{size - 1}").status_code == 200

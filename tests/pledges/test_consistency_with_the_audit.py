"""The server never logs what an audit would refuse, and addresses it keeps go when they should."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.labs.service import set_lab
from pledge.log.notary import log_statement
from pledge.log.service import tree_size
from pledge.pledges.models import Contact
from tests.site_kit import Person, link_in, newest_mail

pytestmark = pytest.mark.sqlite_only


def drop_domains(ada: Person) -> None:
    """The operator finds that no domain of the lab is confirmed after all."""
    instance = ada.instance
    facts = {"slug": "mistral", "name": "Mistral AI", "website": "https://mistral.ai", "domains": []}

    def work(session: Session) -> None:
        statement = set_lab(session, facts, origin=instance.notary.origin, day=instance.clock().date())
        assert statement is not None
        log_statement(session, statement, notary=instance.notary, random_bytes=instance.random_bytes)

    instance.log.run(work)


def size(ada: Person) -> int:
    with ada.instance.database.reading() as session:
        return tree_size(session)


def test_a_domain_that_went_between_mail_and_signing_is_noticed(ada: Person) -> None:
    link = ada.ask()
    fields = ada.signed_fields(link)
    drop_domains(ada)
    before = size(ada)
    response = ada.client.post(link, data=fields)
    assert response.status_code == 409
    assert "Begin again" in response.text
    assert size(ada) == before


def contact(ada: Person) -> Contact | None:
    with ada.instance.database.reading() as session:
        return session.scalar(select(Contact))


def change_by_mail(ada: Person, action: str) -> None:
    page = ada.client.get("/change").text
    token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    ada.client.post("/change", data={"csrf_token": token, "address": ada.address})
    link = link_in(newest_mail(ada.instance))
    response = ada.client.post(link, data={"csrf_token": token, "action": action, "reason": "own"})
    assert response.status_code == 303, response.text


@pytest.mark.parametrize("action", ["withdraw", "erase"])
def test_who_withdraws_or_erases_leaves_no_address(ada: Person, action: str) -> None:
    ada.sign(reminder="y", news="y")
    assert contact(ada) is not None
    change_by_mail(ada, action)
    assert contact(ada) is None
